// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct KeySetSecretTests {
    private static let text = "correct horse battery staple, and more"

    private func accepts(_ file: [UInt8], secret: [UInt8], _ algorithm: Algorithm = .hs256, kid: String? = nil) throws
        -> Bool
    {
        let set = try KeySet(secret: file, algorithms: [algorithm])
        let token = try SigningKey.hmac(algorithm, secret: secret).token(kid: kid)
        return (try? set.verify(Array(token.utf8), algorithms: [algorithm])) != nil
    }

    @Test(arguments: ["", "\n", "\r\n"])
    func `one line end after a text is not part of the secret`(end: String) throws {
        #expect(try accepts(Array((Self.text + end).utf8), secret: Array(Self.text.utf8)))
    }

    @Test(arguments: ["\n\n", " ", "\r", " \n\n", "\t\n"])
    func `any other white space is part of the secret`(end: String) throws {
        let file = Array((Self.text + end).utf8)
        #expect(try accepts(file, secret: file))
        #expect(!(try accepts(file, secret: Array(Self.text.utf8))))
    }

    @Test func `a secret that is not text is used unchanged, including a line end as its last byte`() throws {
        let file = [UInt8](repeating: 0xA7, count: 40) + [0x0A]
        #expect(try accepts(file, secret: file))
    }

    @Test(arguments: [(Algorithm.hs256, 32), (.hs384, 48), (.hs512, 64)])
    func `a secret must be as long as the hash of each algorithm`(algorithm: Algorithm, minimum: Int) throws {
        let secret = [UInt8](repeating: UInt8(ascii: "k"), count: minimum)
        #expect(try accepts(secret, secret: secret, algorithm))
        #expect(try accepts(secret + [0x0A], secret: secret, algorithm))
        for file in [Array(secret.dropLast()), secret.dropLast() + [0x0A]] {
            let error = #expect(throws: KeySetError.self) {
                try KeySet(secret: file, algorithms: [algorithm])
            }
            #expect(error?.description.contains("\(minimum) bytes") == true)
        }
        #expect(throws: KeySetError.self) {
            try KeySet(secret: [UInt8](repeating: 0x41, count: 63), algorithms: [.hs256, .hs512])
        }
    }

    @Test func `a JSON Web Key, or a set of them with ids, may hold secrets`() throws {
        let (first, second) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let key = "{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode(first))\",\"kid\":\"a\"}"
        #expect(try accepts(Array(key.utf8), secret: first, kid: "a"))
        #expect(try accepts(Array(key.utf8), secret: first))
        #expect(!(try accepts(Array(key.utf8), secret: first, kid: "b")))
        let set = "{\"keys\":[\(key),{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode(second))\",\"kid\":\"b\",\"alg\":\"HS256\"}]}"
        #expect(try accepts(Array(set.utf8), secret: first, kid: "a"))
        #expect(try accepts(Array(set.utf8), secret: second, kid: "b"))
        #expect(!(try accepts(Array(set.utf8), secret: second, kid: "a")))
        #expect(!(try accepts(Array(set.utf8), secret: first)))
    }

    private func oct(_ secret: [UInt8], kid: String? = nil, alg: Algorithm? = nil) -> String {
        let id = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
        let name = alg.map { ",\"alg\":\"\($0.rawValue)\"" } ?? ""
        return "{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode(secret))\"\(id)\(name)}"
    }

    @Test(arguments: [(Algorithm.hs256, 32), (.hs384, 48), (.hs512, 64)])
    func `the secret of a JSON Web Key must be as long as the hash`(algorithm: Algorithm, minimum: Int) throws {
        let good = [UInt8](repeating: 1, count: minimum)
        #expect(try accepts(Array(oct(good).utf8), secret: good, algorithm))
        for short in [[2], [UInt8](repeating: 2, count: minimum - 1)] {
            for key in [oct(short), oct(short, alg: algorithm), "{\"keys\":[\(oct(short, kid: "short"))]}"] {
                let error = #expect(throws: KeySetError.self) {
                    try KeySet(secret: Array(key.utf8), algorithms: [algorithm])
                }
                #expect(error?.skipped.map(\.reason) == [.secretTooShort])
            }
            let both = Array("{\"keys\":[\(oct(short, kid: "short")),\(oct(good, kid: "good"))]}".utf8)
            let set = try KeySet(secret: both, algorithms: [algorithm])
            #expect(set.keyIDs == ["good"])
            #expect(set.skipped.map(\.reason) == [.secretTooShort])
            #expect(try accepts(both, secret: good, algorithm, kid: "good"))
            #expect(!(try accepts(both, secret: short, algorithm, kid: "short")))
        }
    }

    @Test func `a JSON Web Key without alg must be long enough for each of the issuer's algorithms`() throws {
        let secret = [UInt8](repeating: 1, count: 32)
        let error = #expect(throws: KeySetError.self) {
            try KeySet(secret: Array(oct(secret).utf8), algorithms: [.hs256, .hs512])
        }
        #expect(error?.skipped.map(\.reason) == [.secretTooShort])
        let set = try KeySet(secret: Array(oct(secret, alg: .hs256).utf8), algorithms: [.hs256, .hs512])
        #expect(set.skipped.isEmpty)
        #expect(throws: KeySetError.self) {
            try KeySet(secret: Array(oct(secret, alg: .hs512).utf8), algorithms: [.hs256, .hs512])
        }
    }

    @Test func `text that only looks like JSON is a secret`() throws {
        for text in ["{this is a secret of enough bytes}", "{\"password\":\"of enough bytes, 32 or more\"}"] {
            #expect(try accepts(Array(text.utf8), secret: Array(text.utf8)))
        }
    }

    @Test func `public and private keys are refused as secrets`() throws {
        let ecKey = SigningKey.es256()
        let set = "{\"keys\":[\(ecKey.jwk())]}"
        let mixed =
            "{\"keys\":[{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode([UInt8](repeating: 1, count: 32)))\"},\(ecKey.jwk())]}"
        let privateSet = "{\"keys\":[\(ecKey.jwk(further: ",\"d\":\"AA\""))]}"
        let pem = try #require(TokenSigner.generate(.es256)?.publicPEM)
        let privatePEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
        for text in [set, mixed, privateSet, ecKey.jwk(), pem, PEMTestFile.rsaCertificate, privatePEM] {
            let error = #expect(throws: KeySetError.self) {
                try KeySet(secret: Array(text.utf8), algorithms: [.hs256])
            }
            let isProtected = text == privateSet || text == privatePEM
            #expect(error?.description.hasPrefix(isProtected ? "it has a private key" : "it has public keys") == true)
        }
    }

    @Test(arguments: [[Algorithm.rs256], [.hs256, .es256], []])
    func `asymmetric algorithms are refused with a secret, alone or beside HS256`(algorithms: [Algorithm]) {
        #expect(throws: KeySetError.self) {
            try KeySet(secret: Array(Self.text.utf8), algorithms: algorithms)
        }
    }
}

extension KeySetError {
    /// The keys that were skipped where none was left.
    var skipped: [SkippedKey] {
        if case .noUsableKey(let skipped) = self { skipped } else { [] }
    }
}
