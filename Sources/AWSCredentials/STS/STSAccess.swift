// SPDX-License-Identifier: Apache-2.0

/// Which STS to ask, worked out anew in each round: the shared files may have changed.
struct STSAccess: Sendable {
    let context: ProviderContext
    /// The region of the store in question, for where nothing else names one.
    let fallbackRegion: String?

    func client(in round: CredentialRound) throws(CredentialError) -> STSClient {
        let endpoint = try STSEndpoint.resolve(context, profile: try round.settings(), fallback: fallbackRegion)
        return STSClient(endpoint: endpoint, context: context)
    }
}
