// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// Reads an issuer's `keys`: where they come from, and which authorities to trust when they are fetched.
struct KeySourceReader: Sendable {
    struct Reading {
        let source: Located<KeySource>
        let authorities: String?
    }

    /// The folder for relative paths.
    let folder: String

    static let keys = KeyTable(
        "keys", sources.map(\.row) + [authorities.row], needs: [.oneOf(sources.map(\.row.name))])

    private static let sources = [jwks, jwksFile, pemFile, secretFile, discovery]

    /// - Parameter entry: the key `keys` itself
    func read(_ keys: Section, of entry: YAMLEntry) -> Reading? {
        let present = Self.sources.filter { keys[$0.row.name] != nil }
        let file = keys[Self.authorities.row.name]
        // Only unknown keys: they have been reported.
        if present.isEmpty, !keys.all.isEmpty, file == nil { return nil }
        guard present.count == 1, let source = present.first else {
            let named = present.map(\.row.name).joined(separator: ", ")
            keys.log.problem(
                at: entry.keyPosition,
                present.isEmpty ? "keys names no source" : "keys names several sources: \(named)",
                "write exactly one of \(Self.sources.map(\.row.name).joined(separator: ", "))"
            )
            return nil
        }
        let isRemote = [Self.jwks.row.name, Self.discovery.row.name].contains(source.row.name)
        if let file, !isRemote {
            keys.log.problem(
                at: file.keyPosition,
                "caFile has no effect with \(source.row.name): it is only for keys from the network",
                "remove caFile, or fetch the keys with jwks or discovery"
            )
        }
        let authorities = Self.authorities.read(from: keys, self)
        return source.read(from: keys, self).map { Reading(source: $0, authorities: authorities?.value) }
    }

    private static let jwks = Key<KeySourceReader, Located<KeySource>?>(
        "jwks",
        takes: "URL of the issuer's JSON Web Key Set",
        shape: .text(.webURL()),
        standard: "–",
        example: "https://id.acme.example/jwks.json"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            guard !text.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
                throw ValueError(
                    "\(text.quoted) has braces, and keys are never fetched from an address that depends on a token",
                    "write the one address of all keys: https://login.microsoftonline.com/common/discovery/v2.0/keys"
                )
            }
            return .remote(.jwks(url: try WebURL.parse(text)))
        }
    }

    private static let discovery = Key<KeySourceReader, Located<KeySource>?>(
        "discovery",
        takes: "`true`: the key set is found by OpenID Connect discovery, at `issuer` and `/.well-known/openid-configuration`. "
            + "`issuer` must be a URL then. Nothing is fetched from link-local addresses "
            + "(169.254.0.0/16, fe80::/10), nor from this machine unless `issuer` is on it",
        shape: .words(["true"]),
        standard: "–",
        example: "true"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            guard text == "true" else {
                throw ValueError("discovery is \(text.quoted)", "write discovery: true, or name another source")
            }
            return .remote(.discovery)
        }
    }

    private static let jwksFile = Key<KeySourceReader, Located<KeySource>?>(
        "jwksFile", takes: "path of a JSON Web Key Set", shape: .text(.path), standard: "–", example: "keys/acme.json"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in .jwksFile(try FilePath.resolve(text, in: reader.folder)) }
    }

    private static let pemFile = Key<KeySourceReader, Located<KeySource>?>(
        "pemFile",
        takes: "path of one or several public keys or certificates in PEM. In a file of several, a line `kid: NAME` "
            + "before a block names its key",
        shape: .text(.path),
        standard: "–",
        example: "keys/acme.pem"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in .pemFile(try FilePath.resolve(text, in: reader.folder)) }
    }

    private static let secretFile = Key<KeySourceReader, Located<KeySource>?>(
        "secretFile",
        takes: "path of a shared secret for HS algorithms: 32 bytes or more (HS384: 48, HS512: 64). The bytes of "
            + "the file are the secret; one line end after printable text is ignored. It may also be a JSON Web Key Set of "
            + "`oct` keys, so that two secrets are valid during a rotation",
        shape: .text(.path),
        standard: "–",
        example: "keys/acme.secret"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in .secretFile(try FilePath.resolve(text, in: reader.folder)) }
    }

    private static let authorities = Key<KeySourceReader, Located<String>?>(
        "caFile",
        takes: "path of certificate authorities in PEM, which are trusted instead of the system's when the keys are fetched",
        shape: .text(.path),
        standard: "the system's",
        example: "keys/private-ca.pem"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in try FilePath.resolve(text, in: reader.folder) }
    }
}
