// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The contents of a credential, unverified, for an operator who looks for the cause of a refusal.
///
/// Contains registered header members and claims only, each as short printable ASCII. Never contains a signature or a secret.
package struct UnverifiedClaims: Sendable {
    /// Names and values, in the order of the checks.
    package let facts: [(name: String, value: String)]

    /// The token's `iss`, unchanged; nil if there is none.
    package let issuer: String?

    /// The number of parts between dots; nil for an API key.
    package let partCount: Int?
    /// The algorithm in the header; nil if there is none that Postern supports.
    private let algorithm: Algorithm?
    /// Nil if the credential is an API key, or its payload cannot be read.
    private let claims: TokenClaims?

    /// The longest value, in bytes.
    private static let maximumLength = 300

    /// - Parameters:
    ///   - credential: the token or API key, without the scheme.
    ///   - now: the current time; times are shown relative to it.
    ///   - issuers: the declared issuers; what those of the token's `iss` look at is among the facts.
    package init(_ credential: String, at now: Date, issuers: [Issuer] = []) {
        let bytes = Array(credential.utf8)
        if bytes.starts(with: APIKey.prefix.utf8) {
            facts = Self.facts(apiKey: bytes)
            issuer = nil
            partCount = nil
            algorithm = nil
            claims = nil
        } else {
            let jws = try? CompactJWS(parsing: bytes)
            let claims = jws.flatMap { try? TokenClaims(parsing: $0.payload) }
            let issuer = try? claims?.issuer()
            self.claims = claims
            self.issuer = issuer
            algorithm = jws.flatMap { try? TokenHeader(parsing: $0.header) }?.algorithm
            partCount = bytes.count { $0 == UInt8(ascii: ".") } + 1
            let registered = Self.facts(token: bytes, at: now)
            let further = Self.facts(claims, of: issuers.filter { $0.pattern.matches(issuer ?? "") }, at: now)
            // Keycloak's tokens have "typ" in the header and in the claims.
            let names = Set(registered.map(\.name))
            facts = registered + further.map { (names.contains($0.name) ? "claim \($0.name)" : $0.name, $0.value) }
        }
    }

    private static func facts(apiKey bytes: [UInt8]) -> [(name: String, value: String)] {
        guard let key = APIKey(parsing: bytes) else {
            return [("API key", "not of the form \(APIKey.prefix)TENANT.ID.SECRET")]
        }
        return [("API key", key.id), ("tenant", key.tenant)]
    }

    private static func facts(token bytes: [UInt8], at now: Date) -> [(name: String, value: String)] {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        var facts: [(name: String, value: String)] = [("token", "\(bytes.count) bytes in \(parts.count) parts")]
        // An encrypted token shows its header only.
        if parts.count == 5 { facts += members(["alg", "enc", "typ", "kid", "iss"], of: parts[0], at: now) }
        guard parts.count == 3 else { return facts }
        facts += members(["alg", "typ", "kid"], of: parts[0], at: now)
        facts += members(["iss", "aud", "azp", "client_id", "sub", "exp", "nbf", "iat"], of: parts[1], at: now)
        return facts
    }

    /// What these issuers look at besides the usual claims.
    private static func facts(_ claims: TokenClaims?, of issuers: [Issuer], at now: Date) -> [(name: String, value: String)] {
        guard let claims else { return [] }
        let shown = ["iss", "aud", "azp", "client_id", "sub", "exp", "nbf", "iat"].map { ClaimPath($0) }
        var paths: [ClaimPath] = []
        for issuer in issuers {
            let own =
                [ClaimPath(issuer.audienceClaim), issuer.userClaim] + [issuer.tenantClaim].compactMap(\.self) + issuer.scopeClaims
            let required = issuer.requiredClaims.map { ClaimPath($0.name) } + issuer.attributes.map(\.claim)
            for path in own + required where !paths.contains(path) && !shown.contains(path) { paths.append(path) }
        }
        return paths.compactMap { path in
            claims[path].map { (printable(path.names.joined(separator: ".")), text($0, isDate: false, now)) }
        }
    }

    // MARK: For advice

    /// The text of a claim; nil if the claim is missing or is not a string.
    package func text(of claim: ClaimPath) -> String? {
        guard case .string(let text)? = claims?[claim] else { return nil }
        return Self.printable(text)
    }

    /// Whether the token has a claim.
    package func has(_ claim: ClaimPath) -> Bool {
        claims?[claim] != nil
    }

    /// A claim's value with its JSON type: `the number 17`; nil if the claim is missing.
    package func typedValue(of claim: ClaimPath) -> String? {
        guard let value = claims?[claim] else { return nil }
        switch value {
        case .string(let text): return "the text \"\(Self.printable(text))\""
        case .number(let number): return "the number \(Self.printable(number.literal))"
        case .bool(let flag): return "the boolean \(flag)"
        case .null: return "null"
        case .array: return "a list"
        case .object: return "an object"
        }
    }

    /// Which requirement of an issuer the token does not meet; nil if it meets all. Its kind of algorithm is the first.
    package func failure(of issuer: Issuer) -> AuthenticationError? {
        guard let claims else { return .claimsMalformed }
        guard let algorithm, algorithm.isSymmetric == issuer.isSymmetric else { return .algorithmNotAllowed }
        do throws(AuthenticationError) {
            try issuer.checkRequirements(of: claims)
            return nil
        } catch {
            return error
        }
    }

    private static func members(_ names: [String], of part: ArraySlice<UInt8>, at now: Date) -> [(name: String, value: String)] {
        guard
            let bytes = Base64URL.decode(part),
            case .object(let object)? = try? JSONValue(parsing: bytes, maximumDepth: TokenHeader.maximumDepth)
        else { return [] }
        return names.compactMap { name in
            object[name].map { (name, text($0, isDate: ["exp", "nbf", "iat"].contains(name), now)) }
        }
    }

    private static func text(_ value: JSONValue, isDate: Bool, _ now: Date) -> String {
        switch value {
        case .string(let text): return printable(text)
        case .number(let number):
            guard isDate, let seconds = value.numericDate else { return printable(number.literal) }
            return "\(number.literal) (\(relativeTime(seconds - now.timeIntervalSince1970)))"
        case .bool(let flag): return flag ? "true" : "false"
        case .null: return "null"
        case .array(let values):
            return printable("[" + values.prefix(8).map { text($0, isDate: false, now) }.joined(separator: ", ") + "]")
        case .object: return "an object"
        }
    }

    private static func printable(_ text: String) -> String {
        text.printableASCII(maximumLength: maximumLength)
    }

    private static func relativeTime(_ seconds: Double) -> String {
        let magnitude = Int(min(abs(seconds), 1e12))
        let text =
            switch magnitude {
            case ..<120: "\(magnitude) s"
            case ..<7200: "\(magnitude / 60) min"
            case ..<172_800: "\(magnitude / 3600) h"
            default: "\(magnitude / 86_400) days"
            }
        return seconds < 0 ? "\(text) ago" : "in \(text)"
    }
}
