// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// `{path}`: the folders of the file's path on the client, which is `webkitRelativePath` in browsers: `site/css/` for
/// `site/css/a.png`.
///
/// Each is reduced as a file name: ``SafeFilename``. `\` counts as `/`, and one at the beginning does not count, since
/// `FileSystemEntry.fullPath` has it.
enum FolderPath {
    /// The most folders.
    static let limit = 8

    /// Appends the folders, each with a slash after it; nothing if the path is a name alone, or empty.
    /// - Throws: `.invalid` for too many folders, and for one that is empty, `.` or `..`
    static func append(_ path: String, as form: FilenameForm, to key: inout [UInt8]) throws(Refusal) {
        var folders = path.utf8.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        folders.removeLast()
        if let first = folders.first, first.isEmpty { folders.removeFirst() }
        guard folders.count <= limit else {
            throw .invalid("\"path\" has more than \(limit) folders; send at most \(limit).", about: .path)
        }
        for folder in folders {
            if folder.isEmpty || folder.elementsEqual(".".utf8) || folder.elementsEqual("..".utf8) {
                throw .invalid(
                    "\"path\" has an empty folder, \".\" or \"..\"; send the file's path as browsers give it: \"site/css/a.png\".",
                    about: .path)
            }
            SafeFilename.append(String(Substring(folder)), as: form, to: &key)
            key.append(UInt8(ascii: "/"))
        }
    }
}
