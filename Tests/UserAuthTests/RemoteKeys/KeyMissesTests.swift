// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@testable import UserAuth

@Suite("Tokens that name an unknown key")
struct KeyMissesTests {
    private let key = SigningKey.es256()

    @Test("100,000 made-up ids cause one fetch in 30 s")
    func flood() async throws {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        for index in 0..<100_000 {
            scene.remote.keys.missed("made up \(index)")
            if index.isMultiple(of: 1000) {
                await scene.step()
                scene.pass(.milliseconds(299))
            }
        }
        // 29.9 s have passed.
        #expect(scene.status.fetches == 2)
        scene.pass(.seconds(1))
        scene.remote.keys.missed("made up")
        await scene.step()
        #expect(scene.status.fetches == 3)
    }

    @Test("a flood from many threads causes one fetch")
    func concurrentFlood() async {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { for index in 0..<5000 { scene.remote.keys.missed("\(thread) \(index)") } }
            }
            group.addTask { for _ in 0..<200 { await scene.step() } }
        }
        await scene.step()
        #expect(scene.status.fetches == 2)
    }

    @Test("the slot is taken before the fetch: one that fails lets no other miss ask, but is tried again by itself")
    func slotBeforeFetch() async throws {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        scene.provider.publish(.failure(.timedOut(seconds: 2)))
        scene.remote.keys.missed("k2")
        await scene.step()
        #expect(scene.status.failures == ["timeout": 1])
        scene.remote.keys.missed("k3")
        #expect(!scene.remote.isDue(at: scene.now))
        scene.pass(.seconds(1))
        #expect(scene.remote.isDue(at: scene.now))
        #expect(scene.answer(try key.token()) == "accepted")
    }

    @Test("an id is asked for again after 60 s and not before")
    func memory() async {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        var fetchedAt: [Int] = []
        for second in 0..<130 {
            let before = scene.status.fetches
            scene.remote.keys.missed("k2")
            await scene.step()
            if scene.status.fetches > before { fetchedAt.append(second) }
            scene.pass(.seconds(1))
        }
        #expect(fetchedAt == [0, 60, 120])
    }

    @Test("an id that was unknown works as soon as the set has it, however it came there")
    func appears() async throws {
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
        scene.remote.keys.missed("k3")
        await scene.step()
        #expect(scene.answer(token) == "accepted")
    }

    @Test("a set with other keys makes forget what was asked for, an equal one does not")
    func forget() async {
        let scene = RemoteScene(.keys(key.jwk()))
        await scene.step()
        scene.remote.keys.missed("k2")
        await scene.step()
        scene.pass(.seconds(31))
        scene.remote.keys.missed("k2")
        #expect(!scene.remote.isDue(at: scene.now))
        scene.provider.publish(.keys(SigningKey.es256().jwk()))
        await scene.refresh()
        scene.remote.keys.missed("k2")
        #expect(scene.remote.isDue(at: scene.now))
    }

    @Test("only a token of the issuer that names a key asks: not one without kid, nor one with a known kid and a false signature")
    func whichTokens() async throws {
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
