// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import WireFormats

/// Fetches an issuer's key set once: within 2 s, at most 256 KiB per document, without redirects, over https or on this machine.
///
/// A discovery document chooses the address of the keys, so it must not be able to direct requests to services that trust this
/// machine: nothing is fetched from link-local addresses, nor from loopback unless the issuer itself is there. Through a proxy the
/// request does not come from this machine; URLs with such an address, and names of loopback, are refused all the same.
package struct KeyFetcher: Sendable {
    package typealias Send = @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse

    /// The time limit for the discovery document and the key set together.
    static let timeout: Duration = .seconds(2)
    /// The deepest nesting of a discovery document.
    private static let maximumDepth = 16

    private let issuer: String
    private let endpoint: KeyEndpoint
    private let algorithms: [Algorithm]
    private let authorities: String?
    private let proxies: ProxySettings
    private let send: Send

    /// - Parameters:
    ///   - issuer: the configured identifier; with discovery, the document is below it.
    ///   - endpoint: where the keys are.
    ///   - algorithms: the issuer's algorithms.
    ///   - authorities: a PEM file of certificate authorities instead of the system's.
    ///   - proxies: the proxy, and the hosts that are requested without it.
    ///   - send: performs a request; tests replace it.
    package init(
        issuer: String,
        endpoint: KeyEndpoint,
        algorithms: [Algorithm],
        authorities: String? = nil,
        proxies: ProxySettings = .none,
        send: @escaping Send = { request async throws(OutgoingError) in try await request.send() }
    ) {
        self.issuer = issuer
        self.endpoint = endpoint
        self.algorithms = algorithms
        self.authorities = authorities
        self.proxies = proxies
        self.send = send
    }

    /// Fetches the set that the issuer currently publishes.
    package func fetch() async throws(KeyFetchError) -> FetchedKeys {
        let deadline = ContinuousClock.now + Self.timeout
        let url: String
        var forbidden: Set<AddressKind> = []
        switch endpoint {
        case .jwks(let configured):
            guard let parsed = try? HTTPURL(configured) else { throw KeyFetchError(.keySet, .failure(.badURL)) }
            guard parsed.isProtected else { throw KeyFetchError(.keySet, .unprotectedURL) }
            url = configured
        case .discovery:
            (url, forbidden) = try await discover(until: deadline)
        }
        let response = try await get(url, .keySet, forbidden: forbidden, until: deadline)
        do {
            return FetchedKeys(
                set: try KeySet(jwks: response.body, algorithms: algorithms),
                lifetime: FetchedKeys.lifetime(headers: response.headers)
            )
        } catch {
            throw KeyFetchError(.keySet, .keySet(error))
        }
    }

    /// Returns the address of the key set in the issuer's discovery document (OpenID Connect Discovery 1.0 sections 4.1 and 4.3),
    /// and the kinds of addresses that it must not be fetched from.
    private func discover(
        until deadline: ContinuousClock.Instant
    ) async throws(KeyFetchError) -> (url: String, forbidden: Set<AddressKind>) {
        // An issuer has no query or fragment (section 3); the path would become a part of it.
        guard let base = try? HTTPURL(issuer), base.query == nil, base.fragment == nil
        else { throw KeyFetchError(.discovery, .failure(.badURL)) }
        guard base.isProtected else { throw KeyFetchError(.discovery, .unprotectedURL) }
        let forbidden: Set<AddressKind> = base.isLoopback ? [.linkLocal] : [.linkLocal, .loopback]
        try check(base, .discovery, forbidden)
        let path = "/.well-known/openid-configuration"
        let url = (issuer.utf8.last == UInt8(ascii: "/") ? String(issuer.dropLast()) : issuer) + path
        let response = try await get(url, .discovery, forbidden: forbidden, until: deadline)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: response.body, maximumDepth: Self.maximumDepth)
        } catch {
            throw KeyFetchError(.discovery, .notJSON(line: error.line, byte: error.byte))
        }
        guard case .object(let document) = value,
            case .string(let name)? = document["issuer"], case .string(let keys)? = document["jwks_uri"]
        else { throw KeyFetchError(.discovery, .incomplete) }
        guard name.hasSameBytes(as: issuer) else {
            throw KeyFetchError(.discovery, .issuerMismatch(hasTenantPlaceholder: name.contains("{tenantid}")))
        }
        guard let address = try? HTTPURL(keys) else { throw KeyFetchError(.keySet, .failure(.badURL)) }
        // A remote provider must not direct the request to an unencrypted service on this machine.
        guard address.isEncrypted || (base.isLoopback && address.isLoopback) else {
            throw KeyFetchError(.keySet, .unprotectedURL)
        }
        try check(address, .keySet, forbidden)
        return (keys, forbidden)
    }

    /// Refuses a URL with a forbidden IP address. The addresses of names are checked when the request is sent.
    private func check(
        _ url: HTTPURL, _ document: KeyFetchError.Document, _ forbidden: Set<AddressKind>
    ) throws(KeyFetchError) {
        guard let kind = AddressKind(url.host), forbidden.contains(kind) else { return }
        throw KeyFetchError(document, .failure(.forbiddenAddress(kind)))
    }

    /// Fetches a document with status 200.
    private func get(
        _ url: String, _ document: KeyFetchError.Document, forbidden: Set<AddressKind>, until deadline: ContinuousClock.Instant
    ) async throws(KeyFetchError) -> OutgoingResponse {
        let response: OutgoingResponse
        do throws(OutgoingError) {
            let rest = deadline - .now
            guard rest > .zero else { throw .timedOut(seconds: Self.timeout / .seconds(1)) }
            response = try await send(
                OutgoingRequest(
                    .get, url,
                    headers: [("Accept", "application/jwk-set+json, application/json")],
                    timeout: rest, limit: KeySet.maximumLength, authorities: authorities, forbidden: forbidden,
                    proxies: proxies
                )
            )
            guard response.body.count <= KeySet.maximumLength else { throw .tooLarge(limit: KeySet.maximumLength) }
        } catch {
            // Report the whole time limit, not the remaining time of this request.
            throw KeyFetchError(document, .failure(error.withTimeLimit(Self.timeout)))
        }
        guard !(300..<400).contains(response.status) else { throw KeyFetchError(document, .redirect(status: response.status)) }
        guard response.status == 200 else { throw KeyFetchError(document, .status(response.status)) }
        return response
    }
}

/// A key set that was fetched, and how long it is fresh.
package struct FetchedKeys: Sendable {
    /// The lifetime if the response specifies none.
    package static let defaultLifetime: Duration = .seconds(10 * 60)
    /// The limits of the lifetime in a response. A shorter one would burden the provider; a longer one would delay a revocation.
    package static let lifetimeBounds: ClosedRange<Duration> = .seconds(60)...(.seconds(60 * 60))
    /// How long a set stays in use without a successful fetch.
    package static let maximumAge: Duration = .seconds(24 * 60 * 60)

    package let set: KeySet
    /// How long the set is fresh (RFC 9111), within ``lifetimeBounds``. It stays in use after that, while fetches of the next one
    /// fail, up to ``maximumAge``.
    package let lifetime: Duration

    package init(set: KeySet, lifetime: Duration = Self.defaultLifetime) {
        self.set = set
        self.lifetime = lifetime
    }
}

// MARK: Freshness

extension FetchedKeys {
    /// Returns the lifetime of a response.
    /// - Parameter headers: the values of each header field, by its name in lower case.
    static func lifetime(headers: [String: [String]]) -> Duration {
        var maximumAge: Int?
        for directive in directives(in: headers["cache-control"] ?? []) {
            switch directive.name {
            case "no-store": return lifetimeBounds.lowerBound
            // With an argument, no-cache is about the named fields only (section 5.2.2.4).
            case "no-cache" where directive.argument == nil: return lifetimeBounds.lowerBound
            // If there are several, the most restrictive is used; an invalid one makes the response stale (section 4.2.1).
            case "max-age": maximumAge = min(maximumAge ?? .max, directive.argument.flatMap(seconds) ?? 0)
            default: continue
            }
        }
        guard let maximumAge else { return defaultLifetime }
        // The time spent in caches (section 5.1). An invalid value is ignored.
        let age = headers["age"]?.first.flatMap { seconds($0) } ?? 0
        return min(max(.seconds(maximumAge - age), lifetimeBounds.lowerBound), lifetimeBounds.upperBound)
    }

    /// Returns the directives of a Cache-Control field (section 5.2), with names in lower case and arguments without quotes.
    private static func directives(in values: [String]) -> [(name: String, argument: String?)] {
        values.flatMap { split($0.utf8, at: UInt8(ascii: ",")) }.compactMap { text in
            let parts = text.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { return nil }
            let argument = parts.count > 1 ? String(decoding: unquoted(parts[1]), as: UTF8.self) : nil
            return (String(decoding: trimmed(name), as: UTF8.self).lowercased(), argument)
        }
    }

    /// Splits a text at a separator that is not in quotes.
    private static func split(_ text: String.UTF8View, at separator: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        for byte in text {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == separator && !isQuoted {
                parts.append([])
            } else {
                parts[parts.count - 1].append(byte)
            }
        }
        return parts
    }

    private static func unquoted(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let text = trimmed(text)
        let quote = UInt8(ascii: "\"")
        return text.count >= 2 && text.first == quote && text.last == quote ? text.dropFirst().dropLast() : text
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let rest = text.drop(while: isBlank)
        guard let end = rest.lastIndex(where: { !isBlank($0) }) else { return [] }
        return rest[...end]
    }

    /// Returns a number of seconds, at most 2^31 (RFC 9111 section 1.2.2); nil if the text is not one.
    private static func seconds(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
        return min(Int(text) ?? .max, 1 << 31)
    }
}
