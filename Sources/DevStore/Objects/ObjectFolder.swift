// SPDX-License-Identifier: Apache-2.0

private import Synchronization
private import WireFormats

#if canImport(FoundationEssentials)
    private import FoundationEssentials
#else
    private import Foundation
#endif

/// The store's folder: `<folder>/<bucket>/<key>` are the objects, `<folder>/.postern` what belongs to them.
///
/// Its methods block for as long as the disk does. One process at a time may use a folder: files that were still arriving when
/// the last one ended are removed at the start.
package final class ObjectFolder: Sendable {
    private let path: String
    private let uploadsPath: String
    /// Held while names change, so that a reader never sees the bytes of one object with the record of another.
    private let names = Mutex<Void>(())

    /// - Parameters:
    ///   - path: made when it is not there.
    ///   - buckets: checked names, see `DevStoreConfiguration`.
    package init(path: String, buckets: [String]) throws {
        self.path = path
        uploadsPath = path + "/.postern/uploads"
        let manager = FileManager.default
        try? manager.removeItem(atPath: uploadsPath)
        try manager.createDirectory(atPath: uploadsPath, withIntermediateDirectories: true)
        for bucket in buckets {
            try manager.createDirectory(atPath: "\(path)/\(bucket)", withIntermediateDirectories: true)
            try manager.createDirectory(atPath: "\(path)/.postern/\(bucket)", withIntermediateDirectories: true)
        }
    }

    /// A new file to write an upload to.
    package func beginUpload() throws -> UploadFile {
        try UploadFile(path: "\(uploadsPath)/\(UUID().uuidString)")
    }

    /// Puts a finished upload in its place, in one step, over an object of the same key.
    package func commit(_ upload: UploadFile, as record: ObjectRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let encoded = try encoder.encode(record)
        try names.withLock { _ in
            let target = try makePlace(for: record.key, bucket: record.bucket)
            try encoded.write(to: URL(filePath: recordPath(bucket: record.bucket, key: record.key)), options: .atomic)
            try PosixFile.rename(upload.path, to: target)
        }
    }

    /// The object of that key, or nil.
    package func object(bucket: String, key: String) throws -> StoredObject? {
        try names.withLock { _ in try find(bucket: bucket, key: key) }
    }

    /// The object of that key with its file open for reading, or nil. The caller closes the file.
    func open(bucket: String, key: String) throws -> (record: ObjectRecord, descriptor: Int32, size: Int)? {
        try names.withLock { _ in
            guard let object = try find(bucket: bucket, key: key) else { return nil }
            let (descriptor, size) = try PosixFile.openForReading(object.path)
            return (object.record, descriptor, size)
        }
    }

    private func find(bucket: String, key: String) throws -> StoredObject? {
        guard let path = existingPath(for: key, bucket: bucket) else { return nil }
        guard let encoded = FileManager.default.contents(atPath: recordPath(bucket: bucket, key: key)) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return StoredObject(record: try decoder.decode(ObjectRecord.self, from: encoded), path: path)
    }

    /// Makes the folders above the object's file and answers the file's path.
    private func makePlace(for key: String, bucket: String) throws -> String {
        var folder = "\(path)/\(bucket)"
        let names = ObjectPath(key: key).names
        for name in names.dropLast() {
            folder += "/" + name
            if isFolder(folder) == false {
                try turnIntoFolder(folder)
            } else {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
        }
        return ownPath(in: folder, name: names.last)
    }

    private func existingPath(for key: String, bucket: String) -> String? {
        let names = ObjectPath(key: key).names
        let folder = (["\(path)/\(bucket)"] + names.dropLast()).joined(separator: "/")
        let path = ownPath(in: folder, name: names.last)
        return isFolder(path) == false ? path : nil
    }

    private func ownPath(in folder: String, name: String?) -> String {
        let path = folder + "/" + (name ?? "%")
        return isFolder(path) == true ? path + "/" + ObjectPath.nameInOwnFolder : path
    }

    /// A key that was only an object becomes a folder too: the object moves inside.
    private func turnIntoFolder(_ path: String) throws {
        let aside = "\(uploadsPath)/\(UUID().uuidString)"
        try PosixFile.rename(path, to: aside)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try PosixFile.rename(aside, to: path + "/" + ObjectPath.nameInOwnFolder)
    }

    /// True for a folder, false for a file, nil for nothing.
    private func isFolder(_ path: String) -> Bool? {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) ? isDirectory : nil
    }

    /// Named by a hash: flat, so that it cannot collide with a folder.
    private func recordPath(bucket: String, key: String) -> String {
        let hash = DigestAlgorithm.sha256.hash(key.utf8).hexadecimal
        return "\(path)/.postern/\(bucket)/\(hash).json"
    }
}

/// An object on disk.
package struct StoredObject: Sendable, Equatable {
    package let record: ObjectRecord
    /// The file that holds its bytes.
    package let path: String
}

/// The path of an object below its bucket's folder: file names that no key can turn into anything else.
///
/// - A key is cut at every `/`; each piece is one name, so an absolute key or a doubled slash is a name like any other.
/// - `A-Z a-z 0-9 - . _ ~` stay, every other byte is `%XX`, so `%` and NUL too: `%2e` in a key is the name `%252e`.
/// - The names `.` and `..` become `%2E` and `%2E%2E`; an empty piece is `%`.
/// - A name over 200 bytes is cut to 120, then `%~` and the SHA-256 of the piece, because file systems stop at 255.
/// - An object whose key is also a folder of another key (`a` beside `a/b`) lies in that folder as `%object`.
///
/// Two keys never share a name on a file system that tells small letters from capitals.
struct ObjectPath: Sendable, Equatable {
    /// The file's name in a folder of the same key.
    static let nameInOwnFolder = "%object"

    /// At least one name.
    let names: [String]

    init(key: String) {
        names = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Self.name)
    }

    private static func name(of piece: Substring.UTF8View) -> String {
        let encoded = PercentEncoding.component.encode(String(decoding: piece, as: UTF8.self))
        switch encoded {
        case "": return "%"
        case ".": return "%2E"
        case "..": return "%2E%2E"
        default:
            guard encoded.utf8.count > 200 else { return encoded }
            let beginning = String(decoding: encoded.utf8.prefix(120), as: UTF8.self)
            return beginning + "%~" + DigestAlgorithm.sha256.hash(piece).hexadecimal
        }
    }
}
