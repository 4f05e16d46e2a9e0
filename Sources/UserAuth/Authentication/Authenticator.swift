// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Turns the Authorization header of a request into a ``Principal``.
///
/// An immutable snapshot of issuers and API keys with a cache of the tokens it has verified. When the rules change, make a new
/// one: a new cache is part of the snapshot, so nothing that only old rules allowed is kept. Synchronous, without I/O.
package final class Authenticator: Sendable {
    private let verifier: TokenVerifier
    private let apiKeys: APIKeyTable
    private let cache: TokenCache

    /// - Parameters:
    ///   - issuers: of all tenants, and those that serve several.
    ///   - apiKeys: of all tenants.
    ///   - uses: where uses of API keys are noted.
    ///   - cacheCapacity: the most verified tokens to remember; 0 for none.
    package init(issuers: [TrustedIssuer], apiKeys: [APIKeyRecord], uses: APIKeyUses? = nil, cacheCapacity: Int = 10_000) {
        verifier = TokenVerifier(issuers: IssuerDirectory(issuers))
        self.apiKeys = APIKeyTable(apiKeys, uses: uses)
        cache = TokenCache(capacity: cacheCapacity)
    }

    /// Authenticates a request.
    /// - Parameters:
    ///   - values: the values of all Authorization headers of the request, as they came.
    ///   - now: the present instant.
    package func authenticate(authorization values: [String], at now: Date) throws(AuthenticationError) -> Principal {
        try authenticate(values, at: now.timeIntervalSince1970, with: cache)
    }

    /// Judges a credential as ``authenticate(authorization:at:)`` does, but for the cache, and tells how it went.
    package func judge(authorization values: [String], at now: Date) -> Judgement {
        Judgement(
            Result { () throws(AuthenticationError) in
                try authenticate(values, at: now.timeIntervalSince1970, with: nil)
            }
        )
    }

    /// What the cache of verified tokens holds and what it was good for.
    package var cacheStatistics: TokenCacheStatistics { cache.statistics }

    private func authenticate(
        _ values: [String],
        at now: Double,
        with cache: TokenCache?
    ) throws(AuthenticationError) -> Principal {
        guard var value = values.first else { throw .authorizationMissing }
        // Two servers on the way that pick different ones would see different users (CVE-2025-64527).
        guard values.count == 1 else { throw .authorizationRepeated }
        let result = value.withUTF8 { bytes in
            Result { () throws(AuthenticationError) in
                let credential = try BearerCredential.find(in: bytes)
                return BearerCredential.isAPIKey(credential)
                    ? try apiKeys.authenticate(credential, at: now)
                    : try authenticate(token: credential, at: now, with: cache)
            }
        }
        return try result.get()
    }

    private func authenticate(
        token: UnsafeRawBufferPointer,
        at now: Double,
        with cache: TokenCache?
    ) throws(AuthenticationError) -> Principal {
        guard let cache else { return try verifier.verify(Array(token), at: now).principal }
        let hash = TokenDigest(hashing: token)
        if let known = cache.token(hash, at: now) { return known.principal }
        let verified = try verifier.verify(Array(token), at: now)
        cache.keep(verified, hash, at: now)
        return verified.principal
    }
}

/// The credentials after `Bearer` in an Authorization header, not yet verified.
enum BearerCredential {
    /// The longest header value, in bytes.
    static let maximumLength = 8 * 1024

    /// Finds the credential in the header's value (RFC 6750 section 2.1; RFC 9110 section 11.4): the scheme without regard to
    /// case, spaces, the rest.
    static func find(in value: UnsafeBufferPointer<UInt8>) throws(AuthenticationError) -> UnsafeRawBufferPointer {
        guard value.count <= maximumLength else { throw .authorizationTooLong }
        let scheme = "bearer".utf8
        guard
            value.count > scheme.count,
            value.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 }),
            value[scheme.count] == UInt8(ascii: " ")
        else { throw .schemeNotBearer }
        let rest = value[scheme.count...].drop { $0 == UInt8(ascii: " ") }
        return UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest))
    }

    /// Whether a credential is meant as an API key.
    static func isAPIKey(_ credential: UnsafeRawBufferPointer) -> Bool {
        credential.starts(with: APIKey.prefix.utf8)
    }
}
