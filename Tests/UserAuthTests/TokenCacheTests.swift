// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

struct TokenCacheTests {
    @Test func `a token is verified once and then cached`() throws {
        let scene = try Scene(cacheCapacity: 100)
        let token = try scene.key.token()
        for _ in 0..<5 { #expect(scene.answer(token) == "accepted") }
        let statistics = scene.authenticator.cacheStatistics
        #expect((statistics.entries, statistics.hits, statistics.misses) == (1, 4, 1))
    }

    @Test func `a cached token is refused from the same instant as a new one`() throws {
        let cached = try Scene(cacheCapacity: 100)
        let anew = Scene(key: cached.key, keys: cached.keys.current, algorithms: [.es256])
        for claims in [
            Claims(), Claims().with("exp", "\(Claims.now + 600).5"), Claims().with("nbf", "\(Claims.now + 30)"),
            Claims().without("iat"),
        ] {
            let token = try cached.key.token(claims)
            #expect(cached.answer(token) == "accepted")
            for offset in [
                -86_500, -61, -60.25, -60, -30.25, -30, 0, 600, 659.75, 660, 660.25, 660.5, 661, 1e6, 1e15, Double.infinity,
                Double.nan,
            ] {
                #expect(cached.answer(token, at: offset) == anew.answer(token, at: offset), "at \(offset)")
            }
        }
        #expect(cached.authenticator.cacheStatistics.hits > 0)
    }

    @Test func `a cached token is refused as soon as its key is removed, and kept if the same keys are read again`() throws {
        let scene = try Scene(cacheCapacity: 100)
        let (token, other) = (try scene.key.token(), SigningKey.es256())
        func set(_ keys: String...) throws -> KeySet {
            try KeySet(jwks: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), algorithms: [.es256])
        }
        #expect(scene.answer(token) == "accepted")
        scene.keys.replace(with: try set(scene.key.jwk()))
        #expect(scene.answer(token) == "accepted")
        #expect(scene.authenticator.cacheStatistics.hits == 1)
        scene.keys.replace(with: try set(other.jwk()))
        #expect(scene.answer(token) == "signature-invalid")
        scene.keys.replace(with: try set(other.jwk(kid: "k2")))
        #expect(scene.answer(token) == "key-unknown")
        scene.keys.replace(with: try set(scene.key.jwk(), other.jwk(kid: "k2")))
        #expect(scene.answer(token) == "accepted")
        #expect(scene.answer(token) == "accepted")
        #expect(scene.authenticator.cacheStatistics.entries == 1)
    }

    @Test func `refused tokens are not cached, however many there are`() throws {
        let scene = try Scene(cacheCapacity: 1000)
        let stranger = SigningKey.es256()
        let good = try scene.key.token()
        for index in 0..<200 {
            let claims = Claims().with("jti", "\(index)")
            #expect(scene.answer(try stranger.token(claims)) == "signature-invalid")
            #expect(scene.answer(try scene.key.token(claims.with("exp", "1"))) == "expired")
            #expect(scene.answer("\(good)\(index)") != "accepted")
            #expect(scene.answer("garbage \(index)") == "token-malformed")
        }
        #expect(scene.authenticator.cacheStatistics.entries == 0)
    }

    @Test func `a cached token is found only by exactly the same bytes`() throws {
        let scene = try Scene(cacheCapacity: 100)
        let token = try scene.key.token()
        #expect(scene.answer(token) == "accepted")
        #expect(scene.answer(token + "=") == "token-malformed")
        #expect(scene.answer(String(token.dropLast())) != "accepted")
    }

    @Test(arguments: [0, 1, 3, 7, 8, 9, 20, 100])
    func `at most the capacity of tokens is cached, and results stay right`(capacity: Int) throws {
        let scene = try Scene(cacheCapacity: capacity)
        let tokens = try (0..<300).map { try scene.key.token(Claims().with("jti", "\($0)")) }
        for token in tokens + tokens.reversed() {
            #expect(scene.answer(token) == "accepted")
            #expect(scene.authenticator.cacheStatistics.entries <= capacity)
        }
        #expect(scene.authenticator.cacheStatistics.entries > capacity / 2 || capacity == 0)
    }

    @Test func `a token in use stays cached when many others are used once`() throws {
        let scene = try Scene(cacheCapacity: 8)
        let (token, passing) = (try scene.key.token(), try (0..<60).map { try scene.key.token(Claims().with("jti", "\($0)")) })
        #expect(scene.answer(token) == "accepted")
        for other in passing {
            #expect(scene.answer(token) == "accepted")
            #expect(scene.answer(other) == "accepted")
        }
        #expect(scene.authenticator.cacheStatistics.hits == 60)
    }

    @Test func `expired tokens are removed first`() throws {
        let scene = try Scene(cacheCapacity: 8)
        let short = try (0..<4).map { try scene.key.token(Claims().with("jti", "\($0)").with("exp", "\(Claims.now + 10)")) }
        let long = try (0..<4).map { try scene.key.token(Claims().with("jti", "\(10 + $0)")) }
        for token in long + short { #expect(scene.answer(token) == "accepted") }
        for index in 0..<4 {
            #expect(scene.answer(try scene.key.token(Claims().with("jti", "\(20 + index)")), at: 100) == "accepted")
        }
        let hits = scene.authenticator.cacheStatistics.hits
        for token in long { #expect(scene.answer(token, at: 100) == "accepted") }
        #expect(scene.authenticator.cacheStatistics.hits == hits + 4)
    }

    @Test func `a token that two requests verify at once is cached once`() throws {
        let scene = try Scene()
        let verifier = TokenVerifier(issuers: IssuerDirectory([scene.issuer]))
        let token = try verifier.verify(Array(try scene.key.token().utf8), at: Double(Claims.now))
        let cache = TokenCache(capacity: 8)
        let bytes = [UInt8](0..<32)
        let hash = try #require(SHA256Digest(bytes))
        cache.insert(token, for: hash, at: Double(Claims.now), in: 1)
        cache.insert(token, for: hash, at: Double(Claims.now), in: 1)
        #expect(cache.statistics.entries == 1)
        #expect(cache.token(for: hash, at: Double(Claims.now), in: 1) === token)
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(try cache.token(for: #require(SHA256Digest(other)), at: Double(Claims.now), in: 1) == nil)
        }
    }

    @Test func `concurrent requests get right results while the keys change`() async throws {
        let scene = try Scene(cacheCapacity: 16)
        let tokens = try (0..<40).map { try scene.key.token(Claims().with("jti", "\($0)")) }
        let other = try KeySet(jwks: Array("{\"keys\":[\(SigningKey.es256().jwk())]}".utf8), algorithms: [.es256])
        let own = try #require(scene.keys.current)
        await withTaskGroup(of: Set<String>.self) { group in
            for _ in 0..<4 {
                group.addTask { Set((0..<300).map { scene.answer(tokens[$0 % tokens.count]) }) }
            }
            group.addTask {
                for index in 0..<100 { scene.keys.replace(with: index % 2 == 0 ? other : own) }
                return []
            }
            for await answers in group {
                #expect(answers.isSubset(of: ["accepted", "signature-invalid"]))
            }
        }
        #expect(scene.keys.current?.fingerprint == own.fingerprint)
        for token in tokens { #expect(scene.answer(token) == "accepted") }
        scene.keys.replace(with: other)
        for token in tokens { #expect(scene.answer(token) == "signature-invalid") }
    }
}
