// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct APIKeyRecordTests {
    private func make(_ tenant: String = "acme", _ id: String = "cms") throws -> APIKey {
        var generator = SystemRandomNumberGenerator()
        return try #require(APIKey.generate(tenant: tenant, id: id, random: &generator))
    }

    private func authenticator(_ keys: APIKeyRecord...) -> Authenticator {
        Authenticator(issuers: [], apiKeys: keys)
    }

    @Test func `a key is accepted by the hash in the rule file and has the file's permissions`() throws {
        let text = try make()
        let key = APIKeyRecord(
            tenant: "acme",
            id: "cms",
            sha256: text.sha256,
            expires: .now(10),
            scopes: ["a"],
            rules: ["avatars"],
            allowUsers: ["u1", "u2"]
        )
        let principal = try authenticator(key).authenticate(authorization: ["bearer \(text.key)"], at: .now())
        #expect(principal.tenant == "acme")
        #expect(principal.user == nil)
        #expect(principal.scopes == ["a"])
        #expect(principal.expires == .now(10))
        guard case .apiKey(let record) = principal.source else { return #expect(Bool(false)) }
        #expect(record.id == "cms")
        #expect(record.rules == ["avatars"])
        #expect(record.allowUsers == ["u1", "u2"])
    }

    @Test func `a new key has the form pstn.<tenant>.<id>.<43 characters>, and its hash is of the whole key`() throws {
        let text = try make("a-1", "key-2-b")
        let parts = text.key.split(separator: ".")
        #expect(parts.map(String.init).dropLast() == ["pstn", "a-1", "key-2-b"])
        #expect(parts[3].utf8.count == 43)
        #expect(text.sha256 == SHA256DigestTests.sha256(Array(text.key.utf8)))
        #expect(text.sha256Hex.utf8.count == 64)
        #expect(text.sha256Hex.hasPrefix(String(text.sha256[0] >> 4, radix: 16) + String(text.sha256[0] & 15, radix: 16)))
        #expect(APIKey(parsing: text.key.utf8)?.id == "key-2-b")
        #expect(try make().key != make().key)
    }

    @Test func `the last use is that of one key, and is forgotten with it`() throws {
        let uses = APIKeyUses()
        func declare(_ keys: [APIKey]) -> [APIKeyRecord] {
            keys.map { APIKeyRecord(tenant: $0.tenant, id: $0.id, sha256: $0.sha256) }
        }
        let (old, other) = (try make("acme", "cms"), try make("acme", "app"))
        let first = declare([old, other])
        let authenticator = Authenticator(issuers: [], apiKeys: first, uses: uses)
        for key in [old, other] { _ = try authenticator.authenticate(authorization: ["Bearer \(key.key)"], at: .now(7)) }
        #expect(first.map { uses.lastUse(of: $0) } == [Date.now(7).timeIntervalSince1970, Date.now(7).timeIntervalSince1970])
        // Another key with the id of the old one has not been used.
        let second = declare([try make("acme", "cms")])
        let next = Authenticator(issuers: [], apiKeys: second, uses: uses)
        #expect(uses.lastUse(of: second[0]) == nil && uses.lastUse(of: first[1]) != nil)
        // That of a key which is gone is not kept.
        next.forgetUsesOfUndeclaredKeys()
        #expect(uses.lastUse(of: first[1]) == nil)
    }

    @Test func `a key consists of the generator's bytes`() {
        struct Counter: RandomNumberGenerator {
            var value: UInt64 = 0
            mutating func next() -> UInt64 {
                value += 1
                return value
            }
        }
        var (first, second) = (Counter(), Counter())
        let text = APIKey.generate(tenant: "acme", id: "cms", random: &first)
        #expect(text?.key == APIKey.generate(tenant: "acme", id: "cms", random: &second)?.key)
        #expect(text?.key == "pstn.acme.cms.AQAAAAAAAAACAAAAAAAAAAMAAAAAAAAABAAAAAAAAAA")
    }

    @Test(arguments: [
        ("", "a"), ("a", ""), ("A", "a"), ("-a", "a"), ("a.b", "a"), ("a", "a.b"), ("a", "-a"), ("a", "_a"), ("a", "A"),
        ("é", "a"),
        ("a", "a b"), ("a", "\u{10}"),
    ])
    func `ids that would break the form are refused`(tenant: String, id: String) {
        var generator = SystemRandomNumberGenerator()
        #expect(APIKey.generate(tenant: tenant, id: id, random: &generator) == nil)
        #expect(APIKey.generate(tenant: String(repeating: "a", count: 64), id: "a", random: &generator) == nil)
        #expect(APIKey.generate(tenant: "a", id: String(repeating: "a", count: 64), random: &generator) == nil)
        let longest = APIKey.generate(
            tenant: String(repeating: "a", count: 63), id: String(repeating: "a", count: 63), random: &generator)
        #expect(longest.flatMap { APIKey(parsing: $0.key.utf8) } != nil)
    }

    @Test func `any other key is refused`() throws {
        let (text, other, foreign) = (try make(), try make(), try make("globex"))
        let authenticator = authenticator(APIKeyRecord(tenant: "acme", id: "cms", sha256: text.sha256))
        func answer(_ key: String) -> String { authenticator.answer(key) }
        #expect(answer(text.key) == "accepted")
        #expect(answer(other.key) == "api-key-mismatch")
        #expect(answer(foreign.key) == "api-key-unknown")
        #expect(answer(text.key.replacing("acme", with: "acmf")) == "api-key-unknown")
        #expect(answer(text.key.replacing("cms", with: "cmt")) == "api-key-unknown")
        #expect(answer(text.key.replacing("cms", with: "CMS")) == "api-key-malformed")
        let malformed = [
            text.key + " ", text.key + "=", text.key + "A", String(text.key.dropLast()), text.key + ".x", text.key + "\n",
            "pstn.", "pstn....",
            "pstn.acme.cms.", "pstn..cms.\(text.key.suffix(43))", "pstn.acme..\(text.key.suffix(43))",
            "pstn.acme.\(text.key.suffix(43))",
            "pstn.acme.cms.\(String(repeating: "+", count: 43))", "pstn.acme.cms.\(String(repeating: "A", count: 42))B",
            "pstn.\(String(repeating: "x", count: 8000))",
        ]
        for key in malformed {
            #expect(answer(key) == "api-key-malformed", "\(key.prefix(40))")
        }
        for key in ["PSTN" + text.key.dropFirst(4), "pstn", "xpstn." + text.key] {
            #expect(answer(key) == "token-malformed")
        }
    }

    @Test func `the secret's last character has only one form`() throws {
        let text = try make()
        let authenticator = authenticator(APIKeyRecord(tenant: "acme", id: "cms", sha256: text.sha256))
        let last = try #require(text.key.utf8.last)
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8 where other != last {
            #expect(authenticator.answer(text.key.dropLast() + String(UnicodeScalar(other))) != "accepted")
        }
    }

    @Test func `an expired key is refused from the exact instant`() throws {
        let text = try make()
        let authenticator = authenticator(APIKeyRecord(tenant: "acme", id: "cms", sha256: text.sha256, expires: .now(100)))
        #expect(authenticator.answer(text.key, at: 99.75) == "accepted")
        for offset in [100, 100.25, 1e9, Double.nan] {
            #expect(authenticator.answer(text.key, at: offset) == "api-key-expired")
        }
    }

    @Test func `two keys are valid at once while one replaces the other`() throws {
        let (old, new) = (try make("acme", "cms-1"), try make("acme", "cms-2"))
        let authenticator = authenticator(
            APIKeyRecord(tenant: "acme", id: "cms-1", sha256: old.sha256, expires: .now(100)),
            APIKeyRecord(tenant: "acme", id: "cms-2", sha256: new.sha256)
        )
        #expect([old, new].map { authenticator.answer($0.key) } == ["accepted", "accepted"])
        #expect([old, new].map { authenticator.answer($0.key, at: 200) } == ["api-key-expired", "accepted"])
        let crossed = old.key.replacing("cms-1", with: "cms-2")
        #expect(authenticator.answer(crossed) == "api-key-mismatch")
    }

    @Test(arguments: [0, 31, 33, 64])
    func `a hash of another length matches no key`(length: Int) throws {
        let text = try make()
        let hash = Array((text.sha256 + text.sha256).prefix(length))
        #expect(authenticator(APIKeyRecord(tenant: "acme", id: "cms", sha256: hash)).answer(text.key) == "api-key-unknown")
    }

    @Test func `printing a key does not show it`() throws {
        let text = try make()
        let secret = text.key.suffix(43)
        var dumped = ""
        dump(text, to: &dumped)
        for printed in ["\(text)", String(reflecting: text), "\([text])", "\(Optional(text) as Any)", dumped] {
            #expect(!printed.contains(secret))
        }
    }
}
