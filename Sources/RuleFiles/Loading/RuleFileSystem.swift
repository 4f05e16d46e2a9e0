// SPDX-License-Identifier: Apache-2.0

import LocalFiles

/// The two things that loading needs of a file system; tests give their own.
package struct RuleFileSystem: Sendable {
    /// One name in a folder.
    package struct Entry: Sendable, Hashable {
        package let name: String
        /// What the name leads to, symbolic links followed.
        package let isFolder: Bool

        package init(name: String, isFolder: Bool = false) {
            self.name = name
            self.isFolder = isFolder
        }
    }

    /// Why a file or folder could not be read, as a part of a sentence: `no such file`.
    package struct Failure: Error, Sendable, Hashable {
        package let reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }

    /// The names in a folder, in any order, without `.` and `..`.
    package let list: @Sendable (_ folder: String) throws(Failure) -> [Entry]
    /// A file's bytes, at most `limit` of them.
    package let read: @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]

    package init(
        list: @escaping @Sendable (_ folder: String) throws(Failure) -> [Entry],
        read: @escaping @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]
    ) {
        self.list = list
        self.read = read
    }

    /// The disk.
    package static let local = RuleFileSystem { folder throws(Failure) in
        do throws(FileReadError) {
            return try LocalFolder(folder).entries().map { Entry(name: $0.name, isFolder: $0.isFolder) }
        } catch {
            throw Failure(reason: error.description)
        }
    } read: { path, limit throws(Failure) in
        do throws(FileReadError) {
            return try LocalFile(path).prefix(limit)
        } catch {
            throw Failure(reason: error.description)
        }
    }
}
