// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OutgoingHTTP
import WireFormats

/// The credentials of an ECS task, of a pod with EKS Pod Identity, or of another endpoint of their protocol (AWS SDKs and Tools
/// Reference Guide, "Container credential provider").
struct ContainerProvider: CredentialProvider {
    let context: ProviderContext

    private static let relativeURI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let fullURI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"

    private static let ecsHost = "169.254.170.2"
    /// The link-local addresses of the agents of ECS and EKS, which are requested without TLS.
    private static let agents = [ecsHost, "169.254.170.23", "fd00:ec2::23"]

    var name: String { "container" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        guard let endpoint = try endpoint() else {
            throw .notConfigured("neither \(Self.relativeURI) nor \(Self.fullURI) is set")
        }
        let source = "the container credentials endpoint at \(endpoint.host.lowercased.text)"
        var headers = [(name: "Accept", value: "application/json")]
        if let authorization = try authorization() { headers.append((name: "Authorization", value: authorization)) }
        let response: OutgoingResponse
        do throws(OutgoingError) {
            response = try await context.send(
                OutgoingRequest(
                    .get, endpoint.text, headers: headers, timeout: .seconds(2), limit: 65_536,
                    authorities: endpoint.scheme == .https ? context.variable("AWS_CA_BUNDLE") : nil))
        } catch .authorities(let path) {
            throw .configuration(
                "AWS_CA_BUNDLE names \(path), which cannot be read or has no certificates: name a PEM file of certificates")
        } catch {
            throw .unavailable("\(source) did not respond: \(error)")
        }
        guard response.status == 200 else {
            let advice =
                [400, 401, 403].contains(response.status) ? ": check the role of the task or pod, and \(Self.tokenFile)" : ""
            throw .unavailable("\(source) returned status \(response.status)\(advice)")
        }
        let object = try JSONObject(response: response.body, from: source)
        let credentials = try ReceivedCredentials(object, tokenName: "Token", from: source)
            .validated(from: source, tokenName: "Token", isTemporary: true)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }

    /// Returns the URL to request; nil if neither variable is set. The relative one takes precedence, as in AWS's libraries.
    private func endpoint() throws(CredentialError) -> HTTPURL? {
        if let path = context.variable(Self.relativeURI) {
            // Without the slash, the value would become part of the host.
            guard path.utf8.first == UInt8(ascii: "/"), let url = try? HTTPURL("http://\(Self.ecsHost)\(path)"),
                url.host.text == Self.ecsHost
            else { throw .configuration("\(Self.relativeURI) must be a path that begins with a slash") }
            return url
        }
        guard let text = context.variable(Self.fullURI) else { return nil }
        guard let url = try? HTTPURL(text) else {
            throw .configuration("\(Self.fullURI) must be an http or https URL without user name and password")
        }
        guard url.isProtected || Self.agents.contains(url.host.lowercased.text) else {
            throw .configuration(
                "\(Self.fullURI) is not encrypted: use https, a loopback address, or one of "
                    + Self.agents.joined(separator: ", "))
        }
        return url
    }

    /// Returns the value of the `Authorization` header; nil if neither variable is set. The file takes precedence, and is read
    /// for each request, since EKS renews it.
    private func authorization() throws(CredentialError) -> String? {
        if let path = context.variable(Self.tokenFile) {
            let bytes: [UInt8]
            do throws(FileReadError) { bytes = try context.readFile(LocalFile(path)) } catch {
                throw .unavailable("the file of \(Self.tokenFile), \(path), cannot be read: \(error)")
            }
            return try token(bytes, from: "the file of \(Self.tokenFile), \(path),")
        }
        return try context.variable(Self.token).map { value throws(CredentialError) in
            try token(Array(value.utf8), from: Self.token)
        }
    }

    private func token(_ bytes: [UInt8], from source: String) throws(CredentialError) -> String {
        guard !bytes.isEmpty else { throw .unavailable("\(source) is empty: write the token into it") }
        guard !bytes.contains(0x0a), !bytes.contains(0x0d) else {
            throw .configuration("\(source) has a line break, which no header can: write only the token, without one at the end")
        }
        guard bytes.count <= 16_384, bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
            throw .configuration(
                "\(source) is not a token: it is over 16384 bytes, or has a control or a character outside ASCII")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
