// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import WireFormats

/// The credentials of an ECS task, of a pod by EKS Pod Identity, or of whatever else speaks their protocol.
package struct ContainerCredentials: CredentialProvider {
    private let context: ProviderContext

    package init(context: ProviderContext) {
        self.context = context
    }

    package var name: String { "container" }
    package var absence: String { "neither \(ContainerEndpoint.relative) nor \(ContainerEndpoint.full) is set" }

    package func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        guard let endpoint = try ContainerEndpoint(context) else { return nil }
        let source = "the container credentials endpoint at \(endpoint.host)"
        var headers = [(name: "Accept", value: "application/json")]
        if let authorization = try ContainerAuthorization.value(context) {
            headers.append((name: "Authorization", value: authorization))
        }
        let answer: OutgoingResponse
        do throws(OutgoingError) {
            answer = try await context.send(
                OutgoingRequest(
                    .get, endpoint.url, headers: headers, timeout: .seconds(2), limit: 65_536, authorities: authorities(endpoint))
            )
        } catch .authorities(let path) {
            throw .configuration("AWS_CA_BUNDLE names \(path), which cannot be read or holds no certificates")
        } catch {
            throw .unavailable("\(source) gave no answer: \(error)")
        }
        guard answer.status == 200 else {
            let advice =
                [400, 401, 403].contains(answer.status)
                ? ": look at the task's or pod's role, and at \(ContainerAuthorization.file)" : ""
            throw .unavailable("\(source) answered with status \(answer.status)\(advice)")
        }
        let object = try JSONObject(answer: answer.body, from: source)
        let credentials = try ReceivedCredentials(object, tokenName: "Token", from: source)
            .checked(from: source, tokenName: "Token", isTemporary: true)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }

    private func authorities(_ endpoint: ContainerEndpoint) -> String? {
        endpoint.url.lowercased().hasPrefix("https:") ? context.variable("AWS_CA_BUNDLE") : nil
    }
}
