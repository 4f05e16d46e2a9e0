// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import WireFormats

/// A role that is assumed with the token of an identity provider that the role trusts, as on EKS ("IAM roles for service
/// accounts").
struct WebIdentityProvider: CredentialProvider {
    let role: AssumedRole
    /// The path of the token file. It is read for each request, since the platform renews the token.
    let tokenFile: String
    let context: ProviderContext

    /// The token lengths that STS accepts (`AssumeRoleWithWebIdentity`, `WebIdentityToken`).
    private static let lengths = 4...20_000

    var name: String { "web identity" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        let token = try readToken()
        let sts = try STSClient(context, fallbackRegion: role.region, in: search)
        let credentials = try await sts.assumeRoleWithWebIdentity(role, token: token)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }

    private func readToken() throws(CredentialError) -> String {
        let subject = "the web identity token file \(tokenFile)"
        var bytes: [UInt8]
        do throws(FileReadError) { bytes = try context.readFile(LocalFile(tokenFile)) } catch {
            throw .unavailable(
                "\(subject) cannot be read: \(error). Check AWS_WEB_IDENTITY_TOKEN_FILE and the pod's token volume")
        }
        // An editor's line break at the end is not part of the token.
        while let last = bytes.last, last == 0x0a || last == 0x0d || last == 0x20 { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .unavailable("\(subject) is empty: write the token into it") }
        guard bytes.allSatisfy(\.isVisibleASCII), Self.lengths.contains(bytes.count) else {
            throw .unavailable("\(subject) is not a token: it is too short, too long, or not one word of ASCII")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
