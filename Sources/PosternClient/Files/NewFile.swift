// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Darwin
#endif

/// A file that is made anew, readable by this user only, and written in pieces.
struct NewFile: ~Copyable {
    private let url: URL
    private let descriptor: CInt

    /// - Throws: ``UploadError/Code/fileUnreadable`` if there is a file, or none can be made
    init(_ url: URL) throws(UploadError) {
        self.url = url
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unwritable(url, errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Writes a whole file; nothing is left if that fails.
    static func create(_ bytes: [UInt8], to url: URL) throws(UploadError) {
        var failure: UploadError?
        let file = try NewFile(url)
        bytes.withUnsafeBytes { buffer in
            do throws(UploadError) { try file.append(buffer) } catch { failure = error }
        }
        guard let failure else { return }
        file.remove()
        throw failure
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(UploadError) {
        var count = 0
        while count < bytes.count {
            let result = write(descriptor, bytes.baseAddress?.advanced(by: count), bytes.count - count)
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw Self.unwritable(url, errno) }
            count += result
        }
    }

    func remove() {
        unlink(url.path)
    }

    private static func unwritable(_ url: URL, _ code: CInt) -> UploadError {
        let folder = url.deletingLastPathComponent().path
        let reason = code == ENOSPC || code == EDQUOT ? "there is no room left" : "system error \(code)"
        return UploadError(.fileUnreadable, "A temporary file cannot be written in \(folder): \(reason).", isRetryable: true)
    }
}
