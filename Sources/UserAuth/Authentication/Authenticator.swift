// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Turns the Authorization header of a request into a ``Principal``.
///
/// An immutable set of issuers and API keys, with a cache of verified tokens. Synchronous, without I/O.
package final class Authenticator: Sendable {
    private let verifier: TokenVerifier
    private let apiKeys: APIKeyTable
    /// Shared by all generations of the rules.
    private let cache: TokenCache
    private let generation: Int

    /// - Parameters:
    ///   - issuers: the issuers of all tenants, and those that serve several tenants.
    ///   - apiKeys: the API keys of all tenants.
    ///   - uses: records each successful use of an API key.
    ///   - generation: of the rules that declare them.
    ///   - previous: the authenticator of the generation before, whose token cache is used. Its tokens stay valid if their issuers
    ///     are among `issuers`.
    ///   - cacheCapacity: the largest number of verified tokens to cache if there is no `previous`; 0 for none.
    package init(
        issuers: [TrustedIssuer], apiKeys: [APIKeyRecord], uses: APIKeyUses? = nil, generation: Int = 1,
        after previous: Authenticator? = nil, cacheCapacity: Int = 10_000
    ) {
        verifier = TokenVerifier(issuers: IssuerDirectory(issuers))
        self.apiKeys = APIKeyTable(apiKeys, uses: uses)
        self.generation = generation
        cache = previous?.cache ?? TokenCache(capacity: cacheCapacity)
    }

    /// Authenticates a request.
    /// - Parameters:
    ///   - values: the values of all Authorization headers of the request, unchanged.
    ///   - now: the current time.
    package func authenticate(authorization values: [String], at now: Date) throws(AuthenticationError) -> Principal {
        try authenticate(values, at: now.timeIntervalSince1970, with: cache)
    }

    /// Authenticates as ``authenticate(authorization:at:)`` does, but without the cache, and reports each check.
    package func report(authorization values: [String], at now: Date) -> AuthenticationReport {
        AuthenticationReport(
            Result { () throws(AuthenticationError) in
                try authenticate(values, at: now.timeIntervalSince1970, with: nil)
            }
        )
    }

    /// Forgets when API keys were last used that are not among its keys. Other authenticators with the same record forget it too.
    package func forgetUsesOfUndeclaredKeys() {
        apiKeys.forgetUsesOfOthers()
    }

    /// The size and the hit rate of the token cache.
    package var cacheStatistics: TokenCacheStatistics { cache.statistics }

    private func authenticate(
        _ values: [String],
        at now: Double,
        with cache: TokenCache?
    ) throws(AuthenticationError) -> Principal {
        guard var value = values.first else { throw .authorizationMissing }
        // A proxy and this server could choose different ones, and so see different users (CVE-2025-64527).
        guard values.count == 1 else { throw .authorizationRepeated }
        let result = value.withUTF8 { bytes in
            Result { () throws(AuthenticationError) in
                let credential = try Self.credential(in: bytes)
                return credential.starts(with: APIKey.prefix.utf8)
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
        let digest = SHA256Digest(hashing: token)
        if let cached = cache.token(for: digest, at: now, in: generation) { return cached.principal }
        let verified = try verifier.verify(Array(token), at: now)
        cache.insert(verified, for: digest, at: now, in: generation)
        return verified.principal
    }

    /// The longest value of an Authorization header, in bytes.
    private static let maximumHeaderLength = 8 * 1024

    /// Returns what follows the scheme `Bearer`, which is compared without regard to case (RFC 6750 section 2.1, RFC 9110
    /// section 11.4).
    private static func credential(in value: UnsafeBufferPointer<UInt8>) throws(AuthenticationError) -> UnsafeRawBufferPointer {
        guard value.count <= maximumHeaderLength else { throw .authorizationTooLong }
        let scheme = "bearer".utf8
        guard
            value.count > scheme.count,
            value.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 }),
            value[scheme.count] == UInt8(ascii: " ")
        else { throw .schemeNotBearer }
        let rest = value[scheme.count...].drop { $0 == UInt8(ascii: " ") }
        return UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest))
    }
}
