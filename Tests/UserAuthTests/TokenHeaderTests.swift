// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

struct TokenHeaderTests {
    /// Signs the usual claims under a header and tells what becomes of them.
    private func answer(_ header: String) throws -> String {
        let scene = try Scene()
        return scene.answer(try scene.key.token(header: header, payload: Claims().json))
    }

    @Test(arguments: ["JWT", "jwt", "at+jwt", "AT+JWT", "application/jwt", "application/at+jwt", "Application/At+Jwt"])
    func `typ is JWT or at+jwt in any case, with application/ or not, or absent`(type: String) throws {
        #expect(try answer("{\"alg\":\"ES256\",\"typ\":\"\(type)\"}") == "accepted")
        #expect(try answer("{\"alg\":\"ES256\"}") == "accepted")
    }

    @Test(arguments: [
        "\"\"", "\"JOSE\"", "\"dpop+jwt\"", "\"logout+jwt\"", "\"secevent+jwt\"", "\"application/\"",
        "\"application/application/jwt\"",
        "\"text/jwt\"", "\"JWT \"", "\"JWT\\u0000\"", "null", "1", "[\"JWT\"]", "\"J\\u0057T\\u0301\"",
    ])
    func `any other typ is refused`(type: String) throws {
        #expect(try answer("{\"alg\":\"ES256\",\"typ\":\(type)}") == "type-not-allowed")
    }

    @Test(arguments: [
        "{}", "{\"alg\":null}", "{\"alg\":256}", "{\"alg\":[\"ES256\"]}", "{\"alg\":\"\"}", "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"NONE\"}", "{\"alg\":\"es256\"}", "{\"alg\":\"ES256 \"}", "{\"alg\":\"ES256\\u0000\"}",
        "{\"alg\":\"ES256K\"}",
        "{\"ALG\":\"ES256\"}", "{\"alg\":\"ＥＳ256\"}",
    ])
    func `alg must name an algorithm exactly as the RFC does`(header: String) throws {
        #expect(try answer(header) == "algorithm-unsupported")
    }

    @Test(arguments: ["ES384", "RS256", "HS256", "EdDSA", "PS512"])
    func `an algorithm that is not the issuer's is refused`(name: String) throws {
        #expect(try answer("{\"alg\":\"\(name)\"}") == "algorithm-not-allowed")
    }

    @Test(arguments: ["[]", "[\"exp\"]", "[\"b64\"]", "null", "\"\"", "{}"])
    func `crit is refused, whatever it contains`(value: String) throws {
        #expect(try answer("{\"alg\":\"ES256\",\"crit\":\(value)}") == "critical-extension")
        #expect(try answer("{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}") == "critical-extension")
    }

    @Test(arguments: ["true", "false", "null", "\"\""])
    func `b64 is refused`(value: String) throws {
        #expect(try answer("{\"alg\":\"ES256\",\"b64\":\(value)}") == "unencoded-payload")
    }

    @Test(arguments: [
        "", " ", "[]", "\"ES256\"", "null", "{\"alg\":\"ES256\"", "{\"alg\":\"ES256\"}x", "{\"alg\":\"ES256\",}",
        "\u{FEFF}{\"alg\":\"ES256\"}",
        "{\"alg\":\"none\",\"alg\":\"ES256\"}", "{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}",
        "{\"alg\":\"ES256\",\"x\":\"\\ud800\"}", "{\"alg\":\"ES256\",\"x\":\"\u{0}\"}", "{\"alg\":\"ES256\",\"x\":\"\r\n\"}",
        "{'alg':'ES256'}", "{\"alg\":\"ES256\"/**/}",
    ])
    func `a header that is not a JSON object, or repeats a name, is refused`(header: String) throws {
        #expect(try answer(header) == "header-malformed")
    }

    @Test func `a header with 1000 levels is refused`() throws {
        let deep = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        #expect(try answer("{\"alg\":\"ES256\",\"x\":\(deep)}") == "header-malformed")
    }

    @Test func `kid is a string of at most 128 bytes`() throws {
        for value in [
            "7", "null", "[\"k1\"]", "{}", "\"\(String(repeating: "k", count: 129))\"",
            "\"\(String(repeating: "é", count: 65))\"",
        ] {
            #expect(try answer("{\"alg\":\"ES256\",\"kid\":\(value)}") == "key-id-malformed")
        }
        for value in ["", "k2", "K1", "k1 ", "k1\\u0000", "../k1", "k1' OR '1'='1", "\\r\\n", String(repeating: "k", count: 128)]
        {
            #expect(try answer("{\"alg\":\"ES256\",\"kid\":\"\(value)\"}") == "key-unknown")
        }
        #expect(try answer("{\"alg\":\"ES256\",\"kid\":\"k1\"}") == "accepted")
        #expect(try answer("{\"alg\":\"ES256\",\"kid\":\"\\u006b1\"}") == "accepted")
    }

    @Test func `kid may be missing only if the set has one key`() throws {
        let keys = [SigningKey.es256(), SigningKey.es256()]
        let text = "{\"keys\":[\(keys[0].jwk(kid: "a")),\(keys[1].jwk(kid: "b"))]}"
        let set = try KeySet(jwks: Array(text.utf8), algorithms: [.es256])
        let scene = Scene(key: keys[0], keys: set, algorithms: [.es256])
        #expect(scene.answer(try keys[0].token(kid: nil)) == "key-id-missing")
        #expect(scene.answer(try keys[0].token(kid: "a")) == "accepted")
        #expect(scene.answer(try keys[1].token(kid: "b")) == "accepted")
        #expect(scene.answer(try keys[1].token(kid: "a")) == "signature-invalid")
        #expect(scene.answer(try keys[0].token(kid: "c")) == "key-unknown")
        #expect(try answer("{\"alg\":\"ES256\"}") == "accepted")
    }

    @Test(arguments: ["jku", "x5u", "jwk", "x5c"])
    func `keys and addresses of keys in the header are ignored`(name: String) throws {
        let (scene, stranger) = (try Scene(), SigningKey.es256())
        let value =
            switch name {
            case "jwk": stranger.jwk()
            case "x5c": "[\"AAAA\"]"
            default: "\"https://stranger.example/keys\""
            }
        let header = "{\"alg\":\"ES256\",\"kid\":\"k1\",\"\(name)\":\(value)}"
        #expect(scene.answer(try stranger.token(header: header, payload: Claims().json)) == "signature-invalid")
        #expect(scene.answer(try scene.key.token(header: header, payload: Claims().json)) == "accepted")
    }
}
