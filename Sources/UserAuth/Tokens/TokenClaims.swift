// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The claims of a token (RFC 7519 section 4), each read and checked when it is asked for.
///
/// Before the signature is verified, only ``issuer()`` may be used, to find the issuer, and what ``Issuer`` requires, to choose
/// between several declarations of one issuer.
struct TokenClaims {
    private static let maximumAudiences = 64
    private static let maximumScopes = 128
    /// The maximum length of a user, tenant or scope, in bytes of UTF-8.
    private static let maximumNameLength = 256

    private let members: JSONObject

    init(parsing bytes: [UInt8]) throws(AuthenticationError) {
        guard case .object(let members)? = try? JSONValue(parsing: bytes, maximumDepth: TokenHeader.maximumDepth) else {
            throw .claimsMalformed
        }
        self.members = members
    }

    /// Returns `iss`.
    func issuer() throws(AuthenticationError) -> String {
        guard case .string(let issuer)? = members["iss"] else { throw .issuerMissing }
        return issuer
    }

    /// The value of a claim, as it is in the token.
    subscript(name: String) -> JSONValue? { members[name] }

    /// The value of a claim inside others; nil if it is not there, or one of the names leads to anything but an object.
    subscript(path: ClaimPath) -> JSONValue? {
        var value = members[path.first]
        for name in path.rest {
            guard case .object(let object)? = value else { return nil }
            value = object[name]
        }
        return value
    }

    /// Returns the audiences, which are a string or an array of strings, as in `aud` (section 4.1.3). The result is not empty.
    /// - Parameter claim: the name that this issuer uses for the claim.
    func audiences(in claim: String) throws(AuthenticationError) -> [String] {
        switch members[claim] {
        case nil: throw .audienceMissing
        case .string(let audience): return [audience]
        case .array(let values):
            guard !values.isEmpty else { throw .audienceMissing }
            guard let audiences = Self.strings(values, atMost: Self.maximumAudiences) else { throw .audienceMalformed }
            return audiences
        default: throw .audienceMalformed
        }
    }

    /// Returns `azp`, the client that the token was issued to (OpenID Connect Core 1.0 section 2).
    func authorizedParty() throws(AuthenticationError) -> String {
        switch members["azp"] {
        case nil: throw .authorizedPartyMissing
        case .string(let party): return party
        default: throw .authorizedPartyMalformed
        }
    }

    /// Returns `exp`, which Postern requires, in seconds since 1970.
    func expiration() throws(AuthenticationError) -> Double {
        guard let value = members["exp"] else { throw .expirationMissing }
        guard let seconds = value.numericDate else { throw .expirationMalformed }
        return seconds
    }

    /// Returns `nbf` in seconds since 1970; nil if there is none.
    func notBefore() throws(AuthenticationError) -> Double? {
        guard let value = members["nbf"] else { return nil }
        guard let seconds = value.numericDate else { throw .notBeforeMalformed }
        return seconds
    }

    /// Returns `iat` in seconds since 1970; nil if there is none.
    func issuedAt() throws(AuthenticationError) -> Double? {
        guard let value = members["iat"] else { return nil }
        guard let seconds = value.numericDate else { throw .issuedAtMalformed }
        return seconds
    }

    /// Returns the user.
    /// - Parameter claim: the claim that names it at this issuer.
    func user(in claim: ClaimPath) throws(AuthenticationError) -> String {
        guard let value = self[claim] else { throw .userMissing }
        guard let name = Self.name(value) else { throw .userMalformed }
        return name
    }

    /// Returns the tenant.
    /// - Parameter claim: the claim that names it at this issuer.
    func tenant(in claim: ClaimPath) throws(AuthenticationError) -> String {
        guard let value = self[claim] else { throw .tenantMissing }
        guard let name = Self.name(value) else { throw .tenantMalformed }
        return name
    }

    /// Returns the value of an attribute; nil unless it is a string of 1 to 256 bytes.
    func attribute(in claim: ClaimPath) -> String? {
        self[claim].flatMap(Self.name)
    }

    /// Returns the scopes, without duplicates. Providers write them as a string with spaces or as an array of strings.
    /// - Parameter claims: the claims that list them at this issuer.
    func scopes(in claims: [ClaimPath]) throws(AuthenticationError) -> [String] {
        var scopes: [String] = []
        for claim in claims {
            let values: [String]
            switch self[claim] {
            case nil:
                continue
            case .string(let text):
                values = text.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            case .array(let elements):
                guard let strings = Self.strings(elements, atMost: Self.maximumScopes) else { throw .scopesMalformed }
                values = strings
            default:
                throw .scopesMalformed
            }
            for scope in values where !scopes.contains(where: { $0.hasSameBytes(as: scope) }) {
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

extension JSONValue {
    /// 2^53: a double represents every whole number up to it exactly.
    private static let numericDateRange = 0.0...9_007_199_254_740_992

    /// The value as a NumericDate (RFC 7519 section 2), in seconds since 1970; nil if it is not a number, or out of range.
    var numericDate: Double? {
        guard case .number(let number) = self, let seconds = number.double, Self.numericDateRange.contains(seconds) else {
            return nil
        }
        return seconds
    }
}

/// The times of a token, checked at one instant; all in seconds since 1970.
struct TokenTimes {
    let expiration: Double
    /// Nil if the token has no `iat`.
    let issuedAt: Double?
    /// The first instant at which the checks pass. It matters only when this machine's clock is set back.
    let validFrom: Double
    /// The first instant at which the token has expired.
    let validUntil: Double

    /// Checks the issuer's own end, `exp`, `nbf`, `iat` and the lifetime.
    init(_ claims: TokenClaims, _ trusted: TrustedIssuer, at now: Double) throws(AuthenticationError) {
        let skew = Double(trusted.issuer.clockSkew)
        if let end = trusted.issuer.end, now >= end { throw .issuerEnded }
        let expiration = try claims.expiration()
        guard now < expiration + skew else { throw .expired }
        let notBefore = try claims.notBefore()
        if let notBefore, now < notBefore - skew { throw .notYetValid }
        let issuedAt = try claims.issuedAt()
        if let issuedAt, now < issuedAt - skew { throw .issuedInFuture }
        let maximum = Double(trusted.issuer.maximumLifetime)
        // Without `iat`, the remaining lifetime must be within the limit.
        let earliest = issuedAt ?? expiration - maximum
        if issuedAt == nil {
            guard now >= earliest - skew else { throw .lifetimeTooLong }
        } else {
            guard expiration - earliest <= maximum else { throw .lifetimeTooLong }
        }
        self.expiration = expiration
        self.validFrom = max(earliest, notBefore ?? earliest) - skew
        self.validUntil = min(expiration + skew, trusted.issuer.end ?? .infinity)
        self.issuedAt = issuedAt
    }
}

/// The three parts of a JSON Web Signature in compact form (RFC 7515 section 7.1), decoded and not verified.
struct CompactJWS {
    /// The bytes that are signed: the first two parts as sent, with the dot between them.
    let signingInput: ArraySlice<UInt8>
    let header: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Splits and decodes a token.
    init(parsing token: [UInt8]) throws(AuthenticationError) {
        let dot = UInt8(ascii: ".")
        guard
            let first = token.firstIndex(of: dot),
            let second = token[(first + 1)...].firstIndex(of: dot),
            let header = Base64URL.decode(token[..<first]),
            let payload = Base64URL.decode(token[(first + 1)..<second]),
            // Decoding fails at a third dot.
            let signature = Base64URL.decode(token[(second + 1)...])
        else { throw Self.isEncrypted(token) ? .tokenEncrypted : .tokenMalformed }
        self.signingInput = token[..<second]
        self.header = header
        self.payload = payload
        self.signature = signature
    }

    /// Whether a token is encrypted: it has five parts, and `enc` in its header (RFC 7516 section 3.1).
    private static func isEncrypted(_ token: [UInt8]) -> Bool {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard
            parts.count == 5,
            let bytes = Base64URL.decode(parts[0]),
            case .object(let header)? = try? JSONValue(parsing: bytes, maximumDepth: TokenHeader.maximumDepth)
        else { return false }
        return header["enc"] != nil
    }
}

extension CompactJWS: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A token is a credential, so no part of it is printed.
    var description: String { "CompactJWS(…)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// The header of a token (RFC 7515 section 4.1). `jku`, `x5u`, `jwk` and `x5c` are ignored: only the issuer's own keys are used
/// (RFC 8725 section 3.10).
struct TokenHeader {
    /// The deepest nesting of a header, and of the claims.
    static let maximumDepth = 16

    let algorithm: Algorithm
    /// nil if the token names no key.
    let keyID: String?

    /// Reads a header and checks its members, in the order of ``AuthenticationCheck``.
    init(parsing bytes: [UInt8]) throws(AuthenticationError) {
        guard case .object(let header)? = try? JSONValue(parsing: bytes, maximumDepth: Self.maximumDepth) else {
            throw .headerMalformed
        }
        // `none` is not an Algorithm, in any spelling (RFC 8725 section 3.2).
        guard case .string(let name)? = header["alg"], let algorithm = Algorithm(named: name) else { throw .algorithmUnsupported }
        // RFC 7515 section 4.1.11: a critical extension must be understood, and none is supported. RFC 7797 section 6 requires
        // b64 to be critical; if it is not, it must not change what is signed, so it is refused too.
        guard header["crit"] == nil else { throw .criticalExtension }
        guard header["b64"] == nil else { throw .unencodedPayload }
        if let type = header["typ"] {
            guard case .string(let name) = type, Self.isAllowed(type: name) else { throw .typeNotAllowed }
        }
        switch header["kid"] {
        case nil: keyID = nil
        case .string(let id) where id.utf8.count <= JSONWebKey.maximumIDLength: keyID = id
        default: throw .keyIDMalformed
        }
        self.algorithm = algorithm
    }

    /// Whether `typ` is JWT or that of access tokens, `at+jwt` (RFC 9068 section 2.1). Media types are compared without regard to
    /// case, and the prefix `application/` is optional (RFC 7515 section 4.1.9).
    private static func isAllowed(type: String) -> Bool {
        var type = type.utf8.map(\.asciiLowercased)[...]
        let prefix = "application/".utf8
        if type.starts(with: prefix) { type = type.dropFirst(prefix.count) }
        return type.elementsEqual("jwt".utf8) || type.elementsEqual("at+jwt".utf8)
    }
}
