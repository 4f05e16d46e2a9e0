// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing

@testable import PostPolicy

struct SigningKeyCacheTests {
    @Test func `printing what a key is derived from does not show the secret`() {
        let identity = SigningKeyCache.Identity(accessKeyID: "AKIACANARYWXYZ", secretAccessKey: "secret-canary", scope: .v2)
        var dumped = ""
        dump([identity], to: &dumped)
        for text in ["\([identity])", String(reflecting: identity), dumped] {
            #expect(!text.contains("canary") && !text.contains("CANARY"))
        }
        #expect("\(identity)" == "Identity(…WXYZ)")
    }

    @Test func `a key is derived once and found by all its inputs`() {
        let cache = SigningKeyCache(capacity: 8)
        var derivations = 0
        func key(_ id: String = "A", _ secret: String = "s", day: Int = 20_000, region: String = "r") -> SigningKey? {
            cache.key(.init(accessKeyID: id, secretAccessKey: secret, scope: .v4(dayNumber: day, region: region))) {
                derivations += 1
                return SigningKey.v4(.init(accessKeyID: id, secretAccessKey: secret), day: "20260101", region: region)
            }
        }
        let first = key()
        #expect(key() === first)
        #expect(derivations == 1)
        #expect(key(day: 20_001) !== first)
        #expect(key(region: "q") !== first)
        #expect(key("B") !== first)
        #expect(derivations == 4)
        // Both sides of midnight are kept.
        #expect(key() === first)
        #expect(derivations == 4)
    }

    @Test func `after a rotation under the same id the former secret's key is not used`() throws {
        let signer = PolicySigner()
        let policy = try Sample.policy()
        func signature(_ secret: String, _ version: SignatureVersion) throws -> String? {
            let credentials = SigningCredentials(accessKeyID: "AKIAROTATED", secretAccessKey: secret)
            let form = try signer.sign(policy, version: version, credentials: credentials, region: "r", at: Sample.now)
            return form.fields.last?.value
        }
        for version in SignatureVersion.allCases {
            let before = try signature("secret-1", version)
            let after = try signature("secret-2", version)
            #expect(before != after)
            #expect(try signature("secret-1", version) == before)
            #expect(try signature("secret-2", version) == after)
            // Canonically equivalent secrets are two secrets.
            #expect(try signature("\u{e9}", version) != signature("e\u{301}", version))
        }
    }

    @Test func `keys of past days are dropped`() {
        let cache = SigningKeyCache(capacity: 8)
        func add(day: Int) {
            _ = cache.key(.init(accessKeyID: "A", secretAccessKey: "s", scope: .v4(dayNumber: day, region: "r"))) {
                SigningKey.v2(.init(accessKeyID: "A", secretAccessKey: "s"))
            }
        }
        add(day: 1)
        add(day: 2)
        #expect(cache.count == 2)
        add(day: 3)
        #expect(cache.count == 2)
        add(day: 30)
        #expect(cache.count == 1)
    }

    @Test(arguments: [1, 2, 64])
    func `at most the capacity of keys is kept, and the least recently used goes first`(capacity: Int) {
        let cache = SigningKeyCache(capacity: capacity)
        var derivations = 0
        func key(_ id: Int) {
            _ = cache.key(.init(accessKeyID: "A\(id)", secretAccessKey: "s", scope: .v2)) {
                derivations += 1
                return SigningKey.v2(.init(accessKeyID: "A\(id)", secretAccessKey: "s"))
            }
        }
        for id in 0..<(capacity * 3) {
            key(id)
            #expect(cache.count <= capacity)
        }
        #expect(derivations == capacity * 3)
        // Use the oldest that is left, then add one: it must survive.
        key(capacity * 2)
        #expect(derivations == capacity * 3)
        key(-1)
        derivations = 0
        key(capacity * 2)
        #expect(derivations == (capacity == 1 ? 1 : 0))
    }

    @Test func `signatures change with the UTC day, in whatever order they are made`() throws {
        let signer = PolicySigner()
        let midnight = Sample.now
        let policy = try Sample.policy()
        func sign(at date: Date, with signer: PolicySigner) throws -> SignedForm {
            try signer.sign(policy, credentials: Sample.credentials, region: Sample.region, at: date)
        }
        let dates = [-1.0, 0, -0.001, 1, -1, 0.5, -86_399, -86_401, 0].map { midnight + $0 }
        for date in dates {
            let form = try sign(at: date, with: signer)
            let fresh = try sign(at: date, with: PolicySigner())
            #expect(form == fresh)
            let day = date < midnight - 86_400 ? "20251230" : date < midnight ? "20251231" : "20260101"
            #expect(form["X-Amz-Credential"] == "AKIAIOSFODNN7EXAMPLE/\(day)/eu-west-1/s3/aws4_request")
            #expect(form["X-Amz-Date"]?.hasPrefix(day) == true)
        }
    }

    @Test func `many tasks that sign at once get the same signatures as one`() async throws {
        let signer = PolicySigner(keyCacheCapacity: 3)
        var random = SplitMix64(seed: 5)
        let policies = try (0..<40).map { _ in try Sample.randomPolicy(&random) }
        let regions = ["eu-west-1", "us-east-1", "cn-north-1", "default", "garage"]
        func sign(_ index: Int, with signer: PolicySigner) throws -> SignedForm {
            try signer.sign(
                policies[index % policies.count], version: index.isMultiple(of: 7) ? .v2 : .v4, credentials: Sample.credentials,
                region: regions[index % regions.count], at: Sample.now - Double(index % 2) * 3600)
        }
        let expected = try (0..<280).map { try sign($0, with: PolicySigner()) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for step in 0..<280 {
                        let index = (step * 13 + task * 37) % 280
                        let form = try sign(index, with: signer)
                        #expect(form == expected[index])
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
