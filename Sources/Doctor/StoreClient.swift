// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import PortableFormats
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// How requests reach a store.
package struct StoreTransport: Sendable {
    package typealias Send = @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse

    let send: Send
    let now: @Sendable () -> Date
    let proxies: ProxySettings
    /// A PEM file of certificate authorities; nil for the system's.
    let authorities: String?

    package init(
        proxies: ProxySettings, authorities: String?, now: @escaping @Sendable () -> Date,
        send: @escaping Send = { request throws(OutgoingError) in try await request.send() }
    ) {
        self.send = send
        self.now = now
        self.proxies = proxies
        self.authorities = authorities
    }
}

/// Sends requests to one bucket. Each is bounded in time and bytes.
struct StoreClient: Sendable {
    private static let timeout = Duration.seconds(10)

    let endpoint: StoreEndpoint
    let transport: StoreTransport
    /// Texts that no message may have: stores repeat what they were sent.
    let secrets: [String]

    /// Sends a request as a client of tickets does. Loopback is allowed, since an operator's store may be there.
    func send(
        _ method: OutgoingRequest.Method, _ url: String, headers: [HeaderField] = [], body: [UInt8] = []
    ) async throws(OutgoingError) -> StoreAnswer {
        let request = OutgoingRequest(
            method, url, headers: headers.map { ($0.name, $0.value) }, body: body, timeout: Self.timeout,
            limit: XMLReader.maximumBytes, authorities: transport.authorities, forbidden: [.linkLocal], proxies: transport.proxies
        )
        return StoreAnswer(try await transport.send(request), hiding: secrets)
    }

    /// Sends a request that is signed in its header.
    /// - Parameters:
    ///   - key: of an object; nil for the bucket.
    ///   - query: the only parameter, encoded, with its `=`; empty for none.
    func sendSigned(
        _ method: OutgoingRequest.Method, key: String? = nil, query: String = "", headers: [HeaderField] = [],
        by credentials: SigningCredentials
    ) async throws(OutgoingError) -> StoreAnswer {
        let address = url(of: key)
        let date = transport.now()
        var signed = headers
        signed.append(HeaderField(name: "x-amz-date", value: date.iso8601Basic))
        signed.append(HeaderField(name: "x-amz-content-sha256", value: RequestSignature.sha256([])))
        if let token = credentials.sessionToken { signed.append(HeaderField(name: "x-amz-security-token", value: token)) }
        guard let host = (try? HTTPURL(address))?.hostField else { throw .badURL }
        let request = CanonicalRequest(method: method.rawValue, headers: signed + [HeaderField(name: "host", value: host)])
        let authorization = RequestSignature.authorization(
            of: request, path: CanonicalRequest.path(ofURL: address), query: query, payload: [], credentials: credentials,
            region: endpoint.region, service: "s3", at: date)
        guard let authorization else { throw .unreachable("the request could not be signed: OpenSSL failed") }
        signed.append(HeaderField(name: "authorization", value: authorization))
        return try await send(method, query.isEmpty ? address : "\(address)?\(query)", headers: signed)
    }

    /// The URL of an object, or of the bucket for nil.
    func url(of key: String?) -> String {
        endpoint.url + (key.map(PercentEncoding.path.encode) ?? "")
    }
}

/// What a store answered, without secrets: stores repeat what they were sent.
struct StoreAnswer: Sendable {
    let status: Int
    private let headers: [String: [String]]
    /// Empty if the body is not XML.
    let elements: [XMLReader.Element]

    init(_ response: OutgoingResponse, hiding secrets: [String]) {
        // By bytes: what follows a secret can make its last character another one.
        let secrets = secrets.filter { !$0.isEmpty }.map { Array($0.utf8) }
        func hidden(_ text: String) -> String {
            let bytes = secrets.reduce(Array(text.utf8)) { $0.replacing($1, with: Array("…".utf8)) }
            return String(decoding: bytes, as: UTF8.self)
        }
        status = response.status
        headers = response.headers.mapValues { $0.map(hidden) }
        elements = ((try? XMLReader(response.body))?.elements ?? []).map { element in
            var element = element
            element.text = hidden(element.text)
            return element
        }
    }

    /// The value of a header field; several are joined as one list.
    /// - Parameter name: in lower case
    subscript(name: String) -> String? { headers[name]?.joined(separator: ", ") }

    /// The name of the outermost element; nil if the body is not XML.
    var root: String? { elements.first?.path }
    var code: String? { text("Error/Code").flatMap { $0.isEmpty ? nil : $0 } }
    var message: String { text("Error/Message") ?? "" }

    /// The text of the first element at a path.
    func text(_ path: String) -> String? { elements.first { $0.path == path }?.text }

    /// Whether the upload was stored: 303 is the redirect that a form may ask for.
    var isAccepted: Bool { (200..<300).contains(status) || status == 303 }
    /// Whether the request was judged and refused, and not merely put off.
    var isRefused: Bool { (400..<500).contains(status) && ![408, 412, 429].contains(status) }
    /// Whether what refused the request was the store, and for what it says, not for the time or for who asks: not a firewall, and
    /// not because a session has ended.
    var isJudgement: Bool {
        guard let code else { return false }
        return ![
            "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "InvalidAccessKeyId", "NoSuchBucket",
            "SlowDown", "RequestTimeout", "OperationAborted",
        ].contains(code)
    }
    /// Whether nothing was stored for certain: the request was redirected, refused, or of a kind that the store does not have.
    var provesNothingStored: Bool { (300..<500).contains(status) && ![303, 408].contains(status) || status == 501 }
    /// Whether the credentials have no right to ask. To `HEAD`, stores answer without a code; to other requests see ``isDenied``.
    var isForbidden: Bool { [401, 403].contains(status) }
    /// Whether the store says that the credentials have no right. A firewall, a proxy or a CDN can answer 403 as well.
    var isDenied: Bool { isForbidden && ["AccessDenied", "AllAccessDisabled", "Forbidden"].contains(code) }

    /// The version of the object; nil without versioning, and where it is suspended.
    var version: String? { self["x-amz-version-id"].flatMap { $0.isEmpty || $0 == "null" || $0.utf8.count > 1024 ? nil : $0 } }
    /// The store's time; nil if it does not say it.
    var date: Date? { self["date"].flatMap { Date(httpDate: $0) } }
    /// Where a redirect leads, without query and fragment: a query has signatures.
    var location: String? {
        self["location"].map {
            String(decoding: $0.utf8.prefix { ![UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }, as: UTF8.self)
        }
    }

    /// For messages: `403 AccessDenied: Access Denied`.
    var summary: String {
        var summary = [String(status), code].compactMap(\.self).joined(separator: " ")
        if !message.isEmpty { summary += ": \(message)" }
        return String(String.UnicodeScalarView(summary.unicodeScalars.prefix(300))).printable()
    }
}
