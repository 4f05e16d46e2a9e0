// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
package import PostPolicy
import WireFormats

/// The three actions of the AWS Security Token Service that Postern needs (API version 2011-06-15).
package struct STSClient: Sendable {
    package let endpoint: STSEndpoint
    private let context: ProviderContext

    package init(endpoint: STSEndpoint, context: ProviderContext) {
        self.endpoint = endpoint
        self.context = context
    }

    /// Credentials of a role, by those of who may assume it.
    package func assumeRole(
        _ request: AssumeRoleRequest, signedBy credentials: SigningCredentials
    ) async throws(CredentialError) -> SigningCredentials {
        let form = try request.form(action: "AssumeRole", at: context.now())
        return try Self.credentials(try await send(form, signedBy: credentials), of: form.action, source)
    }

    /// Credentials of a role, by a token of an identity provider that the role trusts; the request has no signature.
    package func assumeRoleWithWebIdentity(
        _ request: AssumeRoleRequest, token: String
    ) async throws(CredentialError) -> SigningCredentials {
        var form = try request.form(action: "AssumeRoleWithWebIdentity", at: context.now())
        form.add("WebIdentityToken", token)
        return try Self.credentials(try await send(form, signedBy: nil), of: form.action, source)
    }

    /// Whose the credentials are; allowed to everyone.
    package func callerIdentity(signedBy credentials: SigningCredentials) async throws(CredentialError) -> CallerIdentity {
        let form = STSForm(action: "GetCallerIdentity")
        let answer = try await send(form, signedBy: credentials)
        let result = "GetCallerIdentityResponse/GetCallerIdentityResult"
        let fields = ["Account", "Arn", "UserId"].map { answer["\(result)/\($0)"] ?? "" }
        guard fields.allSatisfy({ !$0.isEmpty && $0.isVisibleASCII && $0.utf8.count <= 2048 }) else {
            throw .unavailable("\(source) gave an answer to \(form.action) without account, ARN or user id")
        }
        return CallerIdentity(account: fields[0], arn: fields[1], userID: fields[2])
    }

    private var source: String { "STS at \(endpoint.host)" }

    private func send(_ form: STSForm, signedBy credentials: SigningCredentials?) async throws(CredentialError) -> XMLAnswer {
        let headers =
            if let credentials {
                try STSRequestSigner.headers(form, to: endpoint, signedBy: credentials, at: context.now())
            } else {
                [(name: "content-type", value: STSRequestSigner.contentType), (name: "host", value: endpoint.host)]
            }
        let answer: OutgoingResponse
        do throws(OutgoingError) {
            answer = try await context.send(
                OutgoingRequest(
                    .post, endpoint.url, headers: headers, body: form.body, timeout: .seconds(3), limit: 65_536,
                    authorities: endpoint.authorities))
        } catch .authorities(let path) {
            throw .configuration(
                "AWS_CA_BUNDLE, or ca_bundle of the AWS profile, names \(path), which cannot be read or holds no certificates")
        } catch {
            throw .unavailable("\(source) gave no answer to \(form.action): \(error)")
        }
        let xml = XMLAnswer(answer.body)
        guard answer.status == 200 else {
            let refusal = STSError(xml, status: answer.status)
            let sentence = refusal.sentence(form.action, host: endpoint.host)
            throw refusal.isOutage ? .unavailable(sentence) : .refused(sentence)
        }
        guard let xml else { throw .unavailable("\(source) gave an answer to \(form.action) that is not XML as STS writes it") }
        return xml
    }

    private static func credentials(
        _ answer: XMLAnswer, of action: String, _ source: String
    ) throws(CredentialError) -> SigningCredentials {
        let path = "\(action)Response/\(action)Result/Credentials"
        return try ReceivedCredentials(
            accessKeyID: answer["\(path)/AccessKeyId"], secretAccessKey: answer["\(path)/SecretAccessKey"],
            sessionToken: answer["\(path)/SessionToken"], expiration: answer["\(path)/Expiration"]
        ).checked(from: source, tokenName: "SessionToken", isTemporary: true)
    }
}
