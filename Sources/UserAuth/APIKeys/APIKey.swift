// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The text of an API key: `pstn.<tenant>.<id>.<secret>`, where the secret is 256 random bits in base64url.
///
/// Holds the key, so it does not print it.
package struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let tenant: String
    package let id: String
    /// The whole key: shown once, to its user, and stored nowhere.
    package let key: String

    /// SHA-256 of the whole key: what a rule file holds.
    package var sha256: [UInt8] { DigestAlgorithm.sha256.hash(key.utf8) }
    /// ``sha256`` in lower-case hexadecimal, as a rule file writes it.
    package var sha256Hex: String { sha256.hexadecimal }

    /// Makes a new key.
    /// - Parameters:
    ///   - tenant: the tenant's id, `[a-z0-9][a-z0-9-]{0,62}`.
    ///   - id: the key's id, `[a-z0-9][a-z0-9-]{0,62}`, as rule files take it.
    ///   - random: a generator that is fit for secrets, such as `SystemRandomNumberGenerator`.
    /// - Returns: nil where one of the ids is not of that form.
    package static func make(tenant: String, id: String, random: inout some RandomNumberGenerator) -> APIKey? {
        guard isName(tenant.utf8), isName(id.utf8) else { return nil }
        var secret: [UInt8] = []
        while secret.count < secretLength {
            withUnsafeBytes(of: random.next()) { secret.append(contentsOf: $0) }
        }
        let text = Base64URL.encode(secret.prefix(secretLength))
        return APIKey(tenant: tenant, id: id, key: "\(prefix)\(tenant).\(id).\(text)")
    }

    /// Reads a key; nil where it is not exactly of the form. The form is public: what it says about a key gives nothing away.
    package init?(parsing bytes: some Collection<UInt8>) {
        guard bytes.starts(with: Self.prefix.utf8) else { return nil }
        let parts = bytes.dropFirst(Self.prefix.utf8.count)
            .split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard
            parts.count == 3,
            Self.isName(parts[0]),
            Self.isName(parts[1]),
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

    /// What an API key begins with, and no token: a token's header would not be JSON.
    package static var prefix: String { "pstn." }

    /// The secret's length in bytes.
    private static let secretLength = 32

    /// `[a-z0-9][a-z0-9-]{0,62}`, what tenants and keys are named by.
    private static func isName(_ text: some Collection<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(text.count) && text.first != hyphen
            && text.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == hyphen }
    }
}
