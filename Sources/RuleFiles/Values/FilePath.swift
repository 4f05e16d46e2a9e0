// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Paths in rule files are relative to the folder of the file that names them.
enum FilePath {
    /// Joins text only: `..` and symbolic links are left to the file system.
    static func resolve(_ path: String, in folder: String) throws(ValueError) -> String {
        let path = try PlainText.parse(path, what: "the path", atMost: 4096)
        if path.utf8.first == UInt8(ascii: "/") { return path }
        return join(folder, path)
    }

    static func join(_ folder: String, _ name: String) -> String {
        if folder.isEmpty || folder == "." { return name }
        return folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
    }

    /// Returns the folder of a path; empty for a name without folders.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Whether a path is that of something below a folder. Both have no symbolic links, `.` or `..`.
    static func isBelow(_ folder: String, _ path: String) -> Bool {
        let beginning = folder.utf8.last == UInt8(ascii: "/") ? folder : folder + "/"
        return path.utf8.starts(with: beginning.utf8)
    }
}
