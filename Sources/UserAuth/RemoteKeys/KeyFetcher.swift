// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import WireFormats

/// Fetches an issuer's key set once: within 2 s, 256 KiB a document, without redirects, over https or on this machine.
///
/// With discovery, another party's document says where the keys are. So it must not lead to services that trust requests from
/// this machine: nothing is fetched from link-local addresses, nor from loopback unless the issuer is there itself.
package struct KeyFetcher: Sendable {
    package typealias Send = @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse

    /// For everything: the discovery document and the key set together.
    static let timeout: Duration = .seconds(2)
    /// The deepest nesting of a discovery document.
    private static let maximumDepth = 16

    private let issuer: String
    private let endpoint: KeyEndpoint
    private let algorithms: [Algorithm]
    private let authorities: String?
    private let send: Send

    /// - Parameters:
    ///   - issuer: as it is configured; with discovery it is the document's address too.
    ///   - endpoint: where the keys are.
    ///   - algorithms: the issuer's.
    ///   - authorities: a PEM file of certificate authorities instead of the system's.
    ///   - send: makes a request; tests give their own.
    package init(
        issuer: String,
        endpoint: KeyEndpoint,
        algorithms: [Algorithm],
        authorities: String? = nil,
        send: @escaping Send = { request async throws(OutgoingError) in try await request.send() }
    ) {
        self.issuer = issuer
        self.endpoint = endpoint
        self.algorithms = algorithms
        self.authorities = authorities
        self.send = send
    }

    /// Fetches the set that the issuer publishes now.
    package func fetch() async throws(KeyFetchError) -> FetchedKeys {
        let deadline = ContinuousClock.now + Self.timeout
        let url: String
        var forbidden: Set<AddressKind> = []
        switch endpoint {
        case .jwks(let configured):
            guard let parsed = try? HTTPURL(configured) else { throw KeyFetchError(.keySet, .failure(.badURL)) }
            guard parsed.isProtected else { throw KeyFetchError(.keySet, .notPrivate) }
            url = configured
        case .discovery:
            (url, forbidden) = try await discover(until: deadline)
        }
        let answer = try await get(url, .keySet, forbidden: forbidden, until: deadline)
        do {
            return FetchedKeys(
                set: try KeySet.jwks(answer.body, algorithms: algorithms),
                lifetime: KeyLifetime.of(answer.headers)
            )
        } catch {
            throw KeyFetchError(.keySet, .keySet(error))
        }
    }

    /// The address of the key set by the issuer's discovery document (OpenID Connect Discovery 1.0 sections 4.1 and 4.3), and
    /// where it must not be fetched from.
    private func discover(
        until deadline: ContinuousClock.Instant
    ) async throws(KeyFetchError) -> (url: String, forbidden: Set<AddressKind>) {
        // An issuer has neither query nor fragment (section 3); what is appended would become a part of them.
        guard let base = try? HTTPURL(issuer), base.query == nil, base.fragment == nil
        else { throw KeyFetchError(.discovery, .failure(.badURL)) }
        guard base.isProtected else { throw KeyFetchError(.discovery, .notPrivate) }
        let forbidden: Set<AddressKind> = base.isLoopback ? [.linkLocal] : [.linkLocal, .loopback]
        try check(base, .discovery, forbidden)
        let path = "/.well-known/openid-configuration"
        let url = (issuer.utf8.last == UInt8(ascii: "/") ? String(issuer.dropLast()) : issuer) + path
        let answer = try await get(url, .discovery, forbidden: forbidden, until: deadline)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: answer.body, maximumDepth: Self.maximumDepth)
        } catch {
            throw KeyFetchError(.discovery, .notJSON(line: error.line, byte: error.byte))
        }
        guard case .object(let document) = value,
            case .string(let name)? = document["issuer"], case .string(let keys)? = document["jwks_uri"]
        else { throw KeyFetchError(.discovery, .incomplete) }
        guard name.hasSameBytes(as: issuer) else { throw KeyFetchError(.discovery, .issuerMismatch) }
        guard let address = try? HTTPURL(keys) else { throw KeyFetchError(.keySet, .failure(.badURL)) }
        // A provider out there cannot send the request to a plain service on this machine.
        guard address.isEncrypted || (base.isLoopback && address.isLoopback) else { throw KeyFetchError(.keySet, .notPrivate) }
        try check(address, .keySet, forbidden)
        return (keys, forbidden)
    }

    /// Refuses a forbidden host that the URL itself names; what names resolve to is checked where the request is sent.
    private func check(
        _ url: HTTPURL, _ document: KeyFetchError.Document, _ forbidden: Set<AddressKind>
    ) throws(KeyFetchError) {
        guard let kind = AddressKind(url.host), forbidden.contains(kind) else { return }
        throw KeyFetchError(document, .failure(.forbiddenAddress(kind)))
    }

    /// Gets a document; its status is 200.
    private func get(
        _ url: String, _ document: KeyFetchError.Document, forbidden: Set<AddressKind>, until deadline: ContinuousClock.Instant
    ) async throws(KeyFetchError) -> OutgoingResponse {
        let answer: OutgoingResponse
        do throws(OutgoingError) {
            let rest = deadline - .now
            guard rest > .zero else { throw .timedOut(seconds: Self.timeout / .seconds(1)) }
            answer = try await send(
                OutgoingRequest(
                    .get, url,
                    headers: [("Accept", "application/jwk-set+json, application/json")],
                    timeout: rest, limit: KeySet.maximumLength, authorities: authorities, forbidden: forbidden
                )
            )
            guard answer.body.count <= KeySet.maximumLength else { throw .tooLarge(limit: KeySet.maximumLength) }
        } catch {
            // What was left of the time is no use to a reader.
            if case .timedOut = error { throw KeyFetchError(document, .failure(.timedOut(seconds: Self.timeout / .seconds(1)))) }
            throw KeyFetchError(document, .failure(error))
        }
        guard !(300..<400).contains(answer.status) else { throw KeyFetchError(document, .redirect(status: answer.status)) }
        guard answer.status == 200 else { throw KeyFetchError(document, .status(answer.status)) }
        return answer
    }
}
