// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing

@testable import AWSCredentials

struct EnvironmentProviderTests {
    private static func read(_ prefix: String, _ variables: [String: String]) throws(CredentialError) -> SigningCredentials {
        try EnvironmentProvider(context: FakeServices().context(variables), prefix: prefix).readVariables()
    }

    private static let pair = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE000000001", "AWS_SECRET_ACCESS_KEY": canary]

    @Test func `session token and expiration are read if they are set`() throws {
        let variables = Self.pair.merging(["AWS_SESSION_TOKEN": "token", "AWS_CREDENTIAL_EXPIRATION": "2026-01-01T00:05:00Z"]) {
            $1
        }
        let credentials = try Self.read("AWS", variables)
        #expect(credentials.sessionToken == "token")
        #expect(credentials.expiration == FakeServices.start)
    }

    @Test func `an empty session token or expiration counts as not set`() throws {
        let variables = Self.pair.merging(["AWS_SESSION_TOKEN": "", "AWS_CREDENTIAL_EXPIRATION": ""]) { $1 }
        let credentials = try Self.read("AWS", variables)
        #expect(credentials.sessionToken == nil)
        #expect(credentials.expiration == nil)
    }

    @Test func `an expiration that is not a date is a configuration error`() async {
        let variables = Self.pair.merging(["AWS_CREDENTIAL_EXPIRATION": "tomorrow"]) { $1 }
        let found = await problem { () throws(CredentialError) in try Self.read("AWS", variables) }
        #expect(found?.isConfiguration == true)
        #expect(found?.description.contains("AWS_CREDENTIAL_EXPIRATION") == true)
    }

    @Test(arguments: ["AKIAEXAMPLE000000001", "ASIAEXAMPLE000000001", "AKIA0123456789ABCDEF", "ASIAZZZZZZZZZZZZZZZZ"])
    func `a secret that has the form of an access key id is refused: the two are exchanged`(id: String) async {
        let found = await problem { () throws(CredentialError) in
            try Self.read("X", ["X_ACCESS_KEY_ID": canary, "X_SECRET_ACCESS_KEY": id])
        }
        #expect(found?.isConfiguration == true)
        #expect(found?.description.contains("swapped") == true)
        #expect(found?.description.contains(canary) == false && found?.description.contains(id) == false)
        let received = ReceivedCredentials(accessKeyID: canary, secretAccessKey: id, sessionToken: nil, expiration: nil)
        let answered = await problem { () throws(CredentialError) in
            try received.validated(from: "it", tokenName: "Token", isTemporary: false)
        }
        #expect(answered?.isExchangedPair == true)
    }

    @Test(arguments: [
        "AKIAEXAMPLE00000000", "AKIAEXAMPLE0000000001", "AKIAexample000000001", "AKIAEXAMPLE00000000/",
        "XKIAEXAMPLE000000001", "AKIDEXAMPLE000000001",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AKIAXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEYX",
    ])
    func `any other secret is accepted, even one that begins like an access key id`(secret: String) throws {
        let variables = ["X_ACCESS_KEY_ID": "AKIAEXAMPLE000000001", "X_SECRET_ACCESS_KEY": secret]
        #expect(try Self.read("X", variables).secretAccessKey == secret)
        let received = ReceivedCredentials(
            accessKeyID: "AKIAEXAMPLE000000001", secretAccessKey: secret, sessionToken: nil, expiration: nil)
        #expect(try received.validated(from: "it", tokenName: "Token", isTemporary: false).secretAccessKey == secret)
    }

    @Test(arguments: [
        (["X_ACCESS_KEY_ID": "a"], CredentialError.incomplete(missing: "X_SECRET_ACCESS_KEY")),
        (["X_SECRET_ACCESS_KEY": canary], .incomplete(missing: "X_ACCESS_KEY_ID")),
        ([:], .notSet(names: ["X_ACCESS_KEY_ID", "X_SECRET_ACCESS_KEY"])),
        (["X_ACCESS_KEY_ID": "a b", "X_SECRET_ACCESS_KEY": canary], .malformed(name: "X_ACCESS_KEY_ID")),
        (["X_ACCESS_KEY_ID": "a", "X_SECRET_ACCESS_KEY": "\(canary)\n"], .malformed(name: "X_SECRET_ACCESS_KEY")),
        (
            ["X_ACCESS_KEY_ID": String(repeating: "a", count: 129), "X_SECRET_ACCESS_KEY": canary],
            .malformed(name: "X_ACCESS_KEY_ID")
        ),
    ])
    func `incomplete and quoted pairs are refused`(variables: [String: String], expected: CredentialError) async {
        let found = await problem { () throws(CredentialError) in
            try Self.read("X", variables)
        }
        #expect(found == expected)
        #expect(found?.description.contains(canary) == false)
    }
}
