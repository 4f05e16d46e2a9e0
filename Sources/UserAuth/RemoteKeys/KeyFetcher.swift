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
        send: @escaping Send = OutgoingHTTP.send
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

/// A key set as an issuer published it just now.
package struct FetchedKeys: Sendable {
    package let set: KeySet
    /// How long the provider says that it stays the same, within ``KeyLifetime/bounds``.
    package let lifetime: Duration

    package init(set: KeySet, lifetime: Duration = KeyLifetime.usual) {
        self.set = set
        self.lifetime = lifetime
    }
}

/// How long a key set counts as fresh, by the header fields it came with (RFC 9111).
///
/// Not how long its keys may be used: a set stays in use when its lifetime has passed, while fetches of the next one fail.
package enum KeyLifetime {
    /// Where the provider says nothing.
    package static let usual: Duration = .seconds(10 * 60)
    /// What a provider can say: less would be a burden to it, more would keep keys that it took back.
    package static let bounds: ClosedRange<Duration> = .seconds(60)...(.seconds(60 * 60))

    /// How long a set stays in use without a successful fetch.
    package static let maximumAge: Duration = .seconds(24 * 60 * 60)

    /// The lifetime of an answer with these header fields.
    /// - Parameter headers: the values by the name of the field in lower case.
    static func of(_ headers: [String: [String]]) -> Duration {
        var maximumAge: Int?
        for directive in directives(in: headers["cache-control"] ?? []) {
            switch directive.name {
            // With an argument, no-cache speaks of those fields alone (section 5.2.2.4).
            case "no-store": return bounds.lowerBound
            case "no-cache" where directive.argument == nil: return bounds.lowerBound
            // Of several the most restrictive counts, and what is no number makes the answer stale (section 4.2.1).
            case "max-age": maximumAge = min(maximumAge ?? .max, directive.argument.flatMap(seconds) ?? 0)
            default: continue
            }
        }
        guard let maximumAge else { return usual }
        // Time spent in caches on the way (section 5.1); a value that is not a number is ignored.
        let age = headers["age"]?.first.flatMap { seconds($0) } ?? 0
        return min(max(.seconds(maximumAge - age), bounds.lowerBound), bounds.upperBound)
    }

    /// The directives of a Cache-Control field (section 5.2), names in lower case, arguments without their quotes.
    private static func directives(in values: [String]) -> [(name: String, argument: String?)] {
        values.flatMap { split($0.utf8, at: UInt8(ascii: ",")) }.compactMap { text in
            let parts = text.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { return nil }
            let argument = parts.count > 1 ? String(decoding: unquoted(parts[1]), as: UTF8.self) : nil
            return (String(decoding: trimmed(name), as: UTF8.self).lowercased(), argument)
        }
    }

    /// Splits at a byte outside quotes.
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

    /// A number of seconds; one that is larger than RFC 9111 section 1.2.2 asks for counts as 2^31. Nil for anything else.
    private static func seconds(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
        return min(Int(text) ?? .max, 1 << 31)
    }
}
