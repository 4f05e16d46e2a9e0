// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// Reads the entries of `issuers`, of a tenant's file or of the service's.
struct IssuerReader: Sendable {
    /// The folder for relative paths.
    let folder: String
    /// Service-wide issuers have a `tenantClaim`; those of a tenant must not.
    let isServiceWide: Bool

    /// The keys of an issuer, in the order in which messages list them.
    static let keys = [
        issuer.row, audience.row, algorithms.row, keySource.row, user.row, maxLifetime.row, name.row,
    ]
    /// The keys of a service-wide issuer.
    static let serviceWideKeys = keys + [tenantClaim.row]

    /// Returns the entries whose `issuer` could be read.
    func read(_ section: Section) -> [IssuerDraft] {
        guard let entry = section["issuers"] else { return [] }
        guard case .list(let nodes) = entry.value.content, !nodes.isEmpty else {
            if case .reported = entry.value.content { return [] }
            section.log.problem(at: entry.keyPosition, "issuers is not a list of issuers", "write “- issuer: https://…” under it")
            return []
        }
        return nodes.compactMap { readIssuer($0, log: section.log) }
    }

    private func readIssuer(_ node: YAMLNode, log: DiagnosticLog) -> IssuerDraft? {
        let known = (isServiceWide ? Self.serviceWideKeys : Self.keys).map(\.name)
        let hints = [
            "tenantClaim": ValueError(
                "tenantClaim is only for service-wide issuers: this issuer's users all belong to this tenant",
                "remove it, or move the issuer to the service-wide file (--config)"
            )
        ]
        guard let section = Section(node, title: "an issuer", at: node.position, keys: known, hints: hints, log: log) else {
            return nil
        }
        let count = log.problems.count
        let issuer = Self.issuer.read(from: section, self)
        let name = Self.name.read(from: section, self)
        let audience = Self.audience.read(from: section, self)
        let algorithms = Self.algorithms.read(from: section, self)
        let keys = Self.keySource.read(from: section, self)
        check(algorithms, against: keys?.source, of: section)
        if let keys, case .remote(.discovery) = keys.source.value, let issuer {
            checkDiscovery(issuer.value, at: keys.source.position, log: log)
        }
        let user = Self.user.read(from: section, self)
        let lifetime = Self.maxLifetime.read(from: section, self)
        let tenantClaim = isServiceWide ? Self.tenantClaim.read(from: section, self) : nil
        guard let issuer else { return nil }
        let pattern = IssuerPattern(exact: issuer.value)
        var draft = IssuerDraft(position: issuer.position, pattern: pattern, name: name)
        guard log.problems.count == count, let audience, let algorithms, let keys else { return draft }
        var declared = Issuer(pattern: pattern, algorithms: algorithms.map(\.value), keySource: keys.source.value)
        declared.name = name?.value
        declared.audiences = audience.map(\.value)
        declared.keyAuthorities = keys.authorities
        declared.userClaim = ClaimPath(user?.value ?? "sub")
        declared.tenantClaim = tenantClaim.map { ClaimPath($0.value) }
        declared.maximumLifetime = lifetime?.value ?? Issuer.defaultMaximumLifetime
        draft.issuer = declared
        return draft
    }

    /// Requires a secret for HS*, and public keys for all others: otherwise a public key, which everyone knows, could be used as the
    /// secret (CVE-2015-9235).
    private func check(_ algorithms: [Located<Algorithm>]?, against keys: Located<KeySource>?, of section: Section) {
        guard let algorithms, let first = algorithms.first else { return }
        let isSymmetric = first.value.isSymmetric
        if let other = algorithms.first(where: { $0.value.isSymmetric != isSymmetric }) {
            section.log.problem(
                at: other.position,
                "\(first.value.rawValue) and \(other.value.rawValue) cannot be used by the same issuer",
                "keep either the HS… algorithms (shared secret) or the others (public keys)"
            )
            return
        }
        guard let keys else { return }
        if case .secretFile = keys.value {
            guard !isSymmetric else { return }
            section.log.problem(
                at: keys.position,
                "\(first.value.rawValue) needs public keys, not a secret",
                "write jwks, jwksFile or pemFile, or algorithms: [HS256]"
            )
        } else if isSymmetric {
            section.log.problem(
                at: keys.position,
                "\(first.value.rawValue) needs a shared secret",
                "write secretFile (32 bytes or more), or an algorithm for public keys: [RS256]"
            )
        }
    }

    private func checkDiscovery(_ issuer: String, at position: YAMLPosition, log: DiagnosticLog) {
        do throws(ValueError) {
            _ = try WebURL.parse(issuer)
        } catch {
            log.problem(
                at: position,
                "discovery needs an issuer that is an https URL: \(error.message)",
                "name jwks, jwksFile or pemFile instead"
            )
        }
    }
}

extension IssuerReader {
    private static let issuer = Key<IssuerReader, Located<String>?>(
        "issuer",
        takes: "the exact `iss` of its tokens, 1 to 512 bytes. It is compared byte by byte: a `/` at the end counts",
        standard: "required",
        example: "https://id.acme.example"
    ) { section, key, _ in
        section.required(key, "write the exact “iss” of its tokens") { text throws(ValueError) in
            try PlainText.parse(text, what: key, atMost: 512)
        }
    }

    private static let name = Key<IssuerReader, Located<String>?>(
        "name",
        takes: "name, by which rules, API keys and `serviceIssuers` refer to it, and which `{issuer}` becomes",
        standard: "none",
        example: "staff"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Identifier.parse(text, what: "an issuer's name") }
    }

    private static let audience = Key<IssuerReader, [Located<String>]?>(
        "audience",
        takes: "text or a list of texts. A token's `aud` must contain one of them",
        standard: "required",
        example: "[uploads, uploads-staging]"
    ) { section, key, _ in
        let audience = section.list(key, allowsSingle: true) { text throws(ValueError) in try PlainText.parse(text, what: key) }
        if section[key] == nil {
            section.missing(
                key, "write the “aud” of the tokens that are meant for uploads, so that tokens for other services are refused")
        }
        return audience
    }

    private static let algorithms = Key<IssuerReader, [Located<Algorithm>]?>(
        "algorithms",
        takes: "list of \(Algorithm.names.filter { !$0.hasPrefix("HS") }.map { "`\($0)`" }.joined(separator: " ")) (the same as "
            + "`EdDSA`, by its newer name), or of `HS256` `HS384` `HS512`",
        standard: "required",
        example: "[RS256, ES256]"
    ) { section, key, _ in
        let algorithms = section.list(key) { text throws(ValueError) in
            try Choice.parse(text, of: Algorithm.names, what: "a signature algorithm")
        }
        if section[key] == nil { section.missing(key, "write the algorithms that the issuer signs with: [RS256]") }
        return algorithms?.compactMap { name in
            Algorithm(named: name.value).map { Located(value: $0, position: name.position) }
        }
    }

    private static let keySource = Key<IssuerReader, KeySourceReader.Reading?>(
        "keys",
        takes: "mapping: [`auth.issuers.keys`](#authissuerskeys)",
        standard: "required",
        example: "{jwks: https://id.acme.example/jwks.json}"
    ) { section, key, reader in
        guard let entry = section[key] else {
            section.missing(key, "write where its keys are: keys: {jwks: https://…}")
            return nil
        }
        let known = KeySourceReader.keys.map(\.name)
        guard let keys = section.section(key, keys: known) else { return nil }
        return KeySourceReader(folder: reader.folder).read(keys, of: entry)
    }

    private static let user = Key<IssuerReader, Located<String>?>(
        "user",
        takes: "the claim that names the user: a member at the top level of the token",
        standard: "`sub`",
        example: "sub"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try PlainText.parse(text, what: key) }
    }

    private static let maxLifetime = Key<IssuerReader, Located<Int>?>(
        "maxLifetime",
        takes: "duration, 1s to 366d: the longest lifetime of a token, from `iat` to `exp`",
        standard: "`24h`",
        example: "7d"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let seconds = try Quantity.duration.parse(text)
            // At most a year: a token that lives longer is a password.
            guard (1...366 * 86_400).contains(seconds) else {
                throw ValueError("\(text.quoted) is not a possible lifetime of a token", "write 1s to 366d; the default is 24h")
            }
            return seconds
        }
    }

    private static let tenantClaim = Key<IssuerReader, Located<String>?>(
        "tenantClaim",
        takes: "the claim that holds the tenant's id: a string at the top level of the token",
        standard: "required",
        example: "org"
    ) { section, key, _ in
        section.required(key, "write the claim that names the tenant: tenantClaim: org") { text throws(ValueError) in
            try PlainText.parse(text, what: key)
        }
    }
}

/// An entry of `issuers` as far as it could be read: what checks across entries and files need is there even if the rest is wrong.
struct IssuerDraft {
    /// The position of the value of `issuer`.
    let position: YAMLPosition
    let pattern: IssuerPattern
    let name: Located<String>?
    /// Nil if a problem was logged.
    var issuer: Issuer?
}

/// Reads an issuer's `keys`: where they come from, and which authorities to trust when they are fetched.
struct KeySourceReader: Sendable {
    struct Reading {
        let source: Located<KeySource>
        let authorities: String?
    }

    /// The folder for relative paths.
    let folder: String

    static let keys = sources.map(\.row) + [authorities.row]

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
        let isRemote = [Self.jwks.row, Self.discovery.row].contains(source.row)
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
        standard: "–",
        example: "https://id.acme.example/jwks.json"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in .remote(.jwks(url: try WebURL.parse(text))) }
    }

    private static let discovery = Key<KeySourceReader, Located<KeySource>?>(
        "discovery",
        takes: "`true`: the key set is found by OpenID Connect discovery, at `issuer` and `/.well-known/openid-configuration`. "
            + "`issuer` must be a URL then. Nothing is fetched from link-local addresses "
            + "(169.254.0.0/16, fe80::/10), nor from this machine unless `issuer` is on it",
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
        "jwksFile", takes: "path of a JSON Web Key Set", standard: "–", example: "keys/acme.json"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in .jwksFile(try FilePath.resolve(text, in: reader.folder)) }
    }

    private static let pemFile = Key<KeySourceReader, Located<KeySource>?>(
        "pemFile",
        takes: "path of one or several public keys or certificates in PEM. In a file of several, a line `kid: NAME` "
            + "before a block names its key",
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
        standard: "–",
        example: "keys/acme.secret"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in .secretFile(try FilePath.resolve(text, in: reader.folder)) }
    }

    private static let authorities = Key<KeySourceReader, Located<String>?>(
        "caFile",
        takes: "path of certificate authorities in PEM, which are trusted instead of the system's when the keys are fetched",
        standard: "the system's",
        example: "keys/private-ca.pem"
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in try FilePath.resolve(text, in: reader.folder) }
    }
}
