// SPDX-License-Identifier: Apache-2.0

/// Which STS to ask, worked out anew at each time: the shared files may have changed.
struct STSAccess: Sendable {
    let context: ProviderContext
    let files: SharedFiles
    /// The region of the store in question, for where nothing else names one.
    let fallbackRegion: String?

    func client() throws(CredentialProblem) -> STSClient {
        let endpoint = try STSEndpoint.resolve(context, profile: try files.settings(), fallback: fallbackRegion)
        return STSClient(endpoint: endpoint, context: context)
    }
}
