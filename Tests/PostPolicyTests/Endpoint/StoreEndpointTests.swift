// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import Testing

struct StoreEndpointTests {
    @Test(arguments: EndpointTable.resolved)
    func `AWS: the URL is botocore's`(row: EndpointTable.Row) throws {
        let endpoint = try StoreEndpoint(
            bucket: row.bucket, region: row.region, addressing: row.addressing, options: row.options)
        #expect(endpoint.url == row.url)
        #expect(endpoint.url.hasPrefix("https://\(endpoint.host)/"))
        #expect(endpoint.bucket == row.bucket && endpoint.region == row.region)
        // Without a wish, a bucket without dots stands in front of the host and one with dots in the path.
        let usual = try StoreEndpoint(bucket: row.bucket, region: row.region, options: row.options)
        let isUsual = (row.addressing == .path) == row.bucket.contains(".")
        #expect((usual == endpoint) == isUsual)
    }

    @Test(arguments: EndpointTable.refused)
    func `AWS: a bucket and region that botocore refuses are refused`(
        region: String, addressing: Addressing, options: StoreEndpoint.Options
    ) {
        #expect(throws: EndpointError.self) {
            try StoreEndpoint(bucket: "acme-uploads", region: region, addressing: addressing, options: options)
        }
    }

    @Test(arguments: [
        ("ap-southeast-5", "amazonaws.com"), ("mx-central-1", "amazonaws.com"), ("il-central-1", "amazonaws.com"),
        ("us-west-2", "amazonaws.com"), ("nz-north-12", "amazonaws.com"), ("us-gov-east-1", "amazonaws.com"),
        ("cn-northwest-1", "amazonaws.com.cn"), ("us-iso-east-1", "c2s.ic.gov"), ("us-iso-west-1", "c2s.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov"), ("eu-isoe-west-1", "cloud.adc-e.uk"), ("us-isof-south-1", "csp.hci.ic.gov"),
        ("us-isof-east-1", "csp.hci.ic.gov"), ("eusc-de-east-1", "amazonaws.eu"),
    ])
    func `AWS: a region is recognised by its form and partition`(region: String, suffix: String) throws {
        #expect(try StoreEndpoint(bucket: "b-1", region: region).url == "https://b-1.s3.\(region).\(suffix)/")
    }

    @Test(arguments: [
        "", "eu", "eu-west", "EU-WEST-1", "eu_west_1", "eu-west-1 ", "eu-west-1/", "eu--1", "eu-west-1.example.net",
        "default",
        "eu-west-1\n", "eu-wést-1", "e-west-1", "eu-west-111", "-west-1", "eu-west-1@evil.example", "aws-global",
    ])
    func `AWS: a text that is no region is refused with advice`(region: String) {
        #expect(throws: EndpointError.regionInvalid(region, isAWS: true)) { try StoreEndpoint(bucket: "b-1", region: region) }
    }

    @Test(arguments: ["us-isox-east-1", "eu-isog-west-1"])
    func `AWS: regions of isolated partitions that are not in the table need an endpoint`(region: String) throws {
        #expect(throws: EndpointError.partitionUnknown(region: region)) { try StoreEndpoint(bucket: "b-1", region: region) }
        let endpoint = try StoreEndpoint(bucket: "b-1", region: region, endpoint: "https://s3.\(region).example")
        #expect(endpoint.url == "https://s3.\(region).example/b-1/")
    }

    @Test(arguments: [
        ("us-iso-east-1", "c2s.ic.gov", true), ("us-isob-east-1", "sc2s.sgov.gov", true),
        ("eu-isoe-west-1", "cloud.adc-e.uk", false), ("us-isof-south-1", "csp.hci.ic.gov", false),
        ("eusc-de-east-1", "amazonaws.eu", true),
    ])
    func `a partition has only the hosts that AWS has there`(region: String, suffix: String, hasDualStack: Bool) throws {
        func url(_ options: StoreEndpoint.Options) throws(EndpointError) -> String {
            try StoreEndpoint(bucket: "b-1", region: region, options: options).url
        }
        #expect(try url(.fips) == "https://b-1.s3-fips.\(region).\(suffix)/")
        #expect(throws: EndpointError.optionNotInPartition("accelerate", region: region)) { try url(.accelerate) }
        if hasDualStack {
            #expect(try url(.dualStack) == "https://b-1.s3.dualstack.\(region).\(suffix)/")
            #expect(try url([.dualStack, .fips]) == "https://b-1.s3-fips.dualstack.\(region).\(suffix)/")
        } else {
            #expect(throws: EndpointError.optionNotInPartition("dual-stack", region: region)) { try url(.dualStack) }
            #expect(throws: EndpointError.optionNotInPartition("dual-stack", region: region)) { try url([.dualStack, .fips]) }
        }
    }

    @Test(
        arguments: [
            ("https://s3.example.net", nil, "https://s3.example.net/acme-uploads/", "s3.example.net"),
            ("https://s3.example.net/", .path, "https://s3.example.net/acme-uploads/", "s3.example.net"),
            ("https://s3.example.net", .virtualHost, "https://acme-uploads.s3.example.net/", "acme-uploads.s3.example.net"),
            ("HTTPS://S3.Example.NET:8443/Base", nil, "https://s3.example.net:8443/Base/acme-uploads/", "s3.example.net:8443"),
            (
                "https://s3.example.net:8443/base/", .virtualHost, "https://acme-uploads.s3.example.net:8443/base/",
                "acme-uploads.s3.example.net:8443"
            ),
            ("https://h.example/a/b-c/d.e~f_g", nil, "https://h.example/a/b-c/d.e~f_g/acme-uploads/", "h.example"),
            ("http://127.0.0.1:7480", nil, "http://127.0.0.1:7480/acme-uploads/", "127.0.0.1:7480"),
            ("http://localhost:9000", nil, "http://localhost:9000/acme-uploads/", "localhost:9000"),
            ("http://localhost:9000", .virtualHost, "http://acme-uploads.localhost:9000/", "acme-uploads.localhost:9000"),
            ("http://[::1]:9000", nil, "http://[::1]:9000/acme-uploads/", "[::1]:9000"),
            ("http://[FE80::1]", nil, "http://[fe80::1]/acme-uploads/", "[fe80::1]"),
            ("http://minio_1:9000", nil, "http://minio_1:9000/acme-uploads/", "minio_1:9000"),
            ("https://h.example:1", nil, "https://h.example:1/acme-uploads/", "h.example:1"),
            ("https://h.example:65535", nil, "https://h.example:65535/acme-uploads/", "h.example:65535"),
        ] as [(String, Addressing?, String, String)])
    func `other stores: scheme, port and base path are kept, and the bucket is in the path by default`(
        endpoint: String, addressing: Addressing?, url: String, host: String
    ) throws {
        let store = try StoreEndpoint(bucket: "acme-uploads", region: "default", endpoint: endpoint, addressing: addressing)
        #expect(store.url == url)
        #expect(store.host == host)
        #expect(store.region == "default")
    }

    @Test(
        arguments: [
            ("", .scheme), ("s3.example.net", .scheme), ("ftp://s3.example.net", .scheme), ("//s3.example.net", .scheme),
            ("https:/s3.example.net", .scheme), ("file:///etc/passwd", .scheme), ("https://", .host), ("https:///b", .host),
            ("https://user:pass@s3.example.net", .userinfo), ("https://user@h", .userinfo), ("https://@h", .userinfo),
            ("https://a@b@h", .userinfo), ("https://h?x=1", .query), ("https://h/?x", .query), ("https://h/a#b", .fragment),
            ("https://h#", .fragment), ("https://h/a?", .query), ("https://h:0", .port), ("https://h:65536", .port),
            ("https://h:", .port),
            ("https://h:x", .port), ("https://h:+1", .port), ("https://h:99999", .port), ("https://h:000080", .port),
            ("https://[::1]x", .port),
            ("https://h:80:80", .port), ("https://-h", .host), ("https://h-", .host), ("https://h..x", .host),
            ("https://.h", .host),
            ("https://h.", .host), ("https://h%41", .host), ("https://h,i", .host), ("https://h*", .host),
            ("https://256.1.1.1", .host),
            ("https://1.2.3", .host), ("https://01.2.3.4", .host), ("https://h.1", .host), ("https://[::1", .host),
            ("https://[]", .host),
            ("https://[1.2.3.4]", .host), ("https://[::g]", .host), ("https://[1:2:3]", .host), ("https://0x7f000001", .host),
            ("https://h:0080", .port), ("https://é.example", .character),
            ("https://h h", .character),
            ("https://h\n", .character), ("https://h\t", .character), (" https://h", .character), ("https://h/a b", .character),
            ("https://h\0", .character), ("https://h//", .path), ("https://h//b", .path), ("https://h/a//b", .path),
            ("https://h/..", .path),
            ("https://h/a/../b", .path), ("https://h/.", .path), ("https://h/%2e%2e", .path), ("https://h/a;b", .path),
            ("https://h/a&b", .path),
            ("https://h/a\\b", .path), ("https://h\\b", .host),
        ] as [(String, EndpointError.URLProblem)])
    func `other stores: any part that a plain store URL cannot have is refused`(
        endpoint: String, problem: EndpointError.URLProblem
    ) {
        #expect(throws: EndpointError.endpointInvalid(endpoint, problem)) {
            try StoreEndpoint(bucket: "acme-uploads", region: "default", endpoint: endpoint)
        }
    }

    @Test(arguments: ["garage", "us-east-1", "Default_1.x"])
    func `other stores: a region may be any name`(region: String) throws {
        #expect(try StoreEndpoint(bucket: "b-1", region: region, endpoint: "https://h").region == region)
    }

    @Test(arguments: ["", "a/b", "a b", "é", String(repeating: "a", count: 65)])
    func `other stores: a region must fit into a credential scope`(region: String) {
        #expect(throws: EndpointError.regionInvalid(region, isAWS: false)) {
            try StoreEndpoint(bucket: "b-1", region: region, endpoint: "https://h")
        }
    }

    @Test func `settings that contradict each other are refused with advice`() {
        #expect(throws: EndpointError.virtualHostNeedsName(host: "127.0.0.1")) {
            try StoreEndpoint(bucket: "b-1", region: "r", endpoint: "http://127.0.0.1:9000", addressing: .virtualHost)
        }
        #expect(throws: EndpointError.virtualHostNeedsName(host: "[::1]")) {
            try StoreEndpoint(bucket: "b-1", region: "r", endpoint: "http://[::1]", addressing: .virtualHost)
        }
        #expect(throws: EndpointError.virtualHostNeedsDotlessBucket(bucket: "a.b")) {
            try StoreEndpoint(bucket: "a.b", region: "eu-west-1", addressing: .virtualHost)
        }
        #expect(throws: EndpointError.virtualHostNeedsDotlessBucket(bucket: "a.b")) {
            try StoreEndpoint(bucket: "a.b", region: "r", endpoint: "https://h.example", addressing: .virtualHost)
        }
        #expect(throws: EndpointError.optionsNeedAWS) {
            try StoreEndpoint(bucket: "b-1", region: "eu-west-1", endpoint: "https://h", options: .dualStack)
        }
        #expect(throws: EndpointError.accelerateNeedsVirtualHost(bucket: "a.b")) {
            try StoreEndpoint(bucket: "a.b", region: "eu-west-1", options: .accelerate)
        }
        #expect(throws: EndpointError.optionNotInPartition("fips", region: "cn-north-1")) {
            try StoreEndpoint(bucket: "b-1", region: "cn-north-1", options: .fips)
        }
    }

    @Test func `without TLS a bucket with dots may be part of the host`() throws {
        let endpoint = try StoreEndpoint(bucket: "a.b", region: "r", endpoint: "http://s3.lan", addressing: .virtualHost)
        #expect(endpoint.url == "http://a.b.s3.lan/")
    }

    @Test(arguments: [
        "abc", "a-b", "a.b", "123", "1.2.3", "a--b", "1.2.3.a", "x-s3", "my-point-abc123-s3alias", "amzn-s3-demo-bucket",
        "a1.b2-c3.d4",
        "1.2.3.4.5", String(repeating: "a", count: 63),
    ])
    func `valid bucket names are accepted`(name: String) throws {
        #expect(try StoreEndpoint(bucket: name, region: "eu-west-1").bucket == name)
    }

    @Test(
        arguments: [
            ("", .length), ("ab", .length), (String(repeating: "a", count: 64), .length), ("Abc", .character),
            ("a_b", .character),
            ("a/b", .character), ("a b", .character), ("a\nb", .character), ("\u{e9}bc", .character), ("a\u{301}b", .character),
            ("a@evil.example", .character), ("a?b", .character), ("a#b", .character), ("-ab", .label), ("ab-", .label),
            (".ab", .label),
            ("ab.", .label), ("a..b", .label), ("a.-b", .label), ("a-.b", .label), ("...", .label), ("192.168.5.4", .address),
            ("999.1.2.3", .address), ("xn--abc", .reserved), ("sthree-abc", .reserved), ("abc--ol-s3", .reserved),
            ("abc.mrap", .reserved),
            ("abc--use1-az4--x-s3", .reserved), ("abc--table-s3", .reserved),
        ] as [(String, EndpointError.BucketProblem)])
    func `invalid bucket names are refused`(name: String, problem: EndpointError.BucketProblem) {
        #expect(throws: EndpointError.bucketInvalid(name, problem)) { try StoreEndpoint(bucket: name, region: "eu-west-1") }
    }

    @Test func `an error's description is its message and its advice`() {
        let error = EndpointError.endpointInvalid("http://a: b", .character)
        #expect(error.message == "the endpoint \"http://a: b\" is not valid")
        #expect(error.advice == "use visible ASCII only")
        #expect("\(error)" == "\(error.message): \(error.advice)")
        let option = EndpointError.optionNotInPartition("fips", region: "cn-north-1")
        #expect(option.message == "AWS has no fips hosts for the region \"cn-north-1\"" && option.advice == "leave fips out")
    }

    @Test func `errors give advice`() {
        #expect(
            "\(EndpointError.endpointInvalid("s3.example.net", .scheme))"
                == "the endpoint \"s3.example.net\" is not valid: begin with https:// or http://")
        #expect(
            "\(EndpointError.bucketInvalid("a\nb", .character))"
                == "the bucket name \"a\\nb\" is not valid: use lower-case letters, digits, '-' and '.'")
    }

    // MARK: The endpoint is the bucket

    @Test(
        arguments: [
            ("https://files.acme.example", "https://files.acme.example/"),
            ("https://Files.Acme.Example/", "https://files.acme.example/"),
            ("https://files.acme.example:8443/up", "https://files.acme.example:8443/up/"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/"), ("http://[::1]:9000", "http://[::1]:9000/"),
        ])
    func `with addressing host the URL is the endpoint alone`(endpoint: String, url: String) throws {
        for bucket in ["acme-uploads", "acme.uploads", "Acme_Uploads"] {
            let store = try StoreEndpoint(bucket: bucket, region: "r", endpoint: endpoint, addressing: .host)
            #expect(store.url == url && store.bucket == bucket)
        }
    }

    @Test func `addressing host needs an endpoint`() {
        for bucket in ["acme-uploads", "acme.uploads"] {
            #expect(throws: EndpointError.hostNeedsEndpoint) {
                try StoreEndpoint(bucket: bucket, region: "eu-west-1", addressing: .host)
            }
        }
    }

    // MARK: Older and foreign names

    /// Names of letters, digits, `-`, `_` and `.`, each broken by one of today's rules.
    private static let olderNames: [(name: String, problem: EndpointError.BucketProblem)] = [
        ("Acme_Uploads", .character), ("AcmeUploads", .character), ("acme_uploads", .character), ("ACME", .character),
        ("a..b", .label), (".ab", .label), ("ab.", .label), ("-ab", .label), ("a-.b", .label), ("...", .label),
        ("___", .character),
        ("192.168.5.4", .address), (String(repeating: "a", count: 64), .length), (String(repeating: "a", count: 255), .length),
        ("A" + String(repeating: "_", count: 254), .length),
    ]

    @Test(arguments: olderNames)
    func `older names are possible in us-east-1 and with an endpoint, in the path`(
        name: String, problem: EndpointError.BucketProblem
    ) throws {
        let older = try StoreEndpoint(bucket: name, region: "us-east-1")
        #expect(older.url == "https://s3.us-east-1.amazonaws.com/\(name)/" && !older.hasCurrentBucketName)
        let foreign = try StoreEndpoint(bucket: name, region: "r", endpoint: "https://h.example")
        #expect(foreign.url == "https://h.example/\(name)/" && !foreign.hasCurrentBucketName)
        for region in ["eu-west-1", "us-east-2", "cn-north-1", "us-gov-east-1"] {
            #expect(throws: EndpointError.bucketInvalid(name, problem)) { try StoreEndpoint(bucket: name, region: region) }
        }
        #expect(throws: EndpointError.virtualHostNeedsHostName(bucket: name)) {
            try StoreEndpoint(bucket: name, region: "us-east-1", addressing: .virtualHost)
        }
        #expect(throws: EndpointError.virtualHostNeedsHostName(bucket: name)) {
            try StoreEndpoint(bucket: name, region: "r", endpoint: "http://h.example", addressing: .virtualHost)
        }
        #expect(throws: EndpointError.accelerateNeedsVirtualHost(bucket: name)) {
            try StoreEndpoint(bucket: name, region: "us-east-1", options: .accelerate)
        }
    }

    @Test(arguments: [
        "", "ab", "a/b", "a b", "a\nb", "a\0b", "é-bucket", "a:b", "a%b", "a?b", "a#b", "a@b", "a\\b", "a~b",
        "a+b",
        "../b", "a${b", String(repeating: "A", count: 256),
    ])
    func `no store has a bucket whose name would need encoding`(name: String) {
        for (region, endpoint) in [("us-east-1", nil), ("r", "https://h.example")] as [(String, String?)] {
            #expect(throws: EndpointError.self) { try StoreEndpoint(bucket: name, region: region, endpoint: endpoint) }
        }
    }

    @Test(arguments: ["xn--abc", "sthree-abc", "abc--ol-s3", "abc.mrap", "abc--use1-az4--x-s3", "abc--table-s3"])
    func `names that AWS reserves are possible at other stores only`(name: String) throws {
        #expect(throws: EndpointError.bucketInvalid(name, .reserved)) { try StoreEndpoint(bucket: name, region: "us-east-1") }
        #expect(try StoreEndpoint(bucket: name, region: "r", endpoint: "https://h").url == "https://h/\(name)/")
    }

    @Test func `a bucket of a tenant of Ceph has the tenant in the path only`() throws {
        let endpoint = "https://ceph.example:8443/s3"
        let store = try StoreEndpoint(bucket: "Team_1:acme-uploads", region: "r", endpoint: endpoint)
        #expect(store.url == "https://ceph.example:8443/s3/Team_1:acme-uploads/" && store.bucket == "acme-uploads")
        for bucket in [
            "Team_1:acme:uploads", ":acme-uploads", "a-b:acme-uploads", "é:acme-uploads", "t%:acme-uploads", "t:a/b", "t:",
            "t:ab",
        ] {
            #expect(throws: EndpointError.self) { try StoreEndpoint(bucket: bucket, region: "r", endpoint: endpoint) }
        }
        for style in [.virtualHost, .host] as [Addressing] {
            #expect(throws: EndpointError.self) {
                try StoreEndpoint(bucket: "t:acme-uploads", region: "r", endpoint: endpoint, addressing: style)
            }
        }
        for endpoint in [nil, "https://s3.us-east-1.amazonaws.com"] {
            #expect(throws: EndpointError.self) {
                try StoreEndpoint(bucket: "t:acme-uploads", region: "us-east-1", endpoint: endpoint)
            }
        }
    }
}
