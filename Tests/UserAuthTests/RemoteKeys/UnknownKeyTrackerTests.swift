// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@testable import UserAuth

struct UnknownKeyTrackerTests {
    private let key = SigningKey.es256()

    @Test func `100,000 invented ids cause one fetch in 30 seconds`() async throws {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        for index in 0..<100_000 {
            scene.remote.keys.reportUnknownKey("made up \(index)")
            if index.isMultiple(of: 1000) {
                await scene.step()
                scene.pass(.milliseconds(299))
            }
        }
        // 29.9 s have passed.
        #expect(scene.status.fetches == 2)
        scene.pass(.seconds(1))
        scene.remote.keys.reportUnknownKey("made up")
        await scene.step()
        #expect(scene.status.fetches == 3)
    }

    @Test func `many invented ids from many threads cause one fetch`() async {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { for index in 0..<5000 { scene.remote.keys.reportUnknownKey("\(thread) \(index)") } }
            }
            group.addTask { for _ in 0..<200 { await scene.step() } }
        }
        await scene.step()
        #expect(scene.status.fetches == 2)
    }

    @Test func `a failed fetch is retried by itself and not for another unknown id`() async throws {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        scene.provider.publish(.failure(.timedOut(seconds: 2)))
        scene.remote.keys.reportUnknownKey("k2")
        await scene.step()
        #expect(scene.status.failures == ["timeout": 1])
        scene.remote.keys.reportUnknownKey("k3")
        #expect(!scene.remote.isDue(at: scene.now))
        scene.pass(.seconds(1))
        #expect(scene.remote.isDue(at: scene.now))
        #expect(scene.answer(try key.token()) == "accepted")
    }

    @Test func `an id is fetched for again after 60 seconds`() async {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        var fetchedAt: [Int] = []
        for second in 0..<130 {
            let before = scene.status.fetches
            scene.remote.keys.reportUnknownKey("k2")
            await scene.step()
            if scene.status.fetches > before { fetchedAt.append(second) }
            scene.pass(.seconds(1))
        }
        #expect(fetchedAt == [0, 60, 120])
    }

    @Test func `an id that was unknown is accepted as soon as the set has it`() async throws {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        let other = SigningKey.es256()
        let token = try other.token(kid: "k2")
        #expect(scene.answer(token) == "key-unknown")
        await scene.step()
        #expect(scene.answer(token) == "key-unknown")
        scene.provider.publish(.keys(key.jwk(), other.jwk(kid: "k2")))
        scene.pass(.seconds(31))
        #expect(scene.answer(token) == "key-unknown")
        #expect(!scene.remote.isDue(at: scene.now))
        // Another's miss brings it.
        scene.remote.keys.reportUnknownKey("k3")
        await scene.step()
        #expect(scene.answer(token) == "accepted")
    }

    @Test func `a set with other keys resets the unknown ids, and an equal set does not`() async {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        scene.remote.keys.reportUnknownKey("k2")
        await scene.step()
        scene.pass(.seconds(31))
        scene.remote.keys.reportUnknownKey("k2")
        #expect(!scene.remote.isDue(at: scene.now))
        scene.provider.publish(.keys(SigningKey.es256().jwk()))
        await scene.refresh()
        scene.remote.keys.reportUnknownKey("k2")
        #expect(scene.remote.isDue(at: scene.now))
    }

    @Test func `only a token of the issuer that names an unknown key causes a fetch`() async throws {
        let scene = RemoteScene(.keys(key.jwk(), SigningKey.es256().jwk(kid: "k2")))
        await scene.step()
        let stranger = SigningKey.es256()
        #expect(scene.answer(try stranger.token()) == "signature-invalid")
        #expect(scene.answer(try stranger.token(kid: nil)) == "key-id-missing")
        #expect(scene.answer(try stranger.token(Claims().with("iss", "\"https://other.example\""), kid: "x")) == "issuer-unknown")
        #expect(!scene.remote.isDue(at: scene.now))
        #expect(scene.answer(try stranger.token(kid: "x")) == "key-unknown")
        #expect(scene.remote.isDue(at: scene.now))
    }
}
