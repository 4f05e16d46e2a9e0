// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Testing

struct CredentialSourceTests {
    private static let arn = "arn:aws:iam::123456789012:role/up"

    private static func role(
        external: String? = nil, session: String? = nil, policy: String? = nil, region: String? = nil
    ) -> CredentialSource {
        .role(AssumedRole(roleARN: arn, externalID: external, sessionName: session, sessionPolicy: policy, region: region))
    }

    @Test func `different origins have different names`() {
        let origins = [
            .standard, .profile("default"), .profile("acme"), .environment(prefix: "acme"), Self.role(),
            Self.role(external: "x-1"),
            Self.role(external: "x-2"), Self.role(session: "postern-acme", policy: "{}"),
            Self.role(session: "postern-beta", policy: "{}"),
            Self.role(region: "eu-west-1"), Self.role(region: "eu-west-2"), Self.role(external: "x-1", region: "eu-west-1"),
        ]
        #expect(Set(origins).count == origins.count)
        #expect(Set(origins.map(\.description)).count == origins.count)
    }
}
