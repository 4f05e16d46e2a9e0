// SPDX-License-Identifier: Apache-2.0

@testable import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One issuer of tenant acme with one ES256 key `k1`, and an authenticator that trusts it.
struct Scene: Sendable {
    let key: SigningKey
    let keys: IssuerKeys
    let issuer: TrustedIssuer
    let authenticator: Authenticator

    init(
        key: SigningKey = .es256(),
        issuer name: String = "https://id.example",
        tenant: TenantBinding = .fixed("acme"),
        userClaim: String = "sub",
        maximumLifetime: Int = Issuer.defaultMaximumLifetime,
        cacheCapacity: Int = 0,
        configure: (inout Issuer) -> Void = { _ in }
    ) throws {
        let set = try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [key.algorithm])
        self.init(
            key: key,
            keys: set,
            algorithms: [key.algorithm],
            issuer: name,
            tenant: tenant,
            userClaim: userClaim,
            maximumLifetime: maximumLifetime,
            cacheCapacity: cacheCapacity,
            configure: configure
        )
    }

    init(
        key: SigningKey,
        keys set: KeySet?,
        algorithms: [Algorithm],
        issuer name: String = "https://id.example",
        tenant: TenantBinding = .fixed("acme"),
        userClaim: String = "sub",
        maximumLifetime: Int = Issuer.defaultMaximumLifetime,
        cacheCapacity: Int = 0,
        configure: (inout Issuer) -> Void = { _ in }
    ) {
        self.key = key
        keys = IssuerKeys(set)
        issuer = TrustedIssuer(
            issuer: name,
            audiences: ["uploads"],
            algorithms: algorithms,
            keys: keys,
            userClaim: userClaim,
            tenant: tenant,
            maximumLifetime: maximumLifetime,
            configure: configure
        )
        authenticator = Authenticator(issuers: [issuer], apiKeys: [], cacheCapacity: cacheCapacity)
    }

    /// "accepted", or the reason of the refusal.
    func answer(_ claims: Claims, at offset: Double = 0) throws -> String {
        authenticator.answer(try key.token(claims), at: offset)
    }

    /// "accepted", or the reason of the refusal.
    func answer(_ token: String, at offset: Double = 0) -> String {
        authenticator.answer(token, at: offset)
    }
}

extension Authenticator {
    /// "accepted", or the reason of the refusal.
    /// - Parameter offset: seconds after ``Claims/now``.
    func answer(_ token: String, at offset: Double = 0) -> String {
        answer(values: ["Bearer \(token)"], at: offset)
    }

    /// "accepted", or the reason of the refusal.
    func answer(values: [String], at offset: Double = 0) -> String {
        do throws(AuthenticationError) {
            _ = try authenticate(authorization: values, at: .now(offset))
            return "accepted"
        } catch {
            return error.reason
        }
    }
}
