// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@testable import UserAuth

struct HostileKeySetTests {
    private static let key = SigningKey.es256()

    /// The status of a scene after one fetch of a text.
    private static func status(_ behaviour: KeyProvider.Behaviour) async -> RemoteKeysStatus {
        let scene = RemoteScene(behaviour)
        await scene.step()
        return scene.status
    }

    private static func isHarmless(_ text: String) -> Bool {
        text.utf8.count < 1000 && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }

    private static let longID = String(repeating: "k", count: 10_000)
    private static let wildID = #"a\u0000\u001b[31m\n\u0085\u202e\u2028é\\\""#

    struct Hostile: Sendable, CustomTestStringConvertible {
        let what: String
        let text: String
        let reason: String
        var testDescription: String { what }
    }

    private static func set(_ keys: [String]) -> String { "{\"keys\":[" + keys.joined(separator: ",") + "]}" }

    private static func set(_ count: Int, _ key: (Int) -> String) -> String { set((0..<count).map(key)) }

    private static let nestedKeys = "{\"keys\":[" + String(repeating: "{\"a\":", count: 50_000)
    private static let manyMembers = "{" + (0..<20_000).map { "\"\($0)\":0," }.joined() + "\"keys\":[]}"
    private static let hugeModulus = String(repeating: "_", count: 3900)

    private static let hostile: [Hostile] = [
        Hostile(what: "deep", text: String(repeating: "[", count: 200_000), reason: "not-json"),
        Hostile(what: "deep below keys", text: nestedKeys, reason: "not-json"),
        Hostile(what: "a long name twice", text: "{\"\(longID)\":1,\"\(longID)\":2}", reason: "not-json"),
        Hostile(what: "many members", text: manyMembers, reason: "no-usable-key"),
        Hostile(what: "65 numbers", text: set(65) { "\($0)" }, reason: "too-many-keys"),
        Hostile(what: "65 keys", text: set(65) { key.jwk(kid: "k\($0)") }, reason: "too-many-keys"),
        Hostile(what: "a kid twice", text: set(2) { _ in key.jwk() }, reason: "duplicate-kid"),
        Hostile(what: "a long kid twice", text: set(2) { _ in "{\"kid\":\"\(longID)\"}" }, reason: "duplicate-kid"),
        Hostile(what: "a wild kid twice", text: set(2) { _ in "{\"kid\":\"\(wildID)\"}" }, reason: "duplicate-kid"),
        Hostile(what: "a long kid", text: set([key.jwk(kid: longID)]), reason: "no-usable-key"),
        Hostile(
            what: "64 wild kids", text: set(64) { "{\"kid\":\"\(wildID)\(longID.prefix(1000))\($0)\"}" }, reason: "no-usable-key"),
        Hostile(what: "a secret", text: set(["{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AAAA\"}"]), reason: "no-usable-key"),
        Hostile(
            what: "64 huge keys", text: set(64) { _ in "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(hugeModulus)\"}" },
            reason: "no-usable-key"),
    ]

    @Test(arguments: hostile)
    func `no hostile key set traps, is adopted or is shown in the error`(hostile: Hostile) async throws {
        let status = await Self.status(.text(hostile.text))
        #expect(status.lastErrorReason == hostile.reason)
        #expect(!status.hasKeys)
        #expect(Self.isHarmless(try #require(status.lastError)))
    }

    @Test func `a key with a hostile id is used, and its id is printed escaped`() async throws {
        let status = await Self.status(
            .keys(Self.key.jwk(kid: Self.wildID), Self.key.jwk(kid: Self.longID), SigningKey.es256().jwk()))
        #expect(status.keyIDs == [#"a\x00\x1b[31m\x0a\xc2\x85\xe2\x80\xae\xe2\x80\xa8\xc3\xa9\x5c\x22"#, "k1"])
        #expect(status.skipped.count == 1)
        #expect(status.lastError == nil)
    }

    @Test func `a set of 64 keys is accepted`() async {
        let keys = (0..<64).map { Self.key.jwk(kid: "k\($0)") }.joined(separator: ",")
        let status = await Self.status(.text("{\"keys\":[\(keys)]}"))
        #expect(status.keyIDs.count == 64)
        #expect(status.successes == 1)
    }
}
