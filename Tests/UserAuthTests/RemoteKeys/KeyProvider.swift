// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Synchronization

@testable import UserAuth

/// A made-up identity provider: answers requests for its key set and its discovery document without a network.
final class KeyProvider: Sendable {
    static let issuer = "https://id.example"
    static let keysURL = "https://id.example/jwks.json"

    enum Behaviour: Sendable {
        case answer(OutgoingResponse)
        case failure(OutgoingError)

        /// A set of these JWKs.
        static func keys(_ jwks: String..., headers: [String: [String]] = [:]) -> Behaviour {
            .text("{\"keys\":[\(jwks.joined(separator: ","))]}", headers: headers)
        }

        static func text(_ text: String, status: Int = 200, headers: [String: [String]] = [:]) -> Behaviour {
            .answer(OutgoingResponse(status: status, headers: headers, body: Array(text.utf8)))
        }
    }

    private struct State {
        var keys: Behaviour
        var discovery: Behaviour
        var requests: [OutgoingRequest] = []
        var gate: (@Sendable () async -> Void)?
    }

    private let state: Mutex<State>

    init(_ keys: Behaviour, discovery: Behaviour = .text(#"{"issuer":"https://id.example","jwks_uri":"https://id.example/k"}"#)) {
        state = Mutex(State(keys: keys, discovery: discovery))
    }

    /// How the key set is answered from now on.
    func publish(_ keys: Behaviour) { state.withLock { $0.keys = keys } }

    /// What each request waits for from now on.
    func hold(_ gate: (@Sendable () async -> Void)?) { state.withLock { $0.gate = gate } }

    var requests: [OutgoingRequest] { state.withLock { $0.requests } }

    func send(_ request: OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse {
        let (behaviour, gate) = state.withLock { state in
            state.requests.append(request)
            return (request.url.hasSuffix("/.well-known/openid-configuration") ? state.discovery : state.keys, state.gate)
        }
        await gate?()
        switch behaviour {
        case .answer(let answer): return answer
        case .failure(let failure): throw failure
        }
    }

    func fetcher(
        issuer: String = issuer, endpoint: KeyEndpoint = .jwks(url: keysURL), algorithms: [Algorithm] = [.es256],
        authorities: String? = nil, proxies: ProxySettings = .none
    ) -> KeyFetcher {
        KeyFetcher(
            issuer: issuer, endpoint: endpoint, algorithms: algorithms, authorities: authorities, proxies: proxies, send: send)
    }
}
