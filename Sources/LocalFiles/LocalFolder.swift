// SPDX-License-Identifier: Apache-2.0

import SystemPackage

// System cannot list a folder.
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder on this machine.
package struct LocalFolder: Sendable {
    /// An entry of a folder.
    package struct Entry: Sendable, Hashable {
        package let name: String
        /// Whether it is a folder. Symbolic links are followed.
        package let isFolder: Bool
    }

    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Returns the entries of the folder in unspecified order, without `.` and `..`.
    package func entries() throws(FileReadError) -> [Entry] {
        guard let stream = opendir(path) else {
            let error = Errno(rawValue: errno)
            throw error == .notDirectory ? .notFolder : FileReadError(error)
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let type = Int32(entry.pointee.d_type)
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            entries.append(Entry(name: name, isFolder: isFolder(name, type)))
        }
        let code = errno
        guard code == 0 else { throw FileReadError(Errno(rawValue: code)) }
        return entries
    }

    /// - Parameter type: `d_type` of readdir(3). Unless it is unknown or a link, no stat(2) is needed, which makes a folder of
    ///   100,000 files fast to list.
    private func isFolder(_ name: String, _ type: Int32) -> Bool {
        if type == Int32(DT_REG) { return false }
        if type == Int32(DT_DIR) { return true }
        let entry = path + "/" + name
        return (try? Stat(entry))?.type == .directory
    }
}
