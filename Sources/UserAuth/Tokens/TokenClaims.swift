// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The claims of a token (RFC 7519 section 4). Reading them says nothing about who wrote them: only ``issuer`` may be used before
/// the signature is verified, to find the issuer, and ``audiences`` to tell two registrations at one issuer apart.
struct TokenClaims {
    private static let maximumAudiences = 64
    private static let maximumScopes = 128
    /// The longest name of a user, a tenant or a scope, in bytes of UTF-8.
    private static let maximumNameLength = 256

    private let members: JSONObject

    init(parsing bytes: [UInt8]) throws(AuthenticationError) {
        guard case .object(let members)? = try? JSONValue(parsing: bytes, maximumDepth: TokenHeader.maximumDepth) else {
            throw .claimsMalformed
        }
        self.members = members
    }

    /// `iss`
    func issuer() throws(AuthenticationError) -> String {
        guard case .string(let issuer)? = members["iss"] else { throw .issuerMissing }
        return issuer
    }

    /// `aud`: a string or an array of strings (section 4.1.3), never empty.
    func audiences() throws(AuthenticationError) -> [String] {
        switch members["aud"] {
        case nil: throw .audienceMissing
        case .string(let audience): return [audience]
        case .array(let values):
            guard !values.isEmpty else { throw .audienceMissing }
            guard let audiences = Self.strings(values, atMost: Self.maximumAudiences) else { throw .audienceMalformed }
            return audiences
        default: throw .audienceMalformed
        }
    }

    /// `exp`, which is required here.
    func expiration() throws(AuthenticationError) -> Double {
        guard let value = members["exp"] else { throw .expirationMissing }
        guard let seconds = NumericDate.read(value) else { throw .expirationMalformed }
        return seconds
    }

    /// `nbf`; nil where there is none.
    func notBefore() throws(AuthenticationError) -> Double? {
        guard let value = members["nbf"] else { return nil }
        guard let seconds = NumericDate.read(value) else { throw .notBeforeMalformed }
        return seconds
    }

    /// `iat`; nil where there is none.
    func issuedAt() throws(AuthenticationError) -> Double? {
        guard let value = members["iat"] else { return nil }
        guard let seconds = NumericDate.read(value) else { throw .issuedAtMalformed }
        return seconds
    }

    /// The user, under the name that the issuer gives the claim.
    func user(claim: String) throws(AuthenticationError) -> String {
        guard let value = members[claim] else { throw .userMissing }
        guard let name = Self.name(value) else { throw .userMalformed }
        return name
    }

    /// The tenant, under the name that the issuer gives the claim.
    func tenant(claim: String) throws(AuthenticationError) -> String {
        guard let value = members[claim] else { throw .tenantMissing }
        guard let name = Self.name(value) else { throw .tenantMalformed }
        return name
    }

    /// The scopes of `scope` (RFC 8693 section 4.2, RFC 9068 section 2.2.3) and `scp`, each a string with spaces or an array of
    /// strings: providers write both.
    func scopes() throws(AuthenticationError) -> [String] {
        var scopes: [String] = []
        for value in [members["scope"], members["scp"]] {
            let written: [String]
            switch value {
            case nil:
                continue
            case .string(let text):
                written = text.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            case .array(let values):
                guard let strings = Self.strings(values, atMost: Self.maximumScopes) else { throw .scopesMalformed }
                written = strings
            default:
                throw .scopesMalformed
            }
            for scope in written where !scopes.contains(where: { $0.hasSameBytes(as: scope) }) {
                guard (1...Self.maximumNameLength).contains(scope.utf8.count), scopes.count < Self.maximumScopes else {
                    throw .scopesMalformed
                }
                scopes.append(scope)
            }
        }
        return scopes
    }

    private static func strings(_ values: [JSONValue], atMost limit: Int) -> [String]? {
        guard values.count <= limit else { return nil }
        var strings: [String] = []
        for value in values {
            guard case .string(let string) = value else { return nil }
            strings.append(string)
        }
        return strings
    }

    private static func name(_ value: JSONValue) -> String? {
        guard case .string(let name) = value, (1...maximumNameLength).contains(name.utf8.count) else { return nil }
        return name
    }
}

/// Seconds since 1970 as a claim writes them (RFC 7519 section 2), fractions included.
enum NumericDate {
    /// How much the clocks of the issuer and of this machine may differ, in seconds (RFC 7519 section 4.1.4).
    static let skew = 60.0
    /// 2^53: every whole number up to here is exact as a double, and far from any overflow.
    private static let range = 0.0...9_007_199_254_740_992

    /// Reads a claim; nil where it is no number, or out of range.
    static func read(_ value: JSONValue) -> Double? {
        guard case .number(let number) = value, let seconds = number.double, range.contains(seconds) else { return nil }
        return seconds
    }
}

/// The times of a token, checked at one instant. In seconds since 1970.
struct TokenTimes {
    let expiration: Double
    /// The first instant at which the checks pass; it only matters where the clock jumps back.
    let validFrom: Double
    /// The first instant at which the token has ended.
    let validUntil: Double

    /// Checks `exp`, `nbf`, `iat` and the lifetime, each with the skew that clocks are allowed.
    init(_ claims: TokenClaims, _ issuer: Issuer, at now: Double) throws(AuthenticationError) {
        let skew = NumericDate.skew
        let expiration = try claims.expiration()
        guard now < expiration + skew else { throw .expired }
        let notBefore = try claims.notBefore()
        if let notBefore, now < notBefore - skew { throw .notYetValid }
        let issuedAt = try claims.issuedAt()
        if let issuedAt, now < issuedAt - skew { throw .issuedInFuture }
        let maximum = Double(issuer.maximumLifetime)
        // Where the issuer does not say when the token began, its whole rest must be within the bound.
        let earliest = issuedAt ?? expiration - maximum
        if issuedAt == nil {
            guard now >= earliest - skew else { throw .lifetimeTooLong }
        } else {
            guard expiration - earliest <= maximum else { throw .lifetimeTooLong }
        }
        self.expiration = expiration
        self.validFrom = max(earliest, notBefore ?? earliest) - skew
        self.validUntil = expiration + skew
    }
}
