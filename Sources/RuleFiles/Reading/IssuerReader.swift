// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// Reads the entries of `issuers`, of a tenant's file or of the service's.
struct IssuerReader {
    /// Relative paths are resolved against it.
    let folder: String
    /// Service-wide issuers name the tenant in a claim; a tenant's own must not.
    let isServiceWide: Bool

    private static let sources = ["jwks", "jwksFile", "pemFile", "secretFile", "discovery"]
    /// A year: what is longer is no session but a password.
    private static let longestLifetime = 366 * 86_400

    /// What a list of issuers came to.
    struct Reading {
        /// Every issuer that is named, also where the rest of it is wrong: for checks across files.
        var names: [Located<String>] = []
        /// Those that are whole.
        var issuers: [Issuer] = []
    }

    func read(_ section: Section) -> Reading {
        var reading = Reading()
        guard let entry = section["issuers"] else { return reading }
        guard case .list(let nodes) = entry.value.content, !nodes.isEmpty else {
            if case .reported = entry.value.content { return reading }
            section.log.problem(at: entry.keyPosition, "issuers is not a list of issuers", "write “- issuer: https://…” under it")
            return reading
        }
        for node in nodes {
            readIssuer(node, log: section.log, into: &reading)
        }
        return reading
    }

    private func readIssuer(_ node: YAMLNode, log: ProblemLog, into reading: inout Reading) {
        let known = ["issuer", "audience", "algorithms", "keys", "user", "maxLifetime"] + (isServiceWide ? ["tenantClaim"] : [])
        let hints = [
            "tenantClaim": ValueError(
                "tenantClaim is only for service-wide issuers: this issuer's users all belong to this tenant",
                "remove it, or move the issuer to the service's configuration"
            )
        ]
        guard let section = Section(node, title: "an issuer", at: node.position, keys: known, hints: hints, log: log) else {
            return
        }
        let issuer = section.required("issuer", "write the exact “iss” of its tokens") { text throws(ValueError) in
            try PlainText.parse(text, what: "issuer", atMost: 512)
        }
        if let issuer { note(issuer, log: log, in: &reading) }
        let audience = section.list("audience", allowsSingle: true) { text throws(ValueError) in
            try PlainText.parse(text, what: "audience")
        }
        if section["audience"] == nil {
            section.missing("audience", "write the “aud” of tokens meant for uploads, else tokens for other services count too")
        }
        let algorithms = section.list("algorithms") { text throws(ValueError) in
            try Choice.parse(text, of: Algorithm.names, what: "a signature algorithm")
        }?.compactMap { name in Algorithm(named: name.value).map { Located(value: $0, position: name.position) } }
        if section["algorithms"] == nil {
            section.missing("algorithms", "write those the issuer uses: [RS256]")
        }
        let keys = readKeys(section)
        check(algorithms, against: keys?.source, of: section)
        if let keys, case .remote(.discovery) = keys.source.value, let issuer {
            checkDiscovery(issuer.value, at: keys.source.position, log: log)
        }
        let user = section.value("user") { text throws(ValueError) in try PlainText.parse(text, what: "user") }
        let lifetime = section.value("maxLifetime", Self.lifetime)
        var tenantClaim: Located<String>?
        if isServiceWide {
            tenantClaim = section.required("tenantClaim", "write the claim that names the tenant: tenantClaim: org") {
                text throws(ValueError) in try PlainText.parse(text, what: "tenantClaim")
            }
        }
        // Where something is missing, a problem has been logged, and nothing of the file is used.
        guard let issuer, let audience, let algorithms, let keys else { return }
        reading.issuers.append(
            Issuer(
                identifier: issuer.value,
                audiences: audience.map(\.value),
                algorithms: algorithms.map(\.value),
                keySource: keys.source.value,
                keyAuthorities: keys.authorities,
                userClaim: user?.value ?? "sub",
                tenantClaim: tenantClaim?.value,
                maximumLifetime: lifetime?.value ?? Issuer.defaultMaximumLifetime
            )
        )
    }

    private func note(_ issuer: Located<String>, log: ProblemLog, in reading: inout Reading) {
        if let first = reading.names.first(where: { $0.value.hasSameBytes(as: issuer.value) }) {
            log.problem(
                at: issuer.position,
                "the issuer \(issuer.value.quoted) is declared twice; the first is in line \(first.position.line)",
                "declare it once, with every algorithm and audience"
            )
        }
        reading.names.append(issuer)
    }

    private static func lifetime(_ text: String) throws(ValueError) -> Int {
        let seconds = try Quantity.duration.parse(text)
        guard (1...longestLifetime).contains(seconds) else {
            throw ValueError("\(text.quoted) is no lifetime of a token", "write 1s to 366d; the default is 24h")
        }
        return seconds
    }

    // MARK: Keys

    /// Where keys come from, and whom to trust on the way.
    private struct KeyReading {
        let source: Located<KeySource>
        let authorities: String?
    }

    private func readKeys(_ section: Section) -> KeyReading? {
        guard let entry = section["keys"] else {
            section.missing("keys", "write where its keys are: keys: {jwks: https://…}")
            return nil
        }
        guard let keys = section.section("keys", keys: Self.sources + ["caFile"]) else { return nil }
        let present = Self.sources.filter { keys[$0] != nil }
        // A key that is none has been reported as unknown.
        if present.isEmpty, !keys.all.isEmpty, keys["caFile"] == nil { return nil }
        guard present.count == 1, let source = present.first else {
            let names = Self.sources.joined(separator: ", ")
            let message =
                present.isEmpty ? "keys names no source" : "keys names several sources: \(present.joined(separator: ", "))"
            section.log.problem(at: entry.keyPosition, message, "write exactly one of \(names)")
            return nil
        }
        if let file = keys["caFile"], source != "jwks", source != "discovery" {
            section.log.problem(
                at: file.keyPosition,
                "caFile is for keys from the network, and \(source) is not",
                "remove it, or write jwks: https://…"
            )
        }
        let authorities = keys.value("caFile") { text throws(ValueError) in try FilePath.resolve(text, in: folder) }
        return keys.value(source) { text throws(ValueError) in try keySource(source, text) }
            .map { KeyReading(source: $0, authorities: authorities?.value) }
    }

    private func keySource(_ source: String, _ text: String) throws(ValueError) -> KeySource {
        switch source {
        case "jwks": return .remote(.jwks(url: try WebURL.parse(text)))
        case "jwksFile": return .jwksFile(try FilePath.resolve(text, in: folder))
        case "pemFile": return .pemFile(try FilePath.resolve(text, in: folder))
        case "secretFile": return .secretFile(try FilePath.resolve(text, in: folder))
        default:
            guard text == "true" else {
                throw ValueError("discovery is \(text.quoted)", "write discovery: true, or name another source")
            }
            return .remote(.discovery)
        }
    }

    /// A secret is for HS*, a public key for all others: an algorithm of the wrong kind would let a public key, which
    /// everyone knows, pass for the secret (CVE-2015-9235).
    private func check(_ algorithms: [Located<Algorithm>]?, against keys: Located<KeySource>?, of section: Section) {
        guard let algorithms, let first = algorithms.first else { return }
        let isSymmetric = first.value.isSymmetric
        if let other = algorithms.first(where: { $0.value.isSymmetric != isSymmetric }) {
            section.log.problem(
                at: other.position,
                "\(first.value.rawValue) and \(other.value.rawValue) cannot stand at one issuer",
                "keep the HS… algorithms, for a shared secret, or the others, for public keys"
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

    private func checkDiscovery(_ issuer: String, at position: YAMLPosition, log: ProblemLog) {
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
