// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import WireFormats

/// The three actions of the AWS Security Token Service that Postern uses (API version 2011-06-15).
struct STSClient {
    let endpoint: STSEndpoint
    private let context: ProviderContext

    /// - Parameters:
    ///   - fallbackRegion: the region whose STS is used if the environment, the profile and the endpoint name none
    ///   - search: provides the settings of the profile in use
    init(_ context: ProviderContext, fallbackRegion: String?, in search: CredentialSearch) throws(CredentialError) {
        endpoint = try STSEndpoint.resolve(context, profile: try search.settings(), fallbackRegion: fallbackRegion)
        self.context = context
    }

    /// Returns credentials of a role, requested with the credentials of a caller that may assume it.
    func assumeRole(
        _ role: AssumedRole, signedBy credentials: SigningCredentials
    ) async throws(CredentialError) -> SigningCredentials {
        let request = try STSRequest(action: "AssumeRole", assuming: role, at: context.now())
        return try self.credentials(in: try await send(request, signedBy: credentials), to: request)
    }

    /// Returns credentials of a role, requested with a token of an identity provider that the role trusts. The request is not
    /// signed.
    func assumeRoleWithWebIdentity(_ role: AssumedRole, token: String) async throws(CredentialError) -> SigningCredentials {
        var request = try STSRequest(action: "AssumeRoleWithWebIdentity", assuming: role, at: context.now())
        request.add("WebIdentityToken", token)
        return try credentials(in: try await send(request, signedBy: nil), to: request)
    }

    /// Returns the identity that the credentials belong to; every identity may request it.
    func callerIdentity(signedBy credentials: SigningCredentials) async throws(CredentialError) -> CallerIdentity {
        let request = STSRequest(action: "GetCallerIdentity")
        let response = try await send(request, signedBy: credentials)
        let result = "GetCallerIdentityResponse/GetCallerIdentityResult"
        let fields = ["Account", "Arn", "UserId"].map { response["\(result)/\($0)"] ?? "" }
        guard fields.allSatisfy({ !$0.isEmpty && $0.isVisibleASCII && $0.utf8.count <= 2048 }) else {
            throw .unavailable("the response of \(source) to \(request.action) has no valid account, ARN or user id")
        }
        return CallerIdentity(account: fields[0], arn: fields[1], userID: fields[2])
    }

    private var source: String { "STS at \(endpoint.host)" }

    private func send(
        _ request: STSRequest, signedBy credentials: SigningCredentials?
    ) async throws(CredentialError) -> STSResponse {
        let headers = try request.headers(to: endpoint, signedBy: credentials, at: context.now())
        let response: OutgoingResponse
        do throws(OutgoingError) {
            response = try await context.send(
                OutgoingRequest(
                    .post, endpoint.url, headers: headers, body: request.body, timeout: .seconds(3), limit: STSResponse.limit,
                    authorities: endpoint.authorities, proxies: context.proxies))
        } catch .authorities(let path) {
            throw .configuration(
                "AWS_CA_BUNDLE, or ca_bundle of the AWS profile, names \(path), which cannot be read or has no certificates: name a "
                    + "PEM file of certificates")
        } catch {
            throw .unavailable("\(source) did not respond to \(request.action): \(error)")
        }
        let xml = STSResponse(response.body)
        guard response.status == 200 else {
            let error = STSError(xml, status: response.status)
            let message = error.message(action: request.action, host: endpoint.host)
            throw error.isOutage ? .unavailable(message) : .refused(message)
        }
        guard let xml else { throw .unavailable("the response of \(source) to \(request.action) is not valid XML of STS") }
        return xml
    }

    private func credentials(in response: STSResponse, to request: STSRequest) throws(CredentialError) -> SigningCredentials {
        let path = "\(request.action)Response/\(request.action)Result/Credentials"
        return try ReceivedCredentials(
            accessKeyID: response["\(path)/AccessKeyId"], secretAccessKey: response["\(path)/SecretAccessKey"],
            sessionToken: response["\(path)/SessionToken"], expiration: response["\(path)/Expiration"]
        ).validated(from: "the response of \(source)", tokenName: "SessionToken", isTemporary: true)
    }
}

/// The identity that credentials belong to (`GetCallerIdentity`). Contains no secret.
package struct CallerIdentity: Sendable, Hashable {
    package let account: String
    package let arn: String
    package let userID: String
}
