// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import RuleFiles

struct BucketSettingsTests {
    /// A tenant's file with one store and one rule for each prefix.
    static func yaml(
        _ id: String, store: String = "{bucket: shared, region: eu-west-1}", origins: [String] = ["https://app.acme.example"],
        prefixes: [String] = ["{tenant}/{user}/"]
    ) -> String {
        """
        tenant: \(id)
        store: \(store)
        auth:
          apiKeys:
            - id: cms
              sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        \(origins.isEmpty ? "" : "origins: [\(origins.map { "\"\($0)\"" }.joined(separator: ", "))]")
        rules:
        \(prefixes.enumerated().map { "  r\($0): {keyPrefix: \"\($1)\", contentTypes: [image/png], maxSize: 5MiB}" }.joined(separator: "\n"))

        """
    }

    static func buckets(_ files: [String: String]) throws -> [UsedBucket] {
        let named = Dictionary(uniqueKeysWithValues: files.map { ("\($0).yaml", $1) })
        return UsedBucket.all(of: try Example.load(named).result.get().tenants)
    }

    private func json(_ bucket: UsedBucket) throws -> JSONValue {
        var json = JSONWriter()
        CORSConfiguration(of: bucket).write(to: &json)
        return try JSONValue(parsing: json.finish())
    }

    // MARK: Buckets

    @Test func `tenants that share a bucket are one, however they spell it`() throws {
        let buckets = try Self.buckets([
            "a": Self.yaml("a"),
            "b": Self.yaml(
                "b",
                store:
                    "{bucket: shared, region: eu-west-1, endpoint: 'https://shared.s3.eu-west-1.amazonaws.com', addressing: host}"
            ),
            "c": Self.yaml("c", store: "{bucket: shared, region: r, endpoint: 'https://store.example'}"),
        ])
        #expect(buckets.map(\.tenants) == [["a", "b"], ["c"]])
    }

    @Test func `a store with two names joins what was two buckets`() throws {
        let buckets = try Self.buckets([
            "a": Self.yaml("a", store: "{bucket: files, region: r, endpoint: 'https://store.example', addressing: path}"),
            "b": Self.yaml("b", store: "{bucket: x-files, region: r, endpoint: 'https://files.store.example', addressing: host}"),
            "c": Self.yaml("c", store: "{bucket: files, region: r, endpoint: 'https://store.example', addressing: virtual}"),
        ])
        #expect(buckets.map(\.tenants) == [["a", "b", "c"]])
    }

    @Test func `commands name the region of AWS and the endpoint of other stores`() throws {
        func command(_ store: String) throws -> String {
            let buckets = try Self.buckets(["a": Self.yaml("a", store: store)])
            return AWSCommand.s3api("get-bucket-cors", try #require(buckets.first).endpoint)
        }
        let aws = "aws s3api get-bucket-cors --bucket shared"
        #expect(try command("{bucket: shared, region: eu-west-1}") == "\(aws) --region eu-west-1")
        for addressing in ["path", "virtual"] {
            let store = "{bucket: shared, region: r, endpoint: 'https://store.example:9000', addressing: \(addressing)}"
            #expect(try command(store) == "\(aws) --endpoint-url https://store.example:9000")
        }
        #expect(
            try command("{bucket: shared, region: r, endpoint: 'https://files.example', addressing: host}")
                == "\(aws) --endpoint-url https://STORE # write the host of the store for STORE: files.example is the bucket alone"
        )
    }

    // MARK: Tenants of Ceph

    private static func ceph(_ bucket: String, addressing: String = "path") -> String {
        "{bucket: '\(bucket)', region: r, endpoint: 'https://store.example', addressing: \(addressing)}"
    }

    @Test func `buckets of two tenants of Ceph are two, and one without a tenant is neither`() throws {
        let buckets = try Self.buckets([
            "a": Self.yaml("a", store: Self.ceph("x:uploads"), origins: ["https://a.example"]),
            "b": Self.yaml("b", store: Self.ceph("y:uploads"), origins: ["https://b.example"]),
            "c": Self.yaml("c", store: Self.ceph("uploads")),
            "d": Self.yaml("d", store: Self.ceph("x:uploads")),
        ])
        #expect(buckets.map(\.endpoint.fullBucket) == ["x:uploads", "y:uploads", "uploads"])
        #expect(buckets.map(\.tenants) == [["a", "d"], ["b"], ["c"]])
        #expect(buckets.map(\.candidates) == [[], [], ["x:uploads", "y:uploads"]])
        let second = try #require(buckets.dropFirst().first)
        #expect(CORSConfiguration(of: second).rules.flatMap(\.origins) == ["https://b.example"])
    }

    @Test func `a bucket without a tenant of Ceph is that of the only tenant`() throws {
        let buckets = try Self.buckets([
            "a": Self.yaml("a", store: Self.ceph("uploads")), "b": Self.yaml("b", store: Self.ceph("x:uploads")),
            "c": Self.yaml("c", store: Self.ceph("uploads", addressing: "virtual")),
        ])
        #expect(buckets.map(\.tenants) == [["a", "b", "c"]])
        #expect(buckets.flatMap(\.candidates).isEmpty)
        #expect(buckets.map(\.endpoint.fullBucket) == ["x:uploads"])
    }

    @Test func `a command for a bucket of a tenant of Ceph names store and bucket, and whose keys it needs`() throws {
        let bucket = try #require(try Self.buckets(["a": Self.yaml("a", store: Self.ceph("x:uploads"))]).first)
        #expect(
            AWSCommand.s3api("get-bucket-cors", bucket.endpoint)
                == "aws s3api get-bucket-cors --bucket uploads --endpoint-url https://store.example # with the keys of a user of Ceph's tenant x"
        )
    }

    // MARK: Names

    @Test func `a bucket is named by its name or by the URL of each of its stores`() throws {
        let buckets = try Self.buckets([
            "a": Self.yaml("a"), "b": Self.yaml("b", store: Self.ceph("shared", addressing: "virtual")),
            "c": Self.yaml("c", store: Self.ceph("shared")), "d": Self.yaml("d", store: Self.ceph("x:other")),
        ])
        let expected: [String: String] = [
            "shared": "a|b,c", "https://shared.s3.eu-west-1.amazonaws.com/": "a",
            "https://shared.s3.eu-west-1.amazonaws.com": "a",
            "https://shared.store.example/": "b,c", "https://store.example/shared/": "b,c", "other": "d", "x:other": "d",
            "https://store.example/x:other": "d", "": "", "https://store.example/": "", "y:other": "",
        ]
        for (name, tenants) in expected {
            let found = buckets.filter { $0.isNamed(name) }.map { $0.tenants.joined(separator: ",") }
            #expect(found.joined(separator: "|") == tenants, "\(name)")
        }
    }

    @Test func `a tenant is listed once, also if groups of stores become one bucket`() throws {
        let files = [
            "a": """
            tenant: a
            store: {bucket: one.two, region: r, endpoint: 'https://store.example'}
            stores:
              other: {bucket: one, region: r, endpoint: 'https://two.store.example'}
            auth:
              apiKeys:
                - id: cms
                  sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
            rules:
              r: {keyPrefix: "a/", contentTypes: [image/png], maxSize: 5MiB}
              s: {store: other, keyPrefix: "a2/", contentTypes: [image/png], maxSize: 5MiB}

            """,
            "b": Self.yaml("b", store: Self.ceph("one.two"), prefixes: ["b/"]),
            // The host shows that both are one bucket, after the tenant b.
            "c": Self.yaml(
                "c", store: "{bucket: files, region: r, endpoint: 'https://one.two.store.example', addressing: host}",
                prefixes: ["c/"]),
        ]
        #expect(try Self.buckets(files).map(\.tenants) == [["a", "b", "c"]])
    }

    // MARK: CORS

    @Test func `each origin has the methods that its tenants use`() throws {
        let put = "{bucket: shared, region: auto, endpoint: 'https://store.example', method: put}"
        let post = "{bucket: shared, region: auto, endpoint: 'https://store.example'}"
        let buckets = try Self.buckets([
            "a": Self.yaml("a", store: post, origins: ["https://both.example", "capacitor://localhost"]),
            "b": Self.yaml("b", store: put, origins: ["https://both.example", "https://put.example"]),
            "c": Self.yaml("c", store: put, origins: []),
        ])
        let bucket = try #require(buckets.first)
        let rules = try #require(try json(bucket)["CORSRules"]?.elements)
        #expect(buckets.count == 1 && rules.count == 3)
        func texts(_ rule: JSONValue, _ name: String) -> [String] { rule[name]?.elements?.compactMap(\.string) ?? [] }
        #expect(rules.map { texts($0, "AllowedMethods") } == [["POST"], ["PUT"], ["POST", "PUT"]])
        #expect(
            rules.map { texts($0, "AllowedOrigins") } == [
                ["capacitor://localhost"], ["https://put.example"], ["https://both.example"],
            ])
        for rule in rules {
            #expect(texts(rule, "ExposeHeaders") == ["ETag", "Location"] && texts(rule, "AllowedHeaders") == ["*"])
        }
    }

    @Test func `XML has the same rules`() throws {
        let bucket = try #require(
            try Self.buckets(["a": Self.yaml("a", origins: ["https://a.example", "tauri://localhost"])]).first)
        #expect(
            CORSConfiguration(of: bucket).xml == """
                <?xml version="1.0" encoding="UTF-8"?>
                <CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
                  <CORSRule>
                    <ID>postern-post</ID>
                    <AllowedOrigin>https://a.example</AllowedOrigin>
                    <AllowedOrigin>tauri://localhost</AllowedOrigin>
                    <AllowedMethod>POST</AllowedMethod>
                    <AllowedHeader>*</AllowedHeader>
                    <MaxAgeSeconds>3000</MaxAgeSeconds>
                    <ExposeHeader>ETag</ExposeHeader>
                    <ExposeHeader>Location</ExposeHeader>
                  </CORSRule>
                </CORSConfiguration>
                """)
    }

    @Test func `a bucket without origins needs no configuration`() throws {
        let bucket = try #require(try Self.buckets(["a": Self.yaml("a", origins: [])]).first)
        #expect(CORSConfiguration(of: bucket).isEmpty)
    }

    @Test func `what B2 refuses is a warning, at B2 only`() throws {
        func warnings(_ host: String, _ origins: [String]) throws -> [String] {
            let store = "{bucket: shared, region: r, endpoint: 'https://\(host)', method: put}"
            let bucket = try #require(try Self.buckets(["a": Self.yaml("a", store: store, origins: origins)]).first)
            return CORSConfiguration(of: bucket).warnings(for: bucket.endpoint)
        }
        let b2 = "s3.us-west-004.backblazeb2.com"
        #expect(
            try warnings(b2, ["https://a.example", "capacitor://localhost"]).first?.contains("refuses capacitor://localhost")
                == true)
        #expect(try warnings(b2, ["https://a.example"]).isEmpty)
        #expect(try warnings("store.example", ["capacitor://localhost"]).isEmpty)
        let many = (0..<60).map { "https://branch-\($0).acme.example" }
        #expect(try warnings(b2, many).count == 1)
        #expect(try warnings("store.example", (0..<3000).map { "https://branch-\($0).acme.example" }).count == 1)
    }

    // MARK: Events

    private func configuration(_ prefixes: [String], store: String, target: String) throws -> JSONValue {
        let bucket = try #require(try Self.buckets(["a": Self.yaml("a", store: store, prefixes: prefixes)]).first)
        var json = JSONWriter()
        UploadEvents(of: bucket).writeConfiguration(for: try #require(NotificationTarget(target)), to: &json)
        return try JSONValue(parsing: json.finish())
    }

    @Test(arguments: [
        ("arn:aws:sqs:eu-west-1:123456789012:uploads", "QueueConfigurations", "QueueArn"),
        ("arn:aws:sns:eu-west-1:123456789012:uploads", "TopicConfigurations", "TopicArn"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:uploads", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ])
    func `each folder has the events of its uploads`(target: String, list: String, arn: String) throws {
        let json = try configuration(
            ["docs/{yyyy}/", "docs/old/", "avatars/{user}/"], store: "{bucket: shared, region: eu-west-1}", target: target)
        let entries = try #require(json[list]?.elements)
        #expect(entries.map { $0[arn]?.string } == [target, target])
        #expect(entries.allSatisfy { $0["Events"]?.elements?.compactMap(\.string) == ["s3:ObjectCreated:Post"] })
        // `docs/old/` is in `docs/`: S3 refuses filters that overlap.
        let prefixes = entries.map { $0["Filter"]?["Key"]?["FilterRules"]?.elements?.first?["Value"]?.string }
        #expect(prefixes == ["avatars/", "docs/"])
    }

    @Test func `keys that begin with a placeholder have no filter, and a PUT has its own event`() throws {
        let json = try configuration(
            ["{user}/"], store: "{bucket: shared, region: auto, endpoint: 'https://store.example', method: put}",
            target: "arn:aws:sqs:eu-west-1:123456789012:uploads")
        let entry = try #require(json["QueueConfigurations"]?.elements?.first)
        #expect(entry["Filter"] == nil && entry["Events"]?.elements?.compactMap(\.string) == ["s3:ObjectCreated:Put"])
    }

    @Test func `EventBridge has one switch, and the pattern names bucket and folders`() throws {
        let store = "{bucket: shared, region: eu-west-1}"
        #expect(try configuration(["a/"], store: store, target: "eventbridge").names == ["EventBridgeConfiguration"])
        let bucket = try #require(try Self.buckets(["a": Self.yaml("a", store: store, prefixes: ["a/", "b/{user}/"])]).first)
        var json = JSONWriter()
        UploadEvents(of: bucket).writePattern(to: &json)
        #expect(
            String(decoding: json.finish(), as: UTF8.self)
                == #"{"source":["aws.s3"],"detail-type":["Object Created"],"detail":{"bucket":{"name":["shared"]},"#
                + #""reason":["POST Object"],"object":{"key":[{"prefix":"a/"},{"prefix":"b/"}]}}}"#)
    }

    @Test(arguments: [
        ("site ä/", "site+%C3%A4/"), ("a=1/b+c/", "a%3D1/b%2Bc/"), ("a-_.!'()/", "a-_.!'()/"), ("~x@y/", "%7Ex%40y/"),
    ])
    func `filters of AWS have prefixes encoded as S3 wants them, and those of other stores as they are`(
        prefix: String, value: String
    ) throws {
        func written(_ store: String) throws -> String? {
            let json = try configuration([prefix], store: store, target: "arn:aws:sqs:eu-west-1:123456789012:uploads")
            let key = json["QueueConfigurations"]?.elements?.first?["Filter"]?["Key"]
            return key?["FilterRules"]?.elements?.first?["Value"]?.string
        }
        #expect(try written("{bucket: shared, region: eu-west-1}") == value)
        #expect(try written("{bucket: shared, region: r, endpoint: 'https://store.example'}") == prefix)
    }

    @Test func `more entries than S3 takes, and a pattern that is too long, are warnings`() throws {
        func events(_ count: Int, store: String = "{bucket: shared, region: eu-west-1}") throws -> UploadEvents {
            var files: [String: String] = [:]
            for number in 0..<count { files["t\(number)"] = Self.yaml("t\(number)", store: store) }
            return UploadEvents(of: try #require(try Self.buckets(files).first))
        }
        let queue = NotificationTarget.queue("arn:aws:sqs:eu-west-1:123456789012:uploads")
        #expect(try events(100).warnings(for: queue).isEmpty)
        let many = try events(101)
        #expect(many.warnings(for: queue).first?.contains("101 entries, and S3 takes at most 100") == true)
        #expect(many.warnings(for: .eventBridge).isEmpty)
        #expect(try events(200).warnings(for: nil).count == 1)
        #expect(try events(101, store: Self.ceph("shared")).warnings(for: queue).isEmpty)
        #expect(try events(10).warnings(for: nil).isEmpty)
    }

    @Test(arguments: ["", "arn:aws:s3:::shared", "arn:aws:sqs", "arn:aws:sqs:::q", "EventBridge", "arn:aws:sqs:r:1:ü"])
    func `other texts are no target`(text: String) {
        #expect(NotificationTarget(text) == nil)
    }

    @Test func `a queue takes the events of the bucket only`() throws {
        let buckets = try Self.buckets(["a": Self.yaml("a")])
        #expect(
            UploadEvents.targetPolicy(for: .queue("arn:aws-cn:sqs:cn-north-1:123456789012:q"), of: buckets)
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"#
                + #""Action":"sqs:SendMessage","Resource":["arn:aws-cn:sqs:cn-north-1:123456789012:q"],"#
                + #""Condition":{"ArnLike":{"aws:SourceArn":"arn:aws-cn:s3:*:*:shared"},"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}"#
        )
        #expect(UploadEvents.targetPolicy(for: .eventBridge, of: buckets) == nil)
    }

    @Test func `a queue has one policy, with a statement for each bucket`() throws {
        let buckets = try Self.buckets([
            "a": Self.yaml("a"), "b": Self.yaml("b", store: "{bucket: other, region: eu-west-1}"),
            "c": Self.yaml("c", store: Self.ceph("shared")),
        ])
        let text = try #require(
            UploadEvents.targetPolicy(for: .topic("arn:aws:sns:eu-west-1:123456789012:t"), of: buckets))
        let statements = try #require(try JSONValue(parsing: Array(text.utf8))["Statement"]?.elements)
        let sources = statements.compactMap { $0["Condition"]?["ArnLike"]?["aws:SourceArn"]?.string }
        #expect(sources == ["arn:aws:s3:*:*:shared", "arn:aws:s3:*:*:other"])
    }
}
