// SPDX-License-Identifier: Apache-2.0

private import Synchronization
private import WireFormats

#if canImport(FoundationEssentials)
    private import FoundationEssentials
#else
    private import Foundation
#endif

/// The store's folder: objects are in `<folder>/<bucket>/<key>`, their records in `<folder>/.postern`.
///
/// Its methods block. Only one process at a time may use a folder. Incomplete uploads of the previous process are removed when
/// the store is created.
package final class ObjectFolder: Sendable {
    let path: String
    private let uploadsPath: String
    /// Held while an object is replaced or looked up, so that a reader gets the bytes and the record of the same upload.
    private let lock = Mutex<Void>(())

    /// - Parameters:
    ///   - path: created if needed.
    ///   - buckets: names that `DevStoreConfiguration` has checked.
    package init(path: String, buckets: [String]) throws {
        self.path = path
        uploadsPath = path + "/.postern/uploads"
        let manager = FileManager.default
        try? manager.removeItem(atPath: uploadsPath)
        try manager.createDirectory(atPath: uploadsPath, withIntermediateDirectories: true)
        for bucket in buckets { try Self.makeBucket(bucket, in: path) }
    }

    /// Makes the folders of a bucket, if they are not there.
    /// - Parameters:
    ///   - bucket: a name that ``DevStoreConfiguration/isBucketName(_:)`` accepts
    ///   - path: the store's folder
    package static func makeBucket(_ bucket: String, in path: String) throws {
        for folder in ["\(path)/\(bucket)", "\(path)/.postern/\(bucket)"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }

    /// Creates a file for an upload.
    package func beginUpload(checksum: StoreChecksum? = nil) throws -> UploadFile {
        try UploadFile(path: "\(uploadsPath)/\(UUID().uuidString)", checksum: checksum)
    }

    /// Stores a finished upload atomically. Replaces any object with the same key.
    package func commit(_ upload: UploadFile, as record: ObjectRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let encoded = try encoder.encode(record)
        try lock.withLock { _ in
            let target = try makePath(for: record.key, bucket: record.bucket)
            try encoded.write(to: URL(filePath: recordPath(bucket: record.bucket, key: record.key)), options: .atomic)
            try PosixFile.rename(upload.path, to: target)
        }
    }

    /// Returns the object with the given key; nil if there is none.
    package func object(bucket: String, key: String) throws -> StoredObject? {
        try lock.withLock { _ in try find(bucket: bucket, key: key) }
    }

    /// Returns the object with the given key and its open file, which the caller must close; nil if there is no such object.
    func open(bucket: String, key: String) throws -> (record: ObjectRecord, descriptor: Int32, size: Int)? {
        try lock.withLock { _ in
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

    /// Creates the folders of an object's file and returns the file's path.
    private func makePath(for key: String, bucket: String) throws -> String {
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
        return filePath(in: folder, name: names.last)
    }

    private func existingPath(for key: String, bucket: String) -> String? {
        let names = ObjectPath(key: key).names
        let folder = (["\(path)/\(bucket)"] + names.dropLast()).joined(separator: "/")
        let path = filePath(in: folder, name: names.last)
        return isFolder(path) == false ? path : nil
    }

    private func filePath(in folder: String, name: String?) -> String {
        let path = folder + "/" + (name ?? "%")
        return isFolder(path) == true ? path + "/" + ObjectPath.nameInOwnFolder : path
    }

    /// Turns an object's file into a folder that contains it, because another key begins with this one and a slash.
    private func turnIntoFolder(_ path: String) throws {
        let temporary = "\(uploadsPath)/\(UUID().uuidString)"
        try PosixFile.rename(path, to: temporary)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try PosixFile.rename(temporary, to: path + "/" + ObjectPath.nameInOwnFolder)
    }

    /// Returns true for a folder, false for a file, and nil if neither exists.
    private func isFolder(_ path: String) -> Bool? {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) ? isDirectory : nil
    }

    /// The path of an object's record. A hash of the key cannot collide with a folder.
    private func recordPath(bucket: String, key: String) -> String {
        let hash = DigestAlgorithm.sha256.hash(key.utf8).hexadecimal
        return "\(path)/.postern/\(bucket)/\(hash).json"
    }
}

/// A stored object.
package struct StoredObject: Sendable, Equatable {
    package let record: ObjectRecord
    /// The path of the file with its bytes.
    package let path: String
}

/// The path of an object below its bucket's folder, as file names that are safe for every key.
///
/// - A key is split at each `/`, and each piece becomes one name, even if it is empty.
/// - All bytes except `A-Z a-z 0-9 - . _ ~` are escaped as `%XX`, so `%2e` in a key is the name `%252e`.
/// - The names `.` and `..` become `%2E` and `%2E%2E`; an empty piece is `%`.
/// - A name over 200 bytes is shortened to 120, `%~` and the SHA-256 of the piece, because file systems allow 255.
/// - An object whose key is also a folder (`a`, if `a/b` exists) is stored in that folder as `%object`.
///
/// On a case-sensitive file system, different keys have different paths.
struct ObjectPath: Sendable, Equatable {
    /// The file name of an object whose key is also a folder.
    static let nameInOwnFolder = "%object"

    /// Never empty.
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
