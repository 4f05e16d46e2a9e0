// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A request to STS (AWS Query protocol). Its body is a form of `Action`, `Version` and the parameters.
struct STSRequest {
    let action: String
    private(set) var body: [UInt8]

    private static let version = "2011-06-15"
    private static let contentType = "application/x-www-form-urlencoded; charset=utf-8"

    init(action: String) {
        self.action = action
        body = Array("Action=\(action)&Version=\(Self.version)".utf8)
    }

    /// A request for the credentials of a role.
    /// - Throws: `configuration` if STS would refuse a parameter
    init(action: String, assuming role: AssumedRole, at now: Date) throws(CredentialError) {
        let (roleARN, externalID) = (role.roleARN, role.externalID)
        guard RoleARN(roleARN) != nil else {
            throw .configuration("the role to assume is not an ARN: write it like arn:aws:iam::123456789012:role/name")
        }
        let sessionName = role.sessionName ?? "postern-\(Int(now.timeIntervalSince1970))"
        guard AssumedRole.isSessionName(sessionName) else {
            throw .configuration("the session name for \(roleARN) is not valid: use 2 to 64 letters, digits and _+=,.@-")
        }
        if let externalID, !AssumedRole.isExternalID(externalID) {
            throw .configuration("the external id for \(roleARN) is not valid: use 2 to 1224 letters, digits and _+=,.@:/-")
        }
        if let duration = role.durationSeconds, !AssumedRole.durations.contains(duration) {
            throw .configuration("duration_seconds for \(roleARN) is not valid: use 900 to 43200")
        }
        self.init(action: action)
        add("RoleArn", roleARN)
        add("RoleSessionName", sessionName)
        add("ExternalId", externalID)
        add("DurationSeconds", role.durationSeconds.map(String.init))
        add("Policy", role.sessionPolicy)
    }

    /// Adds a parameter, unless the value is nil.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        body += "&\(name)=".utf8
        // A space becomes %20: Ceph RGW does not read `+` as one.
        PercentEncoding.component.append(value, to: &body)
    }

    /// Returns the headers, with a signature of SigV4 ("Create a signed AWS API request") if there are credentials.
    func headers(
        to endpoint: STSEndpoint, signedBy credentials: SigningCredentials?, at date: Date
    ) throws(CredentialError) -> [(name: String, value: String)] {
        var headers = [(name: "content-type", value: Self.contentType), (name: "host", value: endpoint.host)]
        guard let credentials else { return headers }
        headers.append((name: "x-amz-date", value: date.iso8601Basic))
        if let token = credentials.sessionToken { headers.append((name: "x-amz-security-token", value: token)) }

        let request = CanonicalRequest(method: "POST", headers: headers.map { HeaderField(name: $0.name, value: $0.value) })
        guard
            let authorization = RequestSignature.authorization(
                of: request, path: endpoint.path, payload: body, credentials: credentials, region: endpoint.region,
                service: "sts",
                at: date)
        else { throw .unavailable("a request to STS could not be signed: OpenSSL failed") }
        return headers + [(name: "authorization", value: authorization)]
    }
}

extension STSRequest: CustomStringConvertible, CustomReflectable {
    /// Does not show the parameters, one of which may be a token.
    var description: String { "STSRequest(\(action))" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
