// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

struct AuthorizationHeaderTests {
    @Test func `a request has exactly one Authorization header`() throws {
        let scene = try Scene()
        let value = try "Bearer \(scene.key.token())"
        #expect(scene.authenticator.answer(values: [value]) == "accepted")
        #expect(scene.authenticator.answer(values: []) == "authorization-missing")
        #expect(scene.authenticator.answer(values: [value, value]) == "authorization-repeated")
        #expect(scene.authenticator.answer(values: [value, ""]) == "authorization-repeated")
        #expect(scene.authenticator.answer(values: ["", value]) == "authorization-repeated")
        #expect(scene.authenticator.answer(values: ["Basic eDp5", value]) == "authorization-repeated")
        #expect(scene.authenticator.answer(values: ["\(value), \(value)"]) == "token-malformed")
    }

    @Test func `the scheme is Bearer in any case, followed by spaces`() throws {
        let scene = try Scene()
        let token = try scene.key.token()
        for value in ["Bearer \(token)", "bearer \(token)", "BEARER \(token)", "bEaReR   \(token)"] {
            #expect(scene.authenticator.answer(values: [value]) == "accepted")
        }
        let others = [
            "", " ", "Bearer", token, "Bearer\t\(token)", " Bearer \(token)", "Basic \(token)", "Token \(token)",
            "BearerX \(token)",
            "Beare \(token)", "Bearer,\(token)", "\u{2}earer \(token)", "DPoP \(token)", "Bearer\u{a0}\(token)",
            "ᴮearer \(token)",
        ]
        for value in others {
            #expect(scene.authenticator.answer(values: [value]) == "scheme-not-bearer")
        }
        for value in ["Bearer ", "Bearer    "] {
            #expect(scene.authenticator.answer(values: [value]) == "token-malformed")
        }
    }

    @Test func `a token with other text around it is refused`() throws {
        let scene = try Scene()
        let token = try scene.key.token()
        for value in [
            "Bearer \(token) ", "Bearer \(token)\r\n", "Bearer \"\(token)\"", "Bearer \(token),", "Bearer \(token)\u{0}",
        ] {
            #expect(scene.authenticator.answer(values: [value]) == "token-malformed")
        }
    }

    @Test func `a header of 8 KiB is accepted, and one byte more is not`() throws {
        let scene = try Scene()
        let prefix = "Bearer ".utf8.count
        func value(fill: Int) throws -> String {
            try "Bearer \(scene.key.token(Claims().with("fill", "\"\(String(repeating: "x", count: fill))\"")))"
        }
        // Three more bytes make four more characters; the right number is found by trying.
        let fitting = try (5600...6100).last { try value(fill: $0).utf8.count <= 8192 }
        let fill = try #require(fitting)
        #expect(try scene.authenticator.answer(values: [value(fill: fill)]) == "accepted")
        #expect(try scene.authenticator.answer(values: [value(fill: fill + 3)]) == "authorization-too-long")
        #expect(
            scene.authenticator.answer(values: ["Bearer " + String(repeating: "x", count: 8192 - prefix)]) == "token-malformed")
        #expect(
            scene.authenticator.answer(values: ["Bearer " + String(repeating: "x", count: 8193 - prefix)])
                == "authorization-too-long")
        #expect(scene.authenticator.answer(values: [String(repeating: "x", count: 1 << 20)]) == "authorization-too-long")
    }
}
