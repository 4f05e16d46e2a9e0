// SPDX-License-Identifier: Apache-2.0

/// A request to a service that Postern depends on: an identity provider, STS, a metadata service.
package struct OutgoingRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
    }

    package var method: Method
    /// `https`, or `http` where the caller has found that to be allowed; see `HTTPURL.isProtected`.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The time from the call to the last byte of the answer, with everything between: names, TLS, head, body.
    package var timeout: Duration
    /// The most bytes of the answer's body.
    package var limit: Int
    /// A PEM file of the certificate authorities to trust for this request instead of the system's.
    package var authorities: String?
    /// Kinds of addresses that the request must not be sent to, neither as the URL's host nor as what its name resolves to.
    package var forbidden: Set<AddressKind>

    package init(
        _ method: Method = .get,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeout: Duration,
        limit: Int,
        authorities: String? = nil,
        forbidden: Set<AddressKind> = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.limit = limit
        self.authorities = authorities
        self.forbidden = forbidden
    }
}
