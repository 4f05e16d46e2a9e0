// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

/// The largest number of entries in `claims`, `scopes` and `attributes`: each is looked up in every token.
private let maximumClaims = 16

// MARK: What the claims must say

extension IssuerReader {
    static let audience = Key<IssuerReader, [Located<String>]?>(
        "audience",
        takes: "text or a list of texts. A token's `aud` must contain one of them",
        shape: .oneOrList(of: .text(.plain())),
        standard: "required, or `authorizedParties`",
        example: "[uploads, uploads-staging]"
    ) { section, key, _ in
        section.list(key, allowsSingle: true) { text throws(ValueError) in try PlainText.parse(text, what: key) }
    }

    static let audienceClaim = Key<IssuerReader, Located<String>?>(
        "audienceClaim",
        takes: "the claim that must contain one of the values of `audience`",
        shape: .text(.plain()),
        standard: .value("aud"),
        example: "client_id"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try PlainText.parse(text, what: key) }
    }

    static let authorizedParties = Key<IssuerReader, [Located<String>]?>(
        "authorizedParties",
        takes: "text or a list of texts, one of which a token's `azp` must equal; beside `audience`, or instead of it. "
            + "`[]` is as if the key were absent",
        shape: .oneOrList(of: .text(.plain()), allowsEmpty: true),
        standard: "not checked",
        example: "[https://app.acme.example]"
    ) { section, key, _ in
        if case .list(let items)? = section[key]?.value.content, items.isEmpty { return nil }
        return section.list(key, allowsSingle: true) { text throws(ValueError) in try PlainText.parse(text, what: key) }
    }

    static let claims = Key<IssuerReader, [RequiredClaim]>(
        "claims",
        takes: "mapping of at most 16 claims to the value that each must have: a text, a number, `true` or `false`. "
            + "A value in quotes is a text",
        shape: .named(.plain(), .text(.plain()), atMost: maximumClaims),
        standard: "none",
        example: "{token_use: access}"
    ) { section, key, _ in
        var claims: [RequiredClaim] = []
        for entry in section.namedValues(key, atMost: maximumClaims, "write one under it: {token_use: access}") {
            do throws(ValueError) { _ = try PlainText.parse(entry.key, what: "the name of a claim") } catch {
                section.log.problem(at: entry.keyPosition, error)
            }
            let isPlain = entry.value.isPlain
            let value = section.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                try requirement(text, isPlain: isPlain)
            }
            if let value { claims.append(RequiredClaim(name: entry.key, value: value.value)) }
        }
        return claims
    }

    /// A token's claims are JSON, where `true` and `"true"` differ, so here a scalar is not only its text.
    static func requirement(_ text: String, isPlain: Bool) throws(ValueError) -> RequiredClaim.Value {
        guard isPlain, let json = try? JSONValue(parsing: Array(text.utf8)) else {
            return .string(ExactString(try PlainText.parse(text, what: "the value")))
        }
        switch json {
        case .bool(let flag):
            return .bool(flag)
        case .number(let number):
            // Below 2^53, unequal integers are unequal doubles.
            guard let double = number.double, abs(double) < 9_007_199_254_740_992 else {
                throw ValueError(
                    "\(text.quoted) is too large to be compared exactly",
                    "write a number up to 9007199254740991, or put it in quotes if the claim is a string"
                )
            }
            return .number(double)
        case .null, .string, .array, .object:
            return .string(ExactString(try PlainText.parse(text, what: "the value")))
        }
    }

    /// Requires the audience or the authorized party: otherwise every token of the issuer, for whichever service, would be accepted.
    func checkAudience(
        _ audience: [Located<String>]?, _ claim: Located<String>?, _ parties: [Located<String>]?, of section: Section
    ) {
        let hasAudience = section[Self.audience.row.name] != nil
        // A wrong value has been reported.
        let hasParties =
            switch section[Self.authorizedParties.row.name]?.value.content {
            case nil: false
            case .list(let items)?: !items.isEmpty
            default: true
            }
        if !hasAudience, !hasParties {
            section.log.problem(
                at: section.position,
                "an issuer has neither audience nor authorizedParties",
                "write audience, the “aud” of the tokens that are meant for uploads, or authorizedParties, the “azp” of the clients "
                    + "that may ask: there is no “any audience”"
            )
        }
        if let claim, !hasAudience {
            section.log.problem(
                at: claim.position,
                "audienceClaim has no effect without audience",
                "write audience, which \(claim.value.quoted) must contain"
            )
        }
        if let audience, claim == nil, parties == nil, let account = audience.first(where: { $0.value == "account" }) {
            section.log.warning(
                at: account.position,
                "in Keycloak, the tokens of every client of a realm have the audience “account”",
                "write authorizedParties: [CLIENT], or add an audience mapper for uploads in Keycloak"
            )
        }
    }
}

// MARK: Who the caller is

extension IssuerReader {
    static let user = Key<IssuerReader, Located<ClaimPath>?>(
        "user", takes: "[claim](#claims-inside-objects) that names the user", shape: .claim, standard: .value("sub"),
        example: "sub"
    ) { section, key, _ in
        section.claim(key)
    }

    static let tenantClaim = Key<IssuerReader, Located<ClaimPath>?>(
        "tenantClaim",
        takes: "[claim](#claims-inside-objects) that names the tenant: a string that is the tenant's id, or one of its `aliases`",
        shape: .claim,
        standard: .required,
        example: "org"
    ) { section, key, _ in
        if section[key] == nil { section.missing(key, "write the claim that names the tenant: tenantClaim: org") }
        return section.claim(key)
    }

    static let scopes = Key<IssuerReader, [Located<ClaimPath>]?>(
        "scopes",
        takes: "list of at most 16 [claims](#claims-inside-objects) that count as scopes",
        shape: .list(of: .claim, atMost: maximumClaims),
        standard: .value("[scope, scp]"),
        example: "[permissions, [realm_access, roles]]"
    ) { section, key, _ in
        let scopes = section.list(key) { section.claim(of: $0, key: key, at: $0.position) }
        if let entry = section[key], let scopes, scopes.count > maximumClaims {
            section.log.problem(
                at: entry.value.position, "scopes has \(scopes.count) entries", "keep at most \(maximumClaims)")
        }
        return scopes
    }

    static let attributes = Key<IssuerReader, [Located<Issuer.Attribute>]>(
        "attributes",
        takes:
            "mapping of at most 16 names to [claims](#claims-inside-objects): what `{claim.NAME}` means for this issuer. A name "
            + "is 1 to 63 of `a-z`, `0-9`, `-` and `_`, beginning with a letter or digit",
        shape: .named(.attributeName, .claim, atMost: maximumClaims),
        standard: "none",
        example: "{org: [app_metadata, org_id]}"
    ) { section, key, _ in
        var attributes: [Located<Issuer.Attribute>] = []
        for entry in section.namedValues(key, atMost: maximumClaims, "write one under it: {org: org_id}") {
            if !KeyTemplate.Placeholder.isAttributeName(entry.key) {
                section.log.problem(
                    at: entry.keyPosition,
                    "\(entry.key.quoted) is not the name of an attribute",
                    "write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit"
                )
            }
            if let claim = section.claim(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) {
                let attribute = Issuer.Attribute(name: entry.key, claim: claim.value)
                attributes.append(Located(value: attribute, position: claim.position))
            }
        }
        return attributes
    }
}

extension ValueShape {
    /// The name of a claim, or a path to one.
    fileprivate static let claim = either([.text(.plain()), .list(of: .text(.plain()), atMost: ClaimPath.maximumLength)])
}

extension Section {
    /// Reads an optional claim: the name of a member of the claims, or a list of names, from the outside to the inside.
    fileprivate func claim(_ key: String) -> Located<ClaimPath>? {
        self[key].flatMap { claim(of: $0.value, key: key, at: $0.keyPosition) }
    }

    /// - Parameter keyPosition: the position for a value that is missing
    fileprivate func claim(of node: YAMLNode, key: String, at keyPosition: YAMLPosition) -> Located<ClaimPath>? {
        guard case .list(let items) = node.content else {
            return value(of: node, key: key, at: keyPosition) { text throws(ValueError) in
                ClaimPath(try PlainText.parse(text, what: key))
            }
        }
        guard (1...ClaimPath.maximumLength).contains(items.count) else {
            log.problem(
                at: node.position,
                items.isEmpty ? "\(key) is an empty list" : "\(key) is a path of more than \(ClaimPath.maximumLength) names",
                "write a claim, or the names on the way to it: [app_metadata, user_id]"
            )
            return nil
        }
        let names = items.compactMap { item in
            value(of: item, key: key, at: item.position) { text throws(ValueError) in try PlainText.parse(text, what: key) }?
                .value
        }
        guard names.count == items.count else { return nil }
        return Located(value: ClaimPath(names[0], Array(names.dropFirst())), position: node.position)
    }

    /// Reads the entries of an optional mapping whose names the file chooses. An empty mapping, and one with too many entries, is a
    /// problem.
    fileprivate func namedValues(_ key: String, atMost limit: Int, _ advice: String) -> [YAMLEntry] {
        guard let entries = section(key, keys: nil) else { return [] }
        if entries.all.isEmpty { log.problem(at: entries.position, "\(key) is empty", "\(advice), or remove it") }
        if entries.all.count > limit {
            log.problem(at: entries.position, "\(key) has \(entries.all.count) entries", "keep at most \(limit)")
        }
        return entries.all
    }
}
