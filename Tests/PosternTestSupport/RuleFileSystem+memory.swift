// SPDX-License-Identifier: Apache-2.0

package import RuleFiles

extension RuleFileSystem {
    /// Returns a file system with only these files: path to text.
    package static func memory(_ files: [String: String]) -> RuleFileSystem {
        memory(bytes: files.mapValues { Array($0.utf8) })
    }

    /// Returns a file system with only these files: path to bytes.
    package static func memory(bytes files: [String: [UInt8]]) -> RuleFileSystem {
        RuleFileSystem { folder throws(Failure) in
            let start = folder + "/"
            let names = files.keys.filter { $0.hasPrefix(start) }.map { $0.dropFirst(start.count) }
            if names.isEmpty { throw Failure(reason: "there is no such file or folder") }
            let folders = Set(names.filter { $0.contains("/") }.map { String($0.prefix { $0 != "/" }) })
            return names.filter { !$0.contains("/") && !$0.isEmpty }.map { Entry(name: String($0)) }
                + folders.map { Entry(name: $0, isFolder: true) }
        } read: { path, limit throws(Failure) in
            guard let bytes = files[path] else { throw Failure(reason: "there is no such file or folder") }
            return Array(bytes.prefix(limit))
        }
    }
}
