// SPDX-License-Identifier: Apache-2.0

import LocalFiles

/// The access to files that loading needs. Tests have one in memory.
package struct RuleFileSystem: Sendable {
    /// One name in a folder.
    package struct Entry: Sendable, Hashable {
        package let name: String
        /// Whether the name, or the target of a symbolic link, is a folder.
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

    /// Lists a folder, in any order, without `.` and `..`.
    package let list: @Sendable (_ folder: String) throws(Failure) -> [Entry]
    /// Reads at most `limit` bytes of a file.
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

extension RuleFileSystem {
    /// Reads a file as strict YAML and logs what is wrong with it.
    /// - Returns: the bytes, and the root if anything of it can be checked; nil if the file cannot be read
    func readYAML(_ path: String, log: DiagnosticLog) -> (bytes: [UInt8], root: YAMLNode?)? {
        let bytes: [UInt8]
        do throws(Failure) {
            // One more than is allowed shows that there are too many.
            bytes = try read(path, YAMLLimits.bytes + 1)
        } catch {
            log.problem("the file cannot be read: \(error.reason)", "check its path and permissions")
            return nil
        }
        let (root, findings) = YAMLReader.read(bytes)
        for finding in findings {
            log.problem(at: finding.position, finding.message, finding.advice)
        }
        return (bytes, root)
    }
}
