// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import Synchronization
import WireFormats

/// The credentials of an EC2 instance's role, by IMDSv2 alone: version 1 would hand them to any request that can be forged.
package final class InstanceMetadata: CredentialProvider {
    private let context: ProviderContext
    private let kept = Mutex<InstanceMetadataToken?>(nil)

    package init(context: ProviderContext) {
        self.context = context
    }

    package var name: String { "instance metadata" }
    package var absence: String {
        context.isTrue("AWS_EC2_METADATA_DISABLED")
            ? "AWS_EC2_METADATA_DISABLED is true" : "no instance metadata service of EC2 answers"
    }

    private static let roles = "/latest/meta-data/iam/security-credentials/"

    package func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        if context.isTrue("AWS_EC2_METADATA_DISABLED") { return nil }
        let session = InstanceMetadataSession(
            endpoint: try InstanceMetadataEndpoint(context, try round.settings()), context: context)
        guard let role = try await get(Self.roles, session) else { return nil }
        guard role.status != 404 else {
            throw .unavailable("this EC2 instance has no role: attach an instance profile to it")
        }
        let name = try Self.roleName(role, session)
        guard let answer = try await get(Self.roles + name, session) else { return nil }
        return ProvidedCredentials(credentials: try Self.credentials(answer, session), provider: self.name)
    }

    /// Reads a path with the kept token, or with a new one where there is none or it is not accepted any more.
    private func get(_ path: String, _ session: InstanceMetadataSession) async throws(CredentialError) -> OutgoingResponse? {
        let now = context.now()
        if let token = kept.withLock({ $0 }), token.end > now, token.endpoint == session.endpoint {
            if let answer = try await session.get(path, token) { return answer }
        }
        kept.withLock { $0 = nil }
        guard let token = try await session.token() else { return nil }
        kept.withLock { $0 = token }
        if let answer = try await session.get(path, token) { return answer }
        kept.withLock { $0 = nil }
        throw .unavailable("\(session.source) does not accept the token that it has just given")
    }

    /// The first line of the list, as a name that can be a part of a path.
    private static func roleName(
        _ answer: OutgoingResponse, _ session: InstanceMetadataSession
    ) throws(CredentialError) -> String {
        guard answer.status == 200 else {
            throw .unavailable("\(session.source) answered with status \(answer.status) when it was asked for the role")
        }
        let line = answer.body.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }).first ?? []
        // Names of roles: letters, digits and +=,.@_- (IAM, CreateRole).
        let isName = line.allSatisfy {
            $0.isASCIILetterOrDigit || "+=,.@_-".utf8.contains($0)
        }
        guard (1...128).contains(line.count), isName, line.contains(where: { $0 != UInt8(ascii: ".") }) else {
            throw .unavailable("\(session.source) gave no name of a role")
        }
        return String(decoding: line, as: UTF8.self)
    }

    private static func credentials(
        _ answer: OutgoingResponse, _ session: InstanceMetadataSession
    ) throws(CredentialError) -> SigningCredentials {
        guard answer.status == 200 else {
            throw .unavailable(
                "\(session.source) answered with status \(answer.status) when it was asked for the role's credentials")
        }
        let object = try JSONObject(answer: answer.body, from: session.source)
        guard let code = try object.text("Code", from: session.source), code == "Success" else {
            throw .unavailable("\(session.source) has no credentials for the role: may EC2 assume it, and is it still there?")
        }
        return try ReceivedCredentials(object, tokenName: "Token", from: session.source)
            .checked(from: session.source, tokenName: "Token", isTemporary: true)
    }
}
