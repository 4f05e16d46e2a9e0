// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

extension UploadBody {
    private static let chunk = 256 * 1024

    /// Writes the body to a new file that only this user can read, in pieces. Nothing is left if that fails.
    /// - Returns: the file's URL
    package func write(in folder: URL) throws(UploadError) -> URL {
        let url = folder.appendingPathComponent("\(Ticket.makeBoundary()).upload")
        let file = try NewFile(url)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { buffer.deallocate() }
        do throws(UploadError) {
            var position: Int64 = 0
            while position < byteCount {
                guard !Task.isCancelled else { throw .aborted }
                let count = try read(at: position, into: buffer)
                try file.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                position += Int64(count)
            }
            return url
        } catch {
            file.remove()
            throw error
        }
    }
}
