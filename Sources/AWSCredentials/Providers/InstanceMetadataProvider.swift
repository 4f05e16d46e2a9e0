// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import Synchronization
import WireFormats

/// The credentials of an EC2 instance's role, by version 2 of the instance metadata service (IMDSv2) only: version 1 would send
/// them in response to any forged request.
final class InstanceMetadataProvider: CredentialProvider {
    private let context: ProviderContext
    private let token = Mutex<InstanceMetadataToken?>(nil)

    private static let rolesPath = "/latest/meta-data/iam/security-credentials/"

    init(context: ProviderContext) {
        self.context = context
    }

    var name: String { "instance metadata" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        if context.isTrue("AWS_EC2_METADATA_DISABLED") { throw .notConfigured("AWS_EC2_METADATA_DISABLED is true") }
        let session = InstanceMetadataSession(
            endpoint: try InstanceMetadataEndpoint(context, try search.settings()), context: context)
        let list = try await get(Self.rolesPath, session)
        guard list.status != 404 else {
            throw .unavailable("this EC2 instance has no role: attach an instance profile to it")
        }
        let role = try Self.roleName(in: list, session)
        let response = try await get(Self.rolesPath + role, session)
        return ProvidedCredentials(credentials: try Self.credentials(in: response, session), provider: name)
    }

    /// Reads a path with the cached token, or with a new one if there is none or it is no longer accepted.
    private func get(_ path: String, _ session: InstanceMetadataSession) async throws(CredentialError) -> OutgoingResponse {
        if let token = token.withLock({ $0 }), token.end > context.uptime(), token.endpoint == session.endpoint,
            let response = try await session.get(path, token)
        {
            return response
        }
        token.withLock { $0 = nil }
        let new = try await session.fetchToken()
        token.withLock { $0 = new }
        if let response = try await session.get(path, new) { return response }
        token.withLock { $0 = nil }
        throw .unavailable("\(session.source) does not accept the token that it has just issued")
    }

    /// Returns the first line of the list if it can be part of a path.
    private static func roleName(
        in list: OutgoingResponse, _ session: InstanceMetadataSession
    ) throws(CredentialError) -> String {
        guard list.status == 200 else {
            throw .unavailable("\(session.source) returned status \(list.status) to the request for the instance's role")
        }
        let line = list.body.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }).first ?? []
        // Role names: letters, digits and +=,.@_- (IAM, CreateRole).
        let isName = line.allSatisfy { $0.isASCIILetterOrDigit || "+=,.@_-".utf8.contains($0) }
        guard (1...128).contains(line.count), isName, line.contains(where: { $0 != UInt8(ascii: ".") }) else {
            throw .unavailable("\(session.source) returned something other than the name of a role")
        }
        return String(decoding: line, as: UTF8.self)
    }

    private static func credentials(
        in response: OutgoingResponse, _ session: InstanceMetadataSession
    ) throws(CredentialError) -> SigningCredentials {
        guard response.status == 200 else {
            throw .unavailable("\(session.source) returned status \(response.status) to the request for the role's credentials")
        }
        let object = try JSONObject(response: response.body, from: session.source)
        guard let code = try object.text("Code", from: session.source), code == "Success" else {
            throw .unavailable(
                "\(session.source) has no credentials for the role: check that it exists, and that its trust policy names "
                    + "ec2.amazonaws.com")
        }
        return try ReceivedCredentials(object, tokenName: "Token", from: session.source)
            .validated(from: session.source, tokenName: "Token", isTemporary: true)
    }
}

/// The address of the instance metadata service ("Instance metadata and user data", "IMDS credential provider").
struct InstanceMetadataEndpoint: Equatable {
    /// Without a trailing slash.
    let url: String
    let host: String
    /// Whether it was configured. If so, a missing response is an error.
    let isExplicit: Bool

    private static let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    private static let modeVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"

    /// - Parameter profile: the settings of the profile in use, used for what the environment does not set
    init(_ context: ProviderContext, _ profile: ProfileSettings) throws(CredentialError) {
        if let text = context.variable(Self.variable) ?? profile.metadataServiceEndpoint {
            guard let url = try? HTTPURL(text), url.query == nil, url.fragment == nil else {
                throw .configuration(
                    "\(Self.variable), or ec2_metadata_service_endpoint of the AWS profile, must be an http or https URL without "
                        + "user name, password, query and fragment")
            }
            self.url = text.hasSuffix("/") ? String(text.dropLast()) : text
            host = url.host.lowercased.text
            isExplicit = true
            return
        }
        switch (context.variable(Self.modeVariable) ?? profile.metadataServiceEndpointMode)?.lowercased() {
        case nil, "ipv4": host = "169.254.169.254"
        case "ipv6": host = "fd00:ec2::254"
        default:
            throw .configuration(
                "\(Self.modeVariable), or ec2_metadata_service_endpoint_mode of the AWS profile, must be IPv4 or IPv6")
        }
        url = host.utf8.contains(UInt8(ascii: ":")) ? "http://[\(host)]" : "http://\(host)"
        isExplicit = false
    }
}

/// The requests of one search to the instance metadata service: at most a second each, and two seconds in all.
private struct InstanceMetadataSession {
    let endpoint: InstanceMetadataEndpoint
    private let context: ProviderContext
    private let start: Duration

    private static let timeout: Duration = .seconds(1)
    private static let totalTimeout: Duration = .seconds(2)

    init(endpoint: InstanceMetadataEndpoint, context: ProviderContext) {
        self.endpoint = endpoint
        self.context = context
        start = context.uptime()
    }

    /// The beginning of each error message.
    var source: String { "the instance metadata service at \(endpoint.host)" }

    /// Requests a session token.
    /// - Throws: `notConfigured` if nothing responds like the service, and no setting configures it
    func fetchToken() async throws(CredentialError) -> InstanceMetadataToken {
        let requested = context.uptime()
        let response: OutgoingResponse
        do throws(OutgoingError) {
            response = try await send(
                .put, "/latest/api/token",
                headers: [(name: "x-aws-ec2-metadata-token-ttl-seconds", value: String(InstanceMetadataToken.lifetime))])
        } catch .unreachable where !endpoint.isExplicit {
            throw Self.notFound
        } catch .timedOut {
            throw .unavailable(
                "\(source) did not respond to the request for a token: on EC2, a container needs a hop limit of 2 in the instance's "
                    + "metadata options; elsewhere, set AWS_EC2_METADATA_DISABLED=true")
        } catch {
            throw .unavailable("\(source) did not return a token: \(error)")
        }
        switch response.status {
        case 200: break
        // Other clouds have a service of their own at this address.
        case 404 where !endpoint.isExplicit, 405 where !endpoint.isExplicit: throw Self.notFound
        case 403:
            let sentence =
                "\(source) returns status 403: turn it on in this instance's metadata options, or, outside EC2, set "
                + "AWS_EC2_METADATA_DISABLED=true"
            // Without a setting that names the service, waiting for it would hide that no credentials are set up.
            throw endpoint.isExplicit ? .unavailable(sentence) : .configuration(sentence)
        default: throw .unavailable("\(source) returned status \(response.status) to the request for a token")
        }
        let value = String(decoding: response.body, as: UTF8.self)
        guard !value.isEmpty, value.isVisibleASCII, value.utf8.count <= 4096 else {
            throw .unavailable("\(source) returned a token that is empty, over 4096 bytes, or not visible ASCII")
        }
        let seconds = InstanceMetadataToken.lifetime - InstanceMetadataToken.margin
        return InstanceMetadataToken(value: value, endpoint: endpoint, end: requested + .seconds(seconds))
    }

    private static let notFound = CredentialError.notConfigured("no instance metadata service of EC2 responds")

    /// Reads a path of the metadata; nil if the token is no longer accepted.
    func get(_ path: String, _ token: InstanceMetadataToken) async throws(CredentialError) -> OutgoingResponse? {
        do throws(OutgoingError) {
            let response = try await send(.get, path, headers: [(name: "x-aws-ec2-metadata-token", value: token.value)])
            return response.status == 401 ? nil : response
        } catch {
            throw .unavailable("\(source) did not respond: \(error)")
        }
    }

    private func send(
        _ method: OutgoingRequest.Method, _ path: String, headers: [(name: String, value: String)]
    ) async throws(OutgoingError) -> OutgoingResponse {
        let remaining = start + Self.totalTimeout - context.uptime()
        guard remaining > .zero else { throw .timedOut(seconds: Self.totalTimeout / .seconds(1)) }
        return try await context.send(
            OutgoingRequest(
                method, endpoint.url + path, headers: headers, timeout: min(Self.timeout, remaining), limit: 65_536))
    }
}

/// The session token of IMDSv2. Printing does not show it.
struct InstanceMetadataToken: CustomStringConvertible, CustomReflectable {
    let value: String
    let endpoint: InstanceMetadataEndpoint
    /// The uptime at which it stops being used.
    let end: Duration

    /// The longest lifetime that the service grants, in seconds.
    static let lifetime = 21_600
    /// How long before it expires a token stops being used, in seconds: it must not expire during a request.
    static let margin = 300

    var description: String { "InstanceMetadataToken" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
