// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The claims of a token as JSON texts, valid at ``now`` unless a test changes them.
struct Claims: Sendable {
    /// 2027-01-15T08:00:00Z
    static let now = 1_800_000_000

    private var members: [(name: String, json: String)] = [
        ("iss", "\"https://id.example\""),
        ("aud", "\"uploads\""),
        ("sub", "\"u1\""),
        ("iat", "\(now)"),
        ("exp", "\(now + 600)"),
    ]

    var json: String {
        "{" + members.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
    }

    /// The claims with one set to a JSON text.
    func with(_ name: String, _ json: String) -> Claims {
        var copy = without(name)
        copy.members.append((name, json))
        return copy
    }

    /// The claims without one.
    func without(_ name: String) -> Claims {
        var copy = self
        copy.members.removeAll { $0.name == name }
        return copy
    }
}

extension Date {
    /// An instant relative to ``Claims/now``.
    static func now(_ offset: Double = 0) -> Date {
        Date(timeIntervalSince1970: Double(Claims.now) + offset)
    }
}
