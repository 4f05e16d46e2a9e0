// SPDX-License-Identifier: Apache-2.0

import PortableFormats

#if canImport(CryptoKit)
    import CryptoKit
#else
    import WireFormats
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A checksum of a file, which Postern signs and the store compares.
struct FileChecksum: Sendable, Hashable, Encodable {
    /// The algorithms that this library computes, the preferred ones first. Names are those of the interface.
    enum Algorithm: String, Sendable, CaseIterable, Encodable {
        case sha256, crc32c, crc64nvme, crc32, sha1, md5
    }

    let algorithm: Algorithm
    /// In Base64.
    let value: String

    private static let chunk = 256 * 1024

    /// Reads a whole file in pieces, and stops when the task is cancelled.
    /// - Throws: ``UploadError/Code/fileChanged`` if the file is not as it was when it was opened
    init(_ algorithm: Algorithm, of file: SourceFile) async throws(UploadError) {
        self.algorithm = algorithm
        var running = Running(algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { buffer.deallocate() }
        var position: Int64 = 0
        while position < file.size {
            guard !Task.isCancelled else { throw .aborted }
            let wanted = Int(min(Int64(buffer.count), file.size - position))
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            guard try file.read(at: position, into: piece) == wanted else { throw SourceFile.changed }
            running.update(UnsafeRawBufferPointer(piece))
            position += Int64(wanted)
            // Other tasks of the same thread go on.
            await Task.yield()
        }
        try file.checkUnchanged()
        value = Data(running.finish()).base64EncodedString()
    }

    /// A checksum of bytes that arrive in pieces.
    private struct Running: ~Copyable {
        private var check: CRC?
        #if canImport(CryptoKit)
            private var digest: (any HashFunction)?
        #else
            private var digest: IncrementalDigest?
        #endif

        init(_ algorithm: Algorithm) {
            switch algorithm {
            case .crc32c: check = CRC(.crc32c)
            case .crc64nvme: check = CRC(.crc64nvme)
            case .crc32: check = CRC(.crc32)
            #if canImport(CryptoKit)
                case .sha256: digest = SHA256()
                case .sha1: digest = Insecure.SHA1()
                case .md5: digest = Insecure.MD5()
            #else
                case .sha256: digest = IncrementalDigest(.sha256)
                case .sha1: digest = IncrementalDigest(.sha1)
                case .md5: digest = IncrementalDigest(.md5)
            #endif
            }
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            check?.update(bytes)
            #if canImport(CryptoKit)
                digest?.update(bufferPointer: bytes)
            #else
                digest?.update(bytes)
            #endif
        }

        /// The checksum's bytes. Call it once, after the last piece.
        mutating func finish() -> [UInt8] {
            #if canImport(CryptoKit)
                digest.map { Array($0.finalize()) } ?? check?.bytes ?? []
            #else
                digest?.finish() ?? check?.bytes ?? []
            #endif
        }
    }
}
