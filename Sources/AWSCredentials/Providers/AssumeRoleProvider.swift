// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP

/// A role that is assumed with the credentials of another provider.
struct AssumeRoleProvider: CredentialProvider {
    private let role: AssumedRole
    private let base: any CredentialProvider
    private let context: ProviderContext

    /// - Parameter base: the provider of the credentials that sign the request; it caches them
    init(_ role: AssumedRole, base: any CredentialProvider, context: ProviderContext) {
        self.role = role
        self.base = base
        self.context = context
    }

    var name: String { "role \(role.roleARN)" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        let caller = try await caller(in: search)
        let sts = try STSClient(context, fallbackRegion: role.region, in: search)
        let credentials = try await sts.assumeRole(role, signedBy: caller.credentials)
        return ProvidedCredentials(credentials: credentials, provider: "\(caller.provider), \(name)")
    }

    private func caller(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        do throws(CredentialError) {
            return try await base.credentials(in: search)
        } catch .notConfigured(let reason) {
            throw .unavailable("there are no credentials to assume \(name) with: \(base.name): \(reason)")
        }
    }
}

/// Caches the credentials with which a role is assumed.
struct CachingProvider: CredentialProvider {
    private let provider: any CredentialProvider
    private let clock: CredentialCache.Clock
    private let cache = CredentialCache(.credentials())

    init(_ provider: any CredentialProvider, clock: @escaping CredentialCache.Clock) {
        self.provider = provider
        self.clock = clock
    }

    var name: String { provider.name }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        try await cache.forRoles(clock) { [provider] () async throws(CredentialError) in
            try await provider.credentials(in: search)
        }
    }
}
