// SPDX-License-Identifier: Apache-2.0

import UploadRules

/// Turns key prefixes into the object part of resource names as IAM matches them: `*` is any text, slashes too.
enum ResourcePattern {
    /// `*` for each placeholder: `avatars/{user}/` becomes `avatars/*/*`.
    case exact
    /// Up to the first placeholder: `avatars/*`.
    case beginning

    /// The patterns of some prefixes, in byte order, without those that another one covers.
    func resources(_ prefixes: [KeyTemplate]) -> [String] {
        let patterns = Set(prefixes.map(pattern)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return patterns.filter { pattern in
            !patterns.contains { $0 != pattern && Self.covers($0, pattern) }
        }
    }

    private func pattern(_ prefix: KeyTemplate) -> String {
        let parts = prefix.parts
        switch self {
        case .beginning: return Self.escaped(prefix.leadingBytes) + "*"
        case .exact:
            return parts.map { part in
                switch part {
                case .literal(let bytes): Self.escaped(bytes)
                case .placeholder: "*"
                }
            }.joined() + "*"
        }
    }

    /// IAM's way to write the two wildcards as themselves (IAM User Guide, "Special characters" of policy variables).
    private static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "*": text += "${*}"
            case "?": text += "${?}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Whether all that one pattern matches is matched by another that is a beginning and nothing more.
    private static func covers(_ outer: String, _ inner: String) -> Bool {
        let beginning = outer.utf8.dropLast()
        return !beginning.contains(UInt8(ascii: "*")) && inner.utf8.starts(with: beginning)
    }
}
