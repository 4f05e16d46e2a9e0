// SPDX-License-Identifier: Apache-2.0

private import Synchronization
private import WireFormats

/// A file that is still arriving: written to disk piece by piece, so that its size does not matter to memory.
///
/// Its methods block for as long as the disk does. The file disappears with the value unless `ObjectFolder` has taken it.
package final class UploadFile: Sendable {
    /// What a finished file amounts to.
    package struct Summary: Sendable, Equatable {
        /// In bytes.
        package let size: Int
        /// Lower-case hexadecimal, as in S3's ETag of an object that came in one piece.
        package let md5: String
        /// The 32 bytes.
        package let sha256: [UInt8]
    }

    private struct Progress: ~Copyable {
        var descriptor: Int32?
        var size = 0
        var md5 = RunningDigest(.md5)
        var sha256 = RunningDigest(.sha256)
    }

    let path: String
    private let progress: Mutex<Progress>

    /// Creates the file, which must not be there yet.
    init(path: String) throws(PosixFile.Failure) {
        self.path = path
        progress = Mutex(Progress(descriptor: try PosixFile.create(path)))
    }

    deinit {
        progress.withLock { progress in
            if let descriptor = progress.descriptor {
                try? PosixFile.close(descriptor)
            }
        }
        PosixFile.remove(path)
    }

    /// Writes the next piece.
    package func append(_ bytes: ArraySlice<UInt8>) throws {
        try progress.withLock { progress in
            guard let descriptor = progress.descriptor else { return }
            try PosixFile.write(bytes, to: descriptor)
            progress.size += bytes.count
            bytes.withUnsafeBytes { buffer in
                progress.md5.update(buffer)
                progress.sha256.update(buffer)
            }
        }
    }

    /// Closes the file and tells what it holds.
    package func finish() throws -> Summary {
        try progress.withLock { progress in
            if let descriptor = progress.descriptor {
                progress.descriptor = nil
                try PosixFile.close(descriptor)
            }
            return Summary(
                size: progress.size,
                md5: progress.md5.finish().hexadecimal,
                sha256: progress.sha256.finish()
            )
        }
    }
}
