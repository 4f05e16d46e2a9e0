// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PostPolicy

/// Stores in many spellings, each pair of which is held against where a server would put an upload.
struct BucketIdentityTests {
    /// A store as a rule file writes it.
    struct Spelling: CustomStringConvertible {
        var bucket: String
        var region = "eu-west-1"
        var endpoint: String?
        var addressing: Addressing?
        var options: StoreEndpoint.Options = []

        func store() throws(EndpointError) -> StoreEndpoint {
            try StoreEndpoint(bucket: bucket, region: region, endpoint: endpoint, addressing: addressing, options: options)
        }

        var description: String { "\(bucket) \(region) \(endpoint ?? "AWS") \(addressing?.rawValue ?? "-") \(options.rawValue)" }
    }

    // MARK: Where an upload goes

    /// A small internet. It reads URLs with Foundation and addresses with the C library, and knows its servers from a table.
    private enum World {
        /// The names of hosts that have many buckets, in the path or in front of the name.
        static let services: Set = ["s3.example.net", "minio", "min_io", "example.org", "eu.example.org", "localhost"]

        /// Which buckets of which servers may get what is sent to a URL, depending on who signs.
        static func places(of url: String) throws -> Set<String> {
            let place = try place(of: url)
            guard !place.hasPrefix("AWS/"), let slash = place.lastIndex(of: "/"), !place[slash...].contains(":") else {
                return [place]
            }
            // Ceph looks for a bucket without a tenant among those of the tenant whose user signs.
            return Set(["", "t1:", "t2:"].map { place[...slash] + $0 + place[place.index(after: slash)...] }.map(String.init))
        }

        /// Which bucket of which server a URL names.
        private static func place(of url: String) throws -> String {
            let parts = try #require(URLComponents(string: url))
            let host = try #require(parts.encodedHost).lowercased()
            let folders = parts.path.split(separator: "/").map(String.init)
            let number = parts.port ?? (parts.scheme == "https" ? 443 : 80)
            // A server listens on both default ports, and another one on any other port.
            let port = number == 80 || number == 443 ? "web" : String(number)
            if let place = amazon(host, folders) { return place }
            if let address = address(host) { return "\(address):\(port)/\(folders.last ?? "")" }
            if services.contains(host) { return "\(host == "localhost" ? "here" : host):\(port)/\(folders.last ?? "")" }
            // The bucket is what is in front of the longest name: acme.eu.example.org is acme of eu.example.org.
            if let service = services.filter({ host.hasSuffix(".\($0)") }).max(by: { $0.count < $1.count }) {
                return "\(service == "localhost" ? "here" : service):\(port)/\(host.dropLast(service.count + 1))"
            }
            return "\(host):\(port)/"
        }

        private static func address(_ host: String) -> String? {
            let text = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            var four = in_addr()
            var six = in6_addr()
            if inet_pton(AF_INET, text, &four) == 1 { return name(UInt32(bigEndian: four.s_addr)) }
            guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
            var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            inet_ntop(AF_INET6, &six, &buffer, socklen_t(INET6_ADDRSTRLEN))
            let canonical = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if canonical == "::1" || canonical == "::" { return "here" }
            guard canonical.hasPrefix("::ffff:") else { return canonical }
            inet_pton(AF_INET, String(canonical.dropFirst("::ffff:".count)), &four)
            return name(UInt32(bigEndian: four.s_addr))
        }

        private static func name(_ address: UInt32) -> String {
            address >> 24 == 127 || address == 0 ? "here" : String(address)
        }

        /// The hosts of AWS in the spellings of this test.
        private static let hosts: [String] = {
            var hosts = ["s3.amazonaws.com", "s3-external-1.amazonaws.com", "s3-eu-west-1.amazonaws.com"]
            hosts += ["s3-accelerate.amazonaws.com", "s3-accelerate.dualstack.amazonaws.com"]
            hosts += ["bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com"]
            for service in ["s3", "s3.dualstack", "s3-fips", "s3-fips.dualstack"] {
                hosts += [
                    "us-east-1.amazonaws.com", "eu-west-1.amazonaws.com", "eusc-de-east-1.amazonaws.eu",
                    "cn-north-1.amazonaws.com.cn",
                ]
                .map { "\(service).\($0)" }
            }
            return hosts
        }()

        private static func amazon(_ host: String, _ folders: [String]) -> String? {
            if hosts.contains(host) { return "AWS/\(folders.last ?? "")" }
            guard let service = hosts.first(where: { host.hasSuffix("." + $0) }) else { return nil }
            return "AWS/\(host.dropLast(service.count + 1))"
        }
    }

    // MARK: Spellings

    private static let buckets = ["acme", "files.acme", "x_y"]

    private static var amazon: [Spelling] {
        var all: [Spelling] = []
        for bucket in buckets {
            for region in ["us-east-1", "eu-west-1", "eusc-de-east-1", "cn-north-1"] {
                for addressing in [nil, .path, .virtualHost] as [Addressing?] {
                    for options in [[], .dualStack, .fips, .accelerate, [.dualStack, .accelerate]] as [StoreEndpoint.Options] {
                        all.append(Spelling(bucket: bucket, region: region, addressing: addressing, options: options))
                    }
                }
            }
            for host in [
                "s3.amazonaws.com", "s3-external-1.amazonaws.com", "S3.EU-West-1.AmazonAWS.com", "s3-eu-west-1.amazonaws.com",
                "s3.dualstack.eu-west-1.amazonaws.com", "s3-fips.eu-west-1.amazonaws.com", "s3.eusc-de-east-1.amazonaws.eu",
                "s3.cn-north-1.amazonaws.com.cn", "bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com",
            ] {
                for (scheme, port) in [("https", ""), ("https", ":443"), ("http", ":80"), ("HTTP", "")] {
                    for style in [nil, .path, .virtualHost] as [Addressing?] {
                        all.append(Spelling(bucket: bucket, endpoint: "\(scheme)://\(host)\(port)", addressing: style))
                    }
                    all.append(Spelling(bucket: bucket, endpoint: "\(scheme)://\(bucket).\(host)\(port)/", addressing: .host))
                }
            }
        }
        return all
    }

    private static var others: [Spelling] {
        var all: [Spelling] = []
        let names = [
            "s3.example.net", "S3.Example.NET", "minio", "min_io", "example.org", "eu.example.org", "localhost", "LocalHost",
        ]
        let addresses = [
            "127.0.0.1", "127.1.2.3", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "10.0.0.1",
            "[::ffff:10.0.0.1]", "[::ffff:a00:1]", "[2001:db8::1]", "[2001:DB8:0:0::1]",
            "[2001:0db8:0000:0000:0000:0000:0000:0001]",
            "[2001:db8::2]", "[::10.0.0.1]", "0.0.0.0", "[::]", "[0:0::0]", "[::ffff:0.0.0.0]", "0.0.0.1", "[::2]",
        ]
        for bucket in buckets {
            for (place, host) in (names + addresses).enumerated() {
                let spelled = [
                    ("https", ""), ("https", ":443"), ("https", ":80"), ("http", ""), ("http", ":80"), ("http", ":9000"),
                ]
                for (scheme, port) in spelled {
                    for base in ["/", "/base/dir"] {
                        let endpoint = "\(scheme)://\(host)\(port)\(base)"
                        all.append(Spelling(bucket: bucket, endpoint: endpoint))
                        for tenant in ["t1", "t2"] { all.append(Spelling(bucket: "\(tenant):\(bucket)", endpoint: endpoint)) }
                        guard place < names.count else { continue }
                        all.append(Spelling(bucket: bucket, endpoint: endpoint, addressing: .virtualHost))
                        let own = "\(scheme)://\(bucket).\(host)\(port)\(base)"
                        all.append(Spelling(bucket: bucket, endpoint: own, addressing: .host))
                        // The name in the form does not change where the upload goes.
                        all.append(Spelling(bucket: "other", endpoint: own, addressing: .host))
                    }
                }
            }
            // Hosts that are buckets, of stores that the file does not name.
            for host in ["files.example.com", "Files.Example.com", "other.example.com"] {
                for (scheme, port) in [("https", ""), ("http", ":80"), ("https", ":8443")] {
                    all.append(Spelling(bucket: bucket, endpoint: "\(scheme)://\(host)\(port)", addressing: .host))
                }
            }
        }
        return all
    }

    @Test func `two stores may be one bucket if an upload to either may go to one place`() throws {
        var stores: [(spelling: Spelling, places: Set<String>, identity: BucketIdentity)] = []
        for spelling in Self.amazon + Self.others {
            guard let store = try? spelling.store() else { continue }
            stores.append((spelling, try World.places(of: store.url), store.identity))
        }
        #expect(stores.count > 800)
        #expect(Set(stores.map(\.places)).count > 180)
        // Spellings of the same places and identity behave alike: one of each is enough.
        var seen: Set<String> = []
        let different = stores.filter { seen.insert("\($0.places.sorted()) \($0.identity.hashValue)").inserted }
        var wrong: [String] = []
        for (index, one) in different.enumerated() {
            for other in different[index...]
            where one.identity.mayBeSame(as: other.identity) == one.places.isDisjoint(with: other.places) {
                wrong.append("\(one.spelling) · \(other.spelling): \(one.places) \(other.places)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(10).joined(separator: "\n"))")
    }

    @Test func `each address of AWS, and no other, is on AWS`() throws {
        for spelling in Self.amazon {
            guard let store = try? spelling.store() else { continue }
            #expect(store.identity.isAWS)
        }
        for spelling in Self.others {
            guard let store = try? spelling.store() else { continue }
            #expect(!store.identity.isAWS)
        }
    }

    @Test(arguments: [
        "my-lb-0123456789.eu-west-1.elb.amazonaws.com", "my-nlb-0123.elb.eu-west-1.amazonaws.com",
        "ec2-198-51-100-7.eu-west-1.compute.amazonaws.com", "ec2-198-51-100-7.compute-1.amazonaws.com",
        "s3.amazonaws.com.example.net", "notamazonaws.com", "s3-eu-west-1.example.net",
    ])
    func `machines of AWS's customers are stores of their own`(host: String) throws {
        #expect(!StoreEndpoint.isAWS(endpoint: "https://\(host)"))
        let here = try StoreEndpoint(bucket: "acme", region: "r", endpoint: "https://\(host)")
        #expect(try !here.identity.mayBeSame(as: StoreEndpoint(bucket: "acme", region: "eu-west-1").identity))
    }

    @Test(arguments: ["elb", "compute", "my.elb", "s3-files", "a.s3", "a.s3-b", "s3.eu-west-1", "dualstack"])
    func `a bucket may be called like a part of AWS's host names`(bucket: String) throws {
        for service in [
            "s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com", "s3.amazonaws.com",
            "s3.dualstack.eu-west-1.amazonaws.com",
        ] {
            let host = try StoreEndpoint(
                bucket: bucket, region: "eu-west-1", endpoint: "https://\(bucket).\(service)", addressing: .host)
            #expect(try host.identity.mayBeSame(as: StoreEndpoint(bucket: bucket, region: "eu-west-1").identity))
        }
    }

    @Test func `an endpoint on AWS that has a bucket is that bucket`() throws {
        for host in ["acme.s3.eu-west-1.amazonaws.com", "ACME.s3-eu-west-1.amazonaws.com", "acme.s3-accelerate.amazonaws.com"] {
            let endpoint = "https://\(host)"
            for style in [nil, .path, .virtualHost] as [Addressing?] {
                for bucket in ["acme", "other"] {
                    #expect(throws: EndpointError.endpointHasBucket("acme")) {
                        try StoreEndpoint(bucket: bucket, region: "eu-west-1", endpoint: endpoint, addressing: style)
                    }
                }
            }
            #expect(throws: EndpointError.hostIsOtherBucket("acme")) {
                try StoreEndpoint(bucket: "other", region: "eu-west-1", endpoint: endpoint, addressing: .host)
            }
            #expect(try StoreEndpoint(bucket: "acme", region: "r", endpoint: endpoint, addressing: .host).identity.isAWS)
        }
        #expect(throws: EndpointError.hostIsNoBucket) {
            try StoreEndpoint(bucket: "acme", region: "r", endpoint: "https://s3.eu-west-1.amazonaws.com", addressing: .host)
        }
    }

    @Test func `a host that is a bucket is one bucket, whatever the form calls it`() throws {
        func identity(_ bucket: String, _ endpoint: String, _ style: Addressing) throws -> BucketIdentity {
            try StoreEndpoint(bucket: bucket, region: "r", endpoint: endpoint, addressing: style).identity
        }
        let one = try identity("acme", "https://files.example.com", .host)
        #expect(try one.mayBeSame(as: identity("other", "http://FILES.example.com:80", .host)))
        #expect(try one.mayBeSame(as: identity("acme", "https://files.example.com", .path)))
        #expect(try !one.mayBeSame(as: identity("acme", "https://other.example.com", .host)))
        // The store puts the bucket's name in front of its own.
        #expect(
            try identity("files", "https://files.example.com", .path).mayBeSame(
                as: identity("files", "https://example.com", .path)))
    }

    @Test func `a bucket of a tenant of Ceph may be the one without a tenant, and is not that of another tenant`() throws {
        func identity(_ bucket: String, _ endpoint: String = "https://s3.example.net", _ style: Addressing = .path) throws
            -> BucketIdentity
        {
            try StoreEndpoint(bucket: bucket, region: "r", endpoint: endpoint, addressing: style).identity
        }
        let one = try identity("t1:acme")
        for same in [
            try identity("t1:acme", "http://S3.example.net:80/base"), try identity("acme"),
            try identity("acme", "https://s3.example.net", .virtualHost),
            try identity("other", "https://acme.s3.example.net", .host),
        ] {
            #expect(one.mayBeSame(as: same) && same.mayBeSame(as: one))
        }
        for different in [
            try identity("t2:acme"), try identity("T1:acme"), try identity("t1:other"), try identity("other"),
            try identity("t1:acme", "https://s3.example.org"), try identity("t1:acme", "https://s3.example.net:8443"),
            try identity("other", "https://s3.example.net", .virtualHost),
        ] {
            #expect(!one.mayBeSame(as: different) && !different.mayBeSame(as: one))
        }
    }
}
