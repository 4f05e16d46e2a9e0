// SPDX-License-Identifier: Apache-2.0

private import WireFormats

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
