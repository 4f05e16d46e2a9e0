// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import Testing

@testable import AWSCredentials

/// The shared files are read once in each search for credentials, and what they say then holds for all of it.
struct CredentialSearchTests {
    private static let files = [CredentialChainTests.configFile, CredentialChainTests.credentialsFile]
    private static let role = CredentialChainTests.role

    private static let outer = """
        [profile outer]
        role_arn = arn:aws:iam::123456789012:role/outer
        source_profile = inner
        region = eu-north-1
        [profile inner]
        role_arn = arn:aws:iam::123456789012:role/inner
        source_profile = base
        [profile base]
        aws_access_key_id = AKIDBASE
        aws_secret_access_key = CANARY
        """

    @Test func `the default chain reads the shared files once, down to the instance metadata`() async throws {
        let services = FakeServices(handler: CredentialChainTests.everyone)
        let chain = CredentialChain(.standard, context: services.context())
        #expect(try await chain.refresh().provider == "instance metadata")
        #expect(services.reads == Self.files)
        _ = try await chain.refresh()
        #expect(services.reads == Self.files + Self.files)
    }

    @Test func `a profile's role, its source profile and both STS clients read the shared files once`() async throws {
        let services = FakeServices(
            files: [CredentialChainTests.configFile: Self.outer], handler: CredentialChainTests.everyone)
        let chain = CredentialChain(.profile("outer"), context: services.context())
        _ = try await chain.refresh()
        #expect(services.requests.count == 2)
        #expect(services.reads == Self.files)
    }

    @Test func `a tenant's role and the chain that it is assumed with read the shared files once`() async throws {
        let services = FakeServices(handler: CredentialChainTests.everyone)
        let role = AssumedRole(
            roleARN: Self.role, externalID: nil, sessionName: nil, sessionPolicy: nil, region: "eu-west-1")
        _ = try await CredentialChain(.role(role), context: services.context()).refresh()
        #expect(services.reads == Self.files)
    }

    @Test func `a file that changes during a round takes effect in the next round`() async throws {
        let services = FakeServices(files: [CredentialChainTests.configFile: Self.outer])
        services.answer { request throws(OutgoingError) in
            services.write(
                CredentialChainTests.configFile, Self.outer.replacingOccurrences(of: "eu-north-1", with: "eu-west-3"))
            return try CredentialChainTests.everyone(request)
        }
        let chain = CredentialChain(.profile("outer"), context: services.context())
        _ = try await chain.refresh()
        _ = try await chain.refresh()
        #expect(
            services.requests.map(\.url) == [
                "https://sts.eu-north-1.amazonaws.com/", "https://sts.eu-north-1.amazonaws.com/",
                "https://sts.eu-west-3.amazonaws.com/",
            ])
    }

    @Test func `the shared files are not read if no provider needs them`() async throws {
        let services = FakeServices(files: [CredentialChainTests.configFile: "broken"])
        let chain = CredentialChain(.standard, context: services.context(CredentialChainTests.keys))
        _ = try await chain.refresh()
        #expect(services.reads.isEmpty)
    }
}
