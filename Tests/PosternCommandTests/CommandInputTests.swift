// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import PosternTestSupport
import RuleFiles
import Testing
import WireFormats

@testable import postern

struct CredentialInputTests {
    @Test(arguments: [
        "abc.def", " abc.def\n", "Bearer abc.def", "bearer  abc.def\r\n", "Authorization: Bearer abc.def",
        "AUTHORIZATION:abc.def",
        "authorization:\tBearer\u{20}abc.def\n\n",
    ])
    func `header name, scheme and white space are removed`(text: String) throws {
        let folder = try TemporaryFolder()
        #expect(try CredentialInput.read(words: [], file: folder.write(text, to: "token")) == "abc.def")
        #expect(try CredentialInput.read(words: text.split(separator: " ").map(String.init), file: nil) == "abc.def")
    }

    @Test func `an empty, missing or too long credential is refused`() throws {
        let folder = try TemporaryFolder()
        for text in ["", "\n", "Authorization:", String(repeating: "x", count: 65_537)] {
            let file = try folder.write(text, to: "token")
            #expect(throws: ValidationError.self) { try CredentialInput.read(words: [], file: file) }
        }
        #expect(throws: ValidationError.self) { try CredentialInput.read(words: [], file: folder.path + "/none") }
        let file = try folder.write(String(repeating: "x", count: 65_536), to: "token")
        #expect(try CredentialInput.read(words: [], file: file).utf8.count == 65_536)
    }

    @Test func `a credential and a file are refused together`() {
        #expect(throws: ValidationError.self) { try CredentialInput.read(words: ["a"], file: "b") }
        #expect(throws: ValidationError.self) { try CredentialInput.read(words: ["a"], file: "-") }
    }
}

struct TokenCommandTests {
    private static let required = ["--key", "k.pem", "--issuer", "i", "--audience", "a", "--user", "u"]

    @Test(arguments: [
        [], ["--expires", "7d"], ["--claim", "org=acme"], ["--claim", "a=", "--claim", "b=c=d"], ["--user-claim", "email"],
    ])
    func `valid options are accepted`(options: [String]) throws {
        _ = try Token.parse(Self.required + options)
    }

    @Test(arguments: [
        ["--expires", "5"], ["--claim", "org"], ["--claim", "=acme"], ["--claim", "iss=x"], ["--claim", "sub=x"],
        ["--claim", "a=1", "--claim", "a=2"], ["--user-claim", "exp"], ["--secret-file", "s"],
    ])
    func `options that contradict each other are refused`(options: [String]) {
        #expect(throws: (any Error).self) { try Token.parse(Self.required + options) }
    }

    @Test func `the payload has exactly the claims`() throws {
        let claims = TokenClaims(
            issuer: "https://id.example", audience: "uploads", userClaim: "email", user: "u\"1",
            issuedAt: .january2027 + 0.9, lifetime: 60, others: [("org", "acme")])
        #expect(
            String(decoding: claims.json, as: UTF8.self)
                == #"{"iss":"https://id.example","aud":"uploads","email":"u\"1","iat":1800000000,"exp":1800000060,"org":"acme"}"#)
    }
}
