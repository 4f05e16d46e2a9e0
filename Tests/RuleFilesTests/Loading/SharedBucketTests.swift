// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import RuleFiles

/// Two tenants with one bucket, each of which spells it in its own way.
struct SharedBucketTests {
    private static func file(_ tenant: String, store: String, prefix: String) -> String {
        """
        tenant: \(tenant)
        store: {\(store)}
        auth:
          apiKeys:
            - {id: cms, sha256: \(String(repeating: "ab", count: 32))}
        rules:
          files: {keyPrefix: "\(prefix)", contentTypes: [image/png], maxSize: 1MiB}

        """
    }

    private static func problems(_ one: String, _ other: String, prefixes: (String, String)) -> [String] {
        Example.problems([
            "a.yaml": file("a", store: one, prefix: prefixes.0), "b.yaml": file("b", store: other, prefix: prefixes.1),
        ])
    }

    /// Spellings of one bucket each.
    private static let groups: [[String]] = [
        [
            "bucket: x_y, region: us-east-1",
            "bucket: x_y, region: us-east-1, endpoint: \"https://x_y.s3.us-east-1.amazonaws.com\", addressing: host",
            "bucket: x_y, region: us-east-1, endpoint: \"http://X_Y.S3.amazonaws.com:80/\", addressing: host",
            "bucket: x_y, region: us-east-1, endpoint: \"https://s3-external-1.amazonaws.com\"",
        ],
        [
            "bucket: acme, region: eu-west-1", "bucket: acme, region: us-east-1, addressing: path",
            "bucket: acme, region: eu-west-1, dualStack: true", "bucket: acme, region: us-west-2, fips: true",
            "bucket: acme, region: eu-west-1, accelerate: true",
            "bucket: acme, region: eu-west-1, endpoint: \"https://s3-eu-west-1.amazonaws.com:443\"",
            "bucket: acme, region: eu-west-1, endpoint: \"https://acme.s3-accelerate.dualstack.amazonaws.com\", addressing: host",
            "bucket: acme, region: eu-west-1, endpoint: \"https://s3.amazonaws.com\", addressing: virtual",
        ],
        [
            "bucket: acme, region: r, endpoint: \"http://min_io\"", "bucket: acme, region: r, endpoint: \"https://min_io:443\"",
            "bucket: acme, region: r, endpoint: \"https://MIN_IO/base\"",
            "bucket: acme, region: r, endpoint: \"https://acme.min_io\", addressing: host",
            "bucket: other, region: r, endpoint: \"https://acme.min_io\", addressing: host, method: put",
            "bucket: acme, region: r, endpoint: \"https://min_io\", addressing: virtual",
        ],
        [
            "bucket: acme, region: r, endpoint: \"http://min_io:9000\"",
            "bucket: acme, region: r, endpoint: \"https://Min_IO:9000/\"",
        ],
        [
            "bucket: acme, region: r, endpoint: \"https://[2001:db8::1]\"",
            "bucket: acme, region: r, endpoint: \"https://[2001:db8:0:0::1]:443\"",
            "bucket: acme, region: r, endpoint: \"http://[2001:DB8::0:1]/base/\"",
        ],
        [
            "bucket: acme, region: r, endpoint: \"http://127.0.0.1:9000\"",
            "bucket: acme, region: r, endpoint: \"http://[::ffff:127.0.0.1]:9000\"",
            "bucket: acme, region: r, endpoint: \"http://localhost:9000\", addressing: virtual",
            "bucket: acme, region: r, endpoint: \"http://acme.localhost:9000\", addressing: host",
            "bucket: acme, region: r, endpoint: \"https://[::1]:9000\"",
            "bucket: acme, region: r, endpoint: \"http://0.0.0.0:9000\"",
            "bucket: acme, region: r, endpoint: \"http://[::]:9000\"",
        ],
        [
            "bucket: acme, region: r, endpoint: \"https://files.acme.example\", addressing: host",
            "bucket: acme, region: r, endpoint: \"https://FILES.acme.example:443/\", addressing: host",
            "bucket: other, region: r, endpoint: \"http://files.acme.example\", addressing: host",
        ],
        [
            "bucket: acme, region: r, endpoint: \"https://10.0.0.1\"",
            "bucket: acme, region: r, endpoint: \"https://[::ffff:a00:1]\"",
        ],
    ]

    @Test func `overlapping prefixes are found in every spelling of a bucket, and disjoint ones are possible`() {
        let all = Self.groups.indices.flatMap { group in Self.groups[group].map { (group, $0) } }
        for (group, one) in all {
            for (other, another) in all {
                let overlap = Self.problems(one, another, prefixes: ("up/", "up/{user}/"))
                #expect(overlap.count == (group == other ? 1 : 0), "\(one) · \(another): \(overlap)")
                if group == other {
                    #expect(
                        overlap.first?.hasPrefix("b.yaml:7:22: the prefix “up/” overlaps “up/” of the tenant “a” in the bucket ")
                            ?? false
                            || overlap.first?.hasPrefix("b.yaml:7:22: the tenant “a” has the same prefix “up/” in the bucket ")
                                ?? false
                    )
                    #expect(Self.problems(one, another, prefixes: ("{tenant}/", "{tenant}/{user}/")) == [])
                }
            }
        }
    }

    @Test(arguments: [
        "https://s3.eu-west-1.amazonaws.com:0443", "http://minio:09000", "https://minio.:9000",
        "https://s3.eu-west-1.amazonaws.com.",
        "http://127.1:9000", "http://2130706433:9000", "http://0x7f.1:9000", "http://[::ffff:127.0.0.1%251]:9000",
        "https://acme.s3.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com:",
    ])
    func `a spelling that another parser could understand differently is refused`(endpoint: String) {
        let store = "bucket: acme, region: eu-west-1, endpoint: \"\(endpoint)\""
        let problems = Example.problems(["a.yaml": Self.file("a", store: store, prefix: "up/")])
        #expect(problems.count == 1 && problems[0].hasPrefix("a.yaml:2:"), "\(problems)")
    }

    @Test func `a prefix that meets several tenants under several names of its bucket is reported once`() {
        let own = "bucket: acme, region: r, endpoint: \"https://acme.s3.example.net\", addressing: host"
        let files = [
            "a.yaml": Self.file("a", store: own, prefix: "up/"),
            "b.yaml": Self.file("b", store: "bucket: acme, region: r, endpoint: \"https://s3.example.net\"", prefix: "up/"),
            "c.yaml": Self.file("c", store: own, prefix: "up/{user}/"),
        ]
        let first = Example.problems(files)
        #expect(first.map { $0.prefix(6) } == ["b.yaml", "c.yaml"])
        for _ in 0..<20 { #expect(Example.problems(files) == first) }
    }

    /// The stores of the next test: pairs of them are one bucket, may be one, or are two.
    private static let related = [
        "bucket: \"t1:acme\", region: r, endpoint: \"https://min_io\"",
        "bucket: \"t2:acme\", region: r, endpoint: \"http://min_io\"",
        "bucket: acme, region: r, endpoint: \"https://min_io\"",
        "bucket: other, region: r, endpoint: \"https://acme.min_io\", addressing: host",
        "bucket: \"t1:acme\", region: r, endpoint: \"https://min_io:9000\"",
    ]

    /// ``related`` as the pairs that may be one bucket, each as two indices.
    private static let pairs: Set<[Int]> = [
        [0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3],
    ]

    @Test(arguments: 0..<20)
    func `among many tenants each prefix is reported that begins as another in what may be the same bucket`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let prefixes = ["up/", "up/{user}/", "up/a/", "up/a/b/{user}/", "up/ab/", "b/", "{tenant}/"]
        let tenants = (0..<30).map { index in
            (
                id: "t\(index + 10)", store: Int.random(in: 0..<5, using: &random),
                prefix: prefixes.randomElement(using: &random) ?? ""
            )
        }
        let files = tenants.map { ("\($0.id).yaml", Self.file($0.id, store: Self.related[$0.store], prefix: $0.prefix)) }
        let problems = Example.problems(Dictionary(uniqueKeysWithValues: files))
        // The literal text in front of the first placeholder.
        let claims = tenants.map { tenant in
            let text = tenant.prefix.replacing("{tenant}", with: tenant.id)
            return (bytes: Array(text.prefix { $0 != "{" }.utf8), id: tenant.id, store: tenant.store)
        }
        let expected = claims.count { inner in
            claims.contains { outer in
                outer.id != inner.id && inner.bytes.starts(with: outer.bytes)
                    && (outer.bytes.count < inner.bytes.count || outer.id < inner.id)
                    && Self.pairs.contains([outer.store, inner.store].sorted())
            }
        }
        #expect(problems.count == expected && expected > 0, "\(problems.joined(separator: "\n"))")
    }

    @Test func `tenants of Ceph have buckets of their own, one of which is that without a tenant`() {
        func file(_ id: String, _ bucket: String, _ prefix: String) -> (String, String) {
            (
                "\(id).yaml",
                Self.file(id, store: "bucket: \"\(bucket)\", region: r, endpoint: \"https://ceph.example\"", prefix: prefix)
            )
        }
        func problems(_ files: (String, String)...) -> [String] { Example.problems(Dictionary(uniqueKeysWithValues: files)) }
        #expect(problems(file("a", "one:acme", "up/"), file("b", "two:acme", "up/")) == [])
        #expect(problems(file("a", "one:acme", "up/"), file("b", "acme", "{tenant}/")) == [])
        let all = problems(file("a", "one:acme", "up/"), file("b", "two:acme", "up/b/"), file("c", "acme", "up/b/c/"))
        #expect(
            all == [
                "c.yaml:7:22: the prefix “up/b/c/” overlaps “up/b/” of the tenant “b” in the bucket acme (t/b.yaml:7); begin each tenant's keyPrefix with a folder of its own: {tenant}/…"
            ])
    }

    @Test func `a prefix of another tenant is found under several of the tenant's own`() {
        let store = "bucket: acme, region: eu-west-1"
        let own = Self.file("b", store: store, prefix: "up/b/c/")
        let more = ["up/", "up/b/"].enumerated().map { index, prefix in
            "  more\(index): {keyPrefix: \(prefix), contentTypes: [image/png], maxSize: 1MiB}\n"
        }
        let problems = Example.problems([
            "a.yaml": Self.file("a", store: store, prefix: "up/"), "b.yaml": own + more.joined(),
        ])
        #expect(problems.map { String($0.prefix(8)) } == ["b.yaml:7", "b.yaml:8", "b.yaml:9"])
    }

    @Test func `a host that begins with the bucket's name is a warning, unless it is the bucket`() {
        func warnings(_ more: String) -> [String] {
            let store = "bucket: acme, region: r, endpoint: \"https://acme.fra1.example.net\"\(more)"
            return Example.load(["a.yaml": Self.file("a", store: store, prefix: "up/")]).warnings.map(\.message)
        }
        let message = "the endpoint's host begins with the name of the bucket, which the URL then has twice"
        #expect(warnings("") == [message] && warnings(", addressing: virtual") == [message])
        #expect(warnings(", addressing: host") == [])
    }
}
