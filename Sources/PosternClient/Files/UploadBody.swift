// SPDX-License-Identifier: Apache-2.0

/// The body of an upload: a file between two short texts, or the file alone. It is read in pieces, and is never
/// in memory as a whole.
public struct UploadBody: Sendable {
    let head: [UInt8]
    let file: SourceFile
    let tail: [UInt8]

    /// The value of `Content-Length`.
    public var byteCount: Int64 { Int64(head.count) + file.size + Int64(tail.count) }

    /// Returns how many bytes of the file are among the first bytes of the body.
    func fileBytes(among sent: Int64) -> Int64 { min(max(sent - Int64(head.count), 0), file.size) }

    /// Reads bytes at an offset: as many as the buffer has room for, or fewer at the end of the body.
    ///
    /// The end of the file is read only if the file is as it was: a store that lacks the last bytes stores nothing.
    /// - Throws: ``UploadError/Code/fileChanged`` or ``UploadError/Code/fileUnreadable``
    public func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(UploadError) -> Int {
        var count = 0
        while count < buffer.count, offset + Int64(count) < byteCount {
            count += try readPart(at: offset + Int64(count), into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
        }
        return count
    }

    private func readPart(at offset: Int64, into room: UnsafeMutableRawBufferPointer) throws(UploadError) -> Int {
        let afterHead = offset - Int64(head.count)
        let afterFile = afterHead - file.size
        if afterHead < 0 { return Self.copy(head[Int(offset)...], to: room) }
        if afterFile >= 0 { return Self.copy(tail[Int(afterFile)...], to: room) }
        let wanted = Int(min(Int64(room.count), -afterFile))
        guard try file.read(at: afterHead, into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted])) == wanted else {
            throw SourceFile.changed
        }
        if Int64(wanted) == -afterFile { try file.checkUnchanged() }
        return wanted
    }

    private static func copy(_ bytes: ArraySlice<UInt8>, to room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(bytes.count, room.count)
        room.copyBytes(from: bytes.prefix(count))
        return count
    }
}
