// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An API key: `pstn.<tenant>.<id>.<secret>`, where the secret is 256 random bits in base64url.
///
/// Its descriptions leave out the secret.
package struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let tenant: String
    package let id: String
    /// The whole key with its secret. It is shown once, to its user, and never stored.
    package let key: String

    /// The SHA-256 of the whole key, which rule files have instead of the key.
    package var sha256: [UInt8] { DigestAlgorithm.sha256.hash(key.utf8) }
    /// ``sha256`` in lower-case hexadecimal, as in rule files.
    package var sha256Hex: String { sha256.hexadecimal }

    /// Generates a new key.
    /// - Parameters:
    ///   - tenant: the tenant's id, `[a-z0-9][a-z0-9-]{0,62}`.
    ///   - id: the key's id, of the same form.
    ///   - random: a cryptographically secure generator, such as `SystemRandomNumberGenerator`.
    /// - Returns: nil if one of the ids is not of that form.
    package static func generate(tenant: String, id: String, random: inout some RandomNumberGenerator) -> APIKey? {
        guard isID(tenant.utf8), isID(id.utf8) else { return nil }
        var secret: [UInt8] = []
        while secret.count < secretLength {
            withUnsafeBytes(of: random.next()) { secret.append(contentsOf: $0) }
        }
        let text = Base64URL.encode(secret.prefix(secretLength))
        return APIKey(tenant: tenant, id: id, key: "\(prefix)\(tenant).\(id).\(text)")
    }

    /// Parses a key; nil if it does not have the form above. The form is public, so this check need not take constant time.
    package init?(parsing bytes: some Collection<UInt8>) {
        guard bytes.starts(with: Self.prefix.utf8) else { return nil }
        let parts = bytes.dropFirst(Self.prefix.utf8.count)
            .split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard
            parts.count == 3,
            Self.isID(parts[0]),
            Self.isID(parts[1]),
            Base64URL.decode(Array(parts[2])[...])?.count == Self.secretLength
        else { return nil }
        self.init(
            tenant: String(decoding: parts[0], as: UTF8.self),
            id: String(decoding: parts[1], as: UTF8.self),
            key: String(decoding: bytes, as: UTF8.self)
        )
    }

    private init(tenant: String, id: String, key: String) {
        self.tenant = tenant
        self.id = id
        self.key = key
    }

    package var description: String { "\(Self.prefix)\(tenant).\(id).…" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["tenant": tenant, "id": id]) }

    /// The beginning of every API key. No token begins with it: decoded, it is not JSON.
    package static var prefix: String { "pstn." }

    /// The secret's length in bytes.
    private static let secretLength = 32

    /// Whether a text has the form of a tenant's or a key's id, `[a-z0-9][a-z0-9-]{0,62}`.
    private static func isID(_ text: some Collection<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(text.count) && text.first != hyphen
            && text.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == hyphen }
    }
}
