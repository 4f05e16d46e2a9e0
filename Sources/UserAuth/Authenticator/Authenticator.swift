// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Turns the Authorization header of a request into a ``Principal``.
///
/// An immutable snapshot of issuers and API keys with a cache of the tokens it has verified. When the rules change, make a new
/// one: a new cache is part of the snapshot, so nothing that old rules allowed lives on. Synchronous, and without any I/O.
package final class Authenticator: Sendable {
    private let verifier: TokenVerifier
    private let apiKeys: APIKeyRing
    private let cache: TokenCache

    /// - Parameters:
    ///   - issuers: of all tenants, and those that serve several.
    ///   - apiKeys: of all tenants.
    ///   - cacheCapacity: the most verified tokens to remember; 0 for none.
    package init(issuers: [Issuer], apiKeys: [APIKey], cacheCapacity: Int = 10_000) {
        verifier = TokenVerifier(issuers: IssuerDirectory(issuers))
        self.apiKeys = APIKeyRing(apiKeys)
        cache = TokenCache(capacity: cacheCapacity)
    }

    /// Finds out who asks.
    /// - Parameters:
    ///   - values: the values of all Authorization headers of the request, as they came.
    ///   - now: the present instant.
    package func authenticate(authorization values: [String], at now: Date) throws(AuthenticationFailure) -> Principal {
        guard var value = values.first else { throw .authorizationMissing }
        // Two servers on the way that pick different ones would see different users (CVE-2025-64527).
        guard values.count == 1 else { throw .authorizationRepeated }
        let seconds = now.timeIntervalSince1970
        let result = value.withUTF8 { bytes in
            Result { () throws(AuthenticationFailure) in try authenticate(bytes, at: seconds) }
        }
        return try result.get()
    }

    private func authenticate(
        _ value: UnsafeBufferPointer<UInt8>,
        at now: Double
    ) throws(AuthenticationFailure) -> Principal {
        let credential = try BearerCredential.find(in: value)
        if BearerCredential.isAPIKey(credential) {
            return try apiKeys.authenticate(credential, at: now)
        }
        let hash = SHA256Words(hashing: credential)
        if let known = cache.token(hash, at: now) { return known.principal }
        let verified = try verifier.verify(Array(credential), at: now)
        cache.keep(verified, hash, at: now)
        return verified.principal
    }

    /// How many verified tokens are remembered.
    package var cachedTokens: Int { cache.count }
}
