// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads the entries of `issuers`, of a tenant's file or of the service's.
struct IssuerReader: Sendable {
    /// The folder for relative paths.
    let folder: String
    /// The tenant whose file is read; nil for the service-wide file.
    let tenant: String?

    /// Service-wide issuers have a `tenantClaim`; those of a tenant must not.
    private var isServiceWide: Bool { tenant == nil }

    /// The keys of an issuer, in the order in which messages list them.
    static let keys = KeyTable(
        "issuer", rows, needs: needs + [.narrowed([.shape(["issuer"], .text(.plain(atMost: 512, except: "{}")))])])
    /// The keys of a service-wide issuer.
    static let serviceWideKeys = KeyTable(
        "serviceIssuer", rows + [tenantClaim.row], needs: needs + [.narrowed([.shape(["issuer"], .text(.issuerPattern))])])

    private static let rows = [
        issuer.row, audience.row, audienceClaim.row, authorizedParties.row, claims.row, algorithms.row, keySource.row, user.row,
        scopes.row, attributes.row, name.row, maxLifetime.row, clockSkew.row, until.row,
    ]
    private static let needs: [KeyTable.Need] = [
        .anyOf([audience.row.name, authorizedParties.row.name]), .beside(audienceClaim.row.name, audience.row.name),
    ]

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
        let known = (isServiceWide ? Self.serviceWideKeys : Self.keys).names
        let hints = [
            "tenantClaim": ValueError(
                "tenantClaim is only for service-wide issuers: this issuer's users all belong to this tenant",
                "remove it, or move the issuer to the service-wide file (--config)"
            )
        ]
        let count = log.problems.count
        guard let section = Section(node, title: "an issuer", at: node.position, keys: known, hints: hints, log: log) else {
            return nil
        }
        let pattern = Self.issuer.read(from: section, self)
        let name = Self.name.read(from: section, self)
        let audience = Self.audience.read(from: section, self)
        let audienceClaim = Self.audienceClaim.read(from: section, self)
        let parties = Self.authorizedParties.read(from: section, self)
        checkAudience(audience, audienceClaim, parties, of: section)
        let claims = Self.claims.read(from: section, self)
        let algorithms = Self.algorithms.read(from: section, self)
        let keys = Self.keySource.read(from: section, self)
        check(algorithms, against: keys?.source, of: section)
        let user = Self.user.read(from: section, self)
        let tenantClaim = isServiceWide ? Self.tenantClaim.read(from: section, self) : nil
        let scopes = Self.scopes.read(from: section, self)
        let attributes = Self.attributes.read(from: section, self)
        let lifetime = Self.maxLifetime.read(from: section, self)
        let skew = Self.clockSkew.read(from: section, self)
        let end = Self.until.read(from: section, self)
        guard let pattern else { return nil }
        checkKeys(keys?.source, of: pattern, log: log)
        check(user, of: pattern, log: log)
        warn(about: pattern, keys: keys?.source, log: log)
        warnOfEditable(user, tenantClaim, attributes, of: pattern.value, claims, log: log)
        var draft = IssuerDraft(position: pattern.position, pattern: pattern.value, name: name)
        // A problem has been logged for what is missing.
        guard log.problems.count == count, let algorithms, let keys else { return draft }

        var issuer = Issuer(pattern: pattern.value, algorithms: algorithms.map(\.value), keySource: keys.source.value)
        issuer.name = name?.value
        issuer.keyAuthorities = keys.authorities
        issuer.audienceClaim = audienceClaim?.value ?? issuer.audienceClaim
        issuer.audiences = audience?.map(\.value) ?? []
        issuer.authorizedParties = parties?.map(\.value) ?? []
        issuer.requiredClaims = claims
        issuer.maximumLifetime = lifetime?.value ?? issuer.maximumLifetime
        issuer.clockSkew = skew?.value ?? issuer.clockSkew
        issuer.end = end?.value.timeIntervalSince1970
        issuer.userClaim = user?.value ?? issuer.userClaim
        issuer.tenantClaim = tenantClaim?.value
        issuer.scopeClaims = scopes?.map(\.value) ?? issuer.scopeClaims
        issuer.attributes = attributes.map(\.value)
        draft.entry = IssuerEntry(issuer, file: log.file, tenant: tenant, position: pattern.position)
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

    /// Requires an issuer whose keys can be fetched by discovery, and keys from a fixed place for an issuer with a placeholder.
    private func checkKeys(_ keys: Located<KeySource>?, of pattern: Located<IssuerPattern>, log: DiagnosticLog) {
        guard let keys else { return }
        guard let template = pattern.value.template else {
            guard case .remote(.discovery) = keys.value else { return }
            do throws(ValueError) {
                _ = try WebURL.parse(pattern.value.text)
            } catch {
                log.problem(
                    at: keys.position,
                    "discovery needs an issuer that is an https URL: \(error.message)",
                    "name jwks, jwksFile or pemFile instead"
                )
            }
            return
        }
        switch keys.value {
        case .remote(.discovery):
            log.problem(
                at: keys.position,
                "with {\(template.claim)} in the issuer, discovery would fetch keys from an address that depends on a token",
                "write the one address of all keys: keys: {jwks: \"https://login.microsoftonline.com/common/discovery/v2.0/keys\"}"
            )
        case .secretFile:
            log.problem(
                at: keys.position,
                "one shared secret for every value of {\(template.claim)} would let its holder sign tokens of any directory",
                "write jwks, jwksFile or pemFile"
            )
        case .remote(.jwks), .jwksFile, .pemFile:
            break
        }
    }
}

extension IssuerReader {
    private static let issuer = Key<IssuerReader, Located<IssuerPattern>?>(
        "issuer",
        takes:
            "the exact `iss` of its tokens, 1 to 512 bytes. It is compared byte by byte: a `/` at the end counts. Service-wide "
            + "it may have a [placeholder](#many-directories-one-provider)",
        shape: .text(.plain(atMost: 512)),
        standard: .required,
        example: "https://id.acme.example"
    ) { section, key, reader in
        section.required(key, "write the exact “iss” of its tokens") { text throws(ValueError) in
            let text = try PlainText.parse(text, what: key, atMost: 512)
            guard text.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
                return IssuerPattern(exact: text)
            }
            guard reader.isServiceWide else {
                throw ValueError(
                    "\(text.quoted) has braces: a placeholder is only for service-wide issuers",
                    "write the exact “iss” of this tenant's tokens, or move the issuer to the service-wide file (--config)"
                )
            }
            return try IssuerPattern(parsing: text)
        }
    }

    private static let name = Key<IssuerReader, Located<String>?>(
        "name",
        takes: "name, by which rules, API keys and `serviceIssuers` refer to it, and which `{issuer}` becomes",
        shape: .text(.identifier),
        standard: "none",
        example: "staff"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Identifier.parse(text, what: "an issuer's name") }
    }

    private static let algorithms = Key<IssuerReader, [Located<Algorithm>]?>(
        "algorithms",
        takes: "list of \(Algorithm.names.filter { !$0.hasPrefix("HS") }.map { "`\($0)`" }.joined(separator: " ")) (the same as "
            + "`EdDSA`, by its newer name), or of `HS256` `HS384` `HS512`",
        shape: .list(of: .words(Algorithm.names)),
        standard: .required,
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
        shape: .mapping(KeySourceReader.keys),
        standard: .required,
        example: "{jwks: https://id.acme.example/jwks.json}"
    ) { section, key, reader in
        guard let entry = section[key] else {
            section.missing(key, "write where its keys are: keys: {jwks: https://…}")
            return nil
        }
        let known = KeySourceReader.keys.names
        guard let keys = section.section(key, keys: known) else { return nil }
        return KeySourceReader(folder: reader.folder).read(keys, of: entry)
    }

    /// In seconds. At most a year: a token that lives longer is a password.
    private static let lifetimes = 1...366 * 86_400

    private static let maxLifetime = Key<IssuerReader, Located<Int>?>(
        "maxLifetime",
        takes: "duration, 1s to 366d: the longest lifetime of a token, from `iat` to `exp`",
        shape: .text(.quantity(.duration, lifetimes)),
        standard: .value("24h"),
        example: "7d"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let seconds = try Quantity.duration.parse(text)
            guard lifetimes.contains(seconds) else {
                throw ValueError("\(text.quoted) is not a possible lifetime of a token", "write 1s to 366d; the default is 24h")
            }
            return seconds
        }
    }

    /// In seconds.
    private static let clockSkews = 0...300

    private static let clockSkew = Key<IssuerReader, Located<Int>?>(
        "clockSkew",
        takes: "duration, 0s to 5m: how much the issuer's clock may differ. `exp`, `nbf` and `iat` get this leeway",
        shape: .text(.quantity(.duration, clockSkews)),
        standard: .value("60s"),
        example: "2m"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let seconds = try Quantity.duration.parse(text)
            guard clockSkews.contains(seconds) else {
                throw ValueError("\(text.quoted) is too long for a clock skew", "write 0s to 5m; the default is 60s")
            }
            return seconds
        }
    }

    private static let until = Key<IssuerReader, Located<Date>?>(
        "until",
        takes: "date from which its tokens are refused, for a change to another entry",
        shape: .text(.date),
        standard: "no end",
        example: "2027-01-31T18:00:00Z"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Date(dayOrInstant: text) }
    }
}

/// An entry of `issuers` as far as it could be read: what checks across entries and files need is there even if the rest is wrong.
struct IssuerDraft: Sendable {
    /// The position of the value of `issuer`.
    let position: YAMLPosition
    let pattern: IssuerPattern
    let name: Located<String>?
    /// Nil if a problem was logged.
    fileprivate(set) var entry: IssuerEntry?

    /// Nil if a problem was logged.
    var issuer: Issuer? { entry?.issuer }
}

/// An entry of `issuers` that has no problem, and its place.
///
/// A class, because the checks across files refer to it.
final class IssuerEntry: Sendable {
    let issuer: Issuer
    /// The path of the file, as it was opened.
    let file: String
    /// The tenant whose file it is; nil for the service-wide file.
    let tenant: String?
    /// The position of the value of `issuer`.
    let position: YAMLPosition

    init(_ issuer: Issuer, file: String, tenant: String?, position: YAMLPosition) {
        self.issuer = issuer
        self.file = file
        self.tenant = tenant
        self.position = position
    }

    func problem(_ message: String, _ advice: String) -> Diagnostic {
        Diagnostic(file: file, at: position, message, advice)
    }
}
