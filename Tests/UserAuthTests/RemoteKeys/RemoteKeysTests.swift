// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@testable import UserAuth

struct RemoteKeysTests {
    private let first = SigningKey.es256()
    private let second = SigningKey.es256()

    @Test func `after a rotation the new key is accepted after one fetch, and the removed key refused`() async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        await scene.run(.seconds(60))
        let (old, new) = (try first.token(), try second.token(kid: "k2"))
        #expect(scene.answer(old) == "accepted")
        scene.provider.publish(.keys(first.jwk(), second.jwk(kid: "k2")))
        #expect(scene.answer(new) == "key-unknown")
        await scene.step()
        #expect(scene.answer(new) == "accepted")
        #expect(scene.status.fetches == 2)
        #expect(scene.status.keyIDs == ["k1", "k2"])
        scene.provider.publish(.keys(second.jwk(kid: "k2")))
        await scene.run(FetchedKeys.defaultLifetime)
        #expect(scene.answer(old) == "key-unknown")
        #expect(scene.answer(new) == "accepted")
    }

    @Test func `a rotated key without an id causes a fetch by its wrong signature, once a minute`() async throws {
        let scene = RemoteScene(.keys(first.jwk(kid: nil)))
        await scene.run(.seconds(60))
        let new = try second.token(kid: nil)
        #expect(scene.answer(try first.token(kid: nil)) == "accepted")
        #expect(scene.answer(new) == "signature-invalid")
        await scene.step()
        #expect(scene.status.fetches == 2)
        scene.provider.publish(.keys(second.jwk(kid: nil)))
        for _ in 0..<1000 { _ = scene.answer(new) }
        await scene.run(.seconds(59))
        #expect(scene.status.fetches == 2)
        scene.pass(.seconds(2))
        #expect(scene.answer(new) == "signature-invalid")
        await scene.step()
        #expect(scene.answer(new) == "accepted")
        #expect(scene.status.fetches == 3)
    }

    @Test func `while the provider is down for an hour the last set is used and errors are counted`() async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        await scene.run(.seconds(1))
        scene.provider.publish(.failure(.timedOut(seconds: 2)))
        await scene.run(.seconds(3600))
        #expect(scene.answer(try first.token()) == "accepted")
        let status = scene.status
        #expect(status.ageSeconds == 3601)
        #expect(status.lastErrorReason == "timeout")
        #expect(status.lastError?.contains("no complete response within 2 s") == true)
        // 52.5 minutes are left after the set's time has come, with a fetch about every 53 s at the end.
        let failures = try #require(status.failures["timeout"])
        #expect((50...75).contains(failures))
        #expect(status.failuresInARow == failures)
        #expect(status.fetches == failures + status.successes)
        scene.provider.publish(.keys(first.jwk()))
        await scene.run(.seconds(61))
        #expect(scene.status.failuresInARow == 0)
        #expect(scene.status.failures == ["timeout": failures])
        #expect(scene.status.lastErrorAgeSeconds ?? 0 > 0)
        #expect(scene.status.successes == 2)
    }

    @Test func `after a day without the provider its tokens get 503 until shortly after it is back`() async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        let token = try first.token()
        await scene.run(.seconds(1))
        scene.provider.publish(.failure(.unreachable("connection refused")))
        await scene.run(.seconds(24 * 3600 - 20), tick: .seconds(7))
        #expect(scene.answer(token) == "accepted")
        await scene.run(.seconds(20))
        #expect(scene.answer(token) == "keys-unavailable")
        #expect(scene.authenticator.cacheStatistics.hits == 0)
        #expect(!scene.status.hasKeys)
        #expect(scene.status.keyIDs.isEmpty)
        scene.provider.publish(.keys(first.jwk()))
        await scene.run(.seconds(3.5))
        #expect(scene.answer(token) == "accepted")
    }

    @Test func `a set of the maximum age stays if a fetch has just succeeded`() async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        await scene.step()
        scene.pass(FetchedKeys.maximumAge)
        await scene.refresh()
        scene.remote.expire(at: scene.now)
        #expect(scene.answer(try first.token()) == "accepted")
    }

    @Test func `at a start without the provider tokens get 503, and are accepted within 3 s of its return`() async throws {
        let scene = RemoteScene(.failure(.unreachable("connection refused")))
        let token = try first.token()
        #expect(scene.answer(token) == "keys-unavailable")
        #expect(scene.status.ageSeconds == nil)
        await scene.run(.seconds(600))
        #expect(scene.answer(token) == "keys-unavailable")
        // Every 2.6 s at the least.
        #expect((200...300).contains(scene.status.fetches))
        scene.provider.publish(.keys(first.jwk()))
        await scene.run(.seconds(3))
        #expect(scene.answer(token) == "accepted")
        #expect(scene.status.ageSeconds ?? 99 <= 3)
    }

    struct Trouble: Sendable, CustomTestStringConvertible {
        let reason: String
        let behaviour: KeyProvider.Behaviour
        // Not what is answered, which can be long.
        var testDescription: String { reason }

        init(_ reason: String, _ behaviour: KeyProvider.Behaviour) {
            self.reason = reason
            self.behaviour = behaviour
        }
    }

    private static let troubles: [Trouble] = [
        Trouble("timeout", .failure(.timedOut(seconds: 1.3))), Trouble("tls", .failure(.tls("the handshake failed"))),
        Trouble("broken", .failure(.broken)),
        Trouble("authorities", .failure(.authorities(path: "/ca.pem"))), Trouble("bad-url", .failure(.badURL)),
        Trouble("too-large", .failure(.tooLarge(limit: 262_144))),
        Trouble("too-large", .text(String(repeating: " ", count: 10_000_000))),
        Trouble("status", .text("{}", status: 500)), Trouble("status", .text("{\"keys\":[]}", status: 204)),
        Trouble("status", .text("{}", status: 404)),
        Trouble("redirect", .text("", status: 302, headers: ["location": ["https://evil.example/"]])),
        Trouble("not-json", .text("<html>garbage</html>")), Trouble("not-json", .text("")),
        Trouble("not-json", .text("{\"keys\":[]} x")),
        Trouble("not-a-key-set", .text("{}")), Trouble("not-a-key-set", .text("[]")),
        Trouble("not-a-key-set", .text("{\"keys\":{}}")),
        Trouble("no-usable-key", .keys()), Trouble("no-usable-key", .keys("{}")),
        Trouble("no-usable-key", .keys("null", "1", "\"x\"")),
    ]

    @Test(arguments: troubles)
    func `an invalid answer leaves the keys in use and is counted with its reason`(trouble: Trouble) async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        await scene.step()
        scene.provider.publish(trouble.behaviour)
        await scene.run(FetchedKeys.defaultLifetime)
        #expect(scene.answer(try first.token()) == "accepted")
        let status = scene.status
        #expect(status.lastErrorReason == trouble.reason)
        #expect(status.failures.keys.sorted() == [trouble.reason])
        #expect(try #require(status.lastError).utf8.count < 500)
        #expect(!(try #require(status.lastError).contains("evil")))
        scene.provider.publish(.keys(first.jwk(), second.jwk(kid: "k2")))
        await scene.run(.seconds(61))
        #expect(scene.answer(try second.token(kid: "k2")) == "accepted")
    }

    @Test func `an equal set leaves cached tokens alone, and another one does not`() async throws {
        let scene = RemoteScene(.keys(first.jwk(), second.jwk(kid: "k2")))
        let token = try first.token()
        await scene.step()
        #expect(scene.answer(token) == "accepted")
        // The same keys in another order.
        scene.provider.publish(.keys(second.jwk(kid: "k2"), first.jwk()))
        await scene.run(FetchedKeys.defaultLifetime)
        #expect(scene.status.successes == 2)
        #expect(scene.answer(token) == "accepted")
        #expect(scene.authenticator.cacheStatistics.hits == 1)
        scene.provider.publish(.keys(second.jwk(), first.jwk(kid: "k2")))
        await scene.run(FetchedKeys.defaultLifetime)
        #expect(scene.answer(token) == "signature-invalid")
    }

    @Test func `only one fetch runs at a time, and nothing is due meanwhile`() async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        scene.provider.hold {
            begin.yield()
            for await _ in released { break }
        }
        #expect(scene.remote.isDue(at: scene.now))
        async let running: Void = scene.refresh()
        for await _ in begun { break }
        #expect(!scene.remote.isDue(at: scene.now))
        await scene.refresh()
        #expect(scene.provider.requests.count == 1)
        #expect(!scene.status.hasKeys)
        release.yield()
        await running
        #expect(scene.status.fetches == 1)
        #expect(scene.status.hasKeys)
        #expect(!scene.remote.isDue(at: scene.now))
    }

    @Test func `a key that is unknown while a fetch runs is fetched for after it`() async throws {
        let scene = RemoteScene(.keys(first.jwk()))
        await scene.step()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        scene.provider.hold {
            begin.yield()
            for await _ in released { break }
        }
        async let running: Void = scene.refresh()
        for await _ in begun { break }
        scene.provider.hold(nil)
        #expect(scene.answer(try second.token(kid: "k2")) == "key-unknown")
        scene.provider.publish(.keys(second.jwk(kid: "k2")))
        release.yield()
        await running
        await scene.step()
        #expect(scene.answer(try second.token(kid: "k2")) == "accepted")
    }

    @Test(arguments: [("max-age=60", 60), ("max-age=3600", 3600), ("x", 600)])
    func `the provider's lifetime is used`(cacheControl: String, seconds: Int) async {
        let scene = RemoteScene(.keys(first.jwk(), headers: ["cache-control": [cacheControl]]), jitter: 0)
        await scene.step()
        scene.pass(.seconds(seconds) * 0.79)
        #expect(!scene.remote.isDue(at: scene.now))
        scene.pass(.seconds(seconds) * 0.02)
        #expect(scene.remote.isDue(at: scene.now))
    }
}
