// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One round of requests to the instance metadata service: a second each, two seconds in all.
struct InstanceMetadataSession {
    let endpoint: InstanceMetadataEndpoint
    let context: ProviderContext
    private let start: Date

    init(endpoint: InstanceMetadataEndpoint, context: ProviderContext) {
        self.endpoint = endpoint
        self.context = context
        start = context.now()
    }

    /// Begins the sentences of errors.
    var source: String { "the instance metadata service at \(endpoint.host)" }

    /// Asks for a session token; nil where nothing answers as the service does and the configuration does not say that it is there.
    func token() async throws(CredentialError) -> InstanceMetadataToken? {
        let now = context.now()
        let answer: OutgoingResponse
        do throws(OutgoingError) {
            answer = try await send(
                .put, "/latest/api/token",
                headers: [(name: "x-aws-ec2-metadata-token-ttl-seconds", value: String(InstanceMetadataToken.lifetime))])
        } catch .unreachable where !endpoint.isExplicit {
            return nil
        } catch .timedOut {
            throw .unavailable(
                "\(source) did not answer the request for a token: on EC2, a container needs a hop limit of 2 in the instance's "
                    + "metadata options; elsewhere, set AWS_EC2_METADATA_DISABLED=true")
        } catch {
            throw .unavailable("\(source) gave no token: \(error)")
        }
        switch answer.status {
        case 200: break
        case 404 where !endpoint.isExplicit, 405 where !endpoint.isExplicit:
            // Other clouds have a service of their own at this address.
            return nil
        case 403:
            let sentence = "\(source) answers with status 403: it is turned off in this instance's metadata options, or not EC2's"
            // Nobody said that it is there: then waiting for it to be turned on would only hide that nothing is set up.
            throw endpoint.isExplicit ? .unavailable(sentence) : .configuration(sentence)
        default: throw .unavailable("\(source) answered the request for a token with status \(answer.status)")
        }
        let value = String(decoding: answer.body, as: UTF8.self)
        guard !value.isEmpty, value.isVisibleASCII, value.utf8.count <= 4096 else {
            throw .unavailable("\(source) gave a token that is empty, too long, or holds other than visible ASCII")
        }
        let seconds = InstanceMetadataToken.lifetime - InstanceMetadataToken.margin
        return InstanceMetadataToken(value: value, endpoint: endpoint, end: now + Double(seconds))
    }

    /// Reads a path of the metadata; nil where the token is not accepted any more.
    func get(_ path: String, _ token: InstanceMetadataToken) async throws(CredentialError) -> OutgoingResponse? {
        do throws(OutgoingError) {
            let answer = try await send(.get, path, headers: [(name: "x-aws-ec2-metadata-token", value: token.value)])
            return answer.status == 401 ? nil : answer
        } catch {
            throw .unavailable("\(source) gave no answer: \(error)")
        }
    }

    private func send(
        _ method: OutgoingRequest.Method, _ path: String, headers: [(name: String, value: String)]
    ) async throws(OutgoingError) -> OutgoingResponse {
        // A clock that was set meanwhile neither grants more than two seconds nor less than this request.
        let elapsed = max(0, context.now().timeIntervalSince(start))
        guard elapsed < 2 else { throw .timedOut(seconds: 2) }
        let timeout = Duration.seconds(min(1, 2 - elapsed))
        return try await context.send(
            OutgoingRequest(method, endpoint.url + path, headers: headers, timeout: timeout, limit: 65_536))
    }
}
