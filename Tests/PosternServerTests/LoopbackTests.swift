// SPDX-License-Identifier: Apache-2.0

import DevStore
import OutgoingHTTP
import PostPolicy
import Testing
import WireFormats

@testable import AWSCredentials
@testable import PosternServer
@testable import RuleFiles
@testable import UserAuth

/// Every place that asks whether a host is this machine gives the answer of one table.
struct LoopbackTests {
    /// A host as a URL has it, and whether it is this machine; nil where it is no host.
    private static let hosts: [(host: String, isLoopback: Bool?)] = [
        ("localhost", true), ("LOCALHOST", true), ("a.localhost", true), ("a.b.LocalHost", true), ("127.0.0.1", true),
        ("127.0.0.0", true), ("127.255.255.255", true), ("[::1]", true), ("[0:0:0:0:0:0:0:1]", true), ("[0000::0001]", true),
        ("[::0.0.0.1]", true), ("[::ffff:127.0.0.1]", true), ("[::FFFF:7F00:1]", true),
        ("id.example", false), ("localhost.example", false), ("xlocalhost", false), ("localhost-a", false),
        ("127.0.0.1.example", false), ("126.255.255.255", false), ("128.0.0.1", false), ("0.0.0.0", false), ("10.0.0.1", false),
        ("169.254.169.254", false), ("[::]", false), ("[::2]", false), ("[::127.0.0.1]", false), ("[fe80::1]", false),
        ("[::ffff:10.0.0.1]", false), ("[1::1]", false),
        ("localhost.", nil), ("127.1", nil), ("127.0.0.256", nil), ("0127.0.0.1", nil), ("2130706433", nil), ("0x7f000001", nil),
        ("0x7f.0.0.0x1", nil), ("::1", nil), ("[127.0.0.1]", nil), ("[::1%25lo]", nil), ("[localhost]", nil),
        ("%6cocalhost", nil),
    ]

    @Test(arguments: hosts)
    func `a URL over http is protected if its host is loopback`(host: String, isLoopback: Bool?) {
        #expect((try? HTTPURL("http://\(host):8080/"))?.isProtected == isLoopback)
    }

    @Test(arguments: hosts)
    func `a rule file may name a key set over http on a loopback host`(host: String, isLoopback: Bool?) {
        #expect(Self.isTaken { try WebURL.parse("http://\(host):8080/jwks.json") } == (isLoopback ?? false))
    }

    @Test(arguments: hosts)
    func `a key set is fetched over http from a loopback host`(host: String, isLoopback: Bool?) async {
        func isFetched(_ issuer: String, _ endpoint: KeyEndpoint) async -> Bool {
            let fetcher = KeyFetcher(issuer: issuer, endpoint: endpoint, algorithms: [.es256]) {
                _ throws(OutgoingError) in throw .unreachable("asked")
            }
            do throws(KeyFetchError) {
                _ = try await fetcher.fetch()
                return true
            } catch {
                return error.reason == .unreachable
            }
        }
        #expect(await isFetched("id", .jwks(url: "http://\(host):8080/jwks.json")) == (isLoopback ?? false))
        #expect(await isFetched("http://\(host):8080", .discovery) == (isLoopback ?? false))
    }

    @Test(arguments: hosts)
    func `a web origin may be http on a loopback host`(host: String, isLoopback: Bool?) {
        let origin = "http://\(host.lowercased()):3000"
        #expect(Self.isTaken { try WebOrigin.parse(origin) } == (isLoopback ?? false))
    }

    @Test(arguments: hosts)
    func `STS may be http on a loopback host`(host: String, isLoopback: Bool?) {
        let isAsked = Self.isTaken {
            try STSEndpoint(url: "http://\(host):8080/", region: "r", authorities: nil, name: "AWS_ENDPOINT_URL")
        }
        #expect(isAsked == (isLoopback ?? false))
    }

    @Test(arguments: hosts)
    func `two loopback hosts are the same store, and so is the unspecified address, which connects to this machine`(
        host: String, isLoopback: Bool?
    ) {
        func bucket(at host: String) -> BucketIdentity? {
            try? StoreEndpoint(bucket: "acme", region: "r", endpoint: "http://\(host):9000").identity
        }
        let isSame = bucket(at: "127.0.0.1").flatMap { bucket(at: host)?.mayBeSame(as: $0) } ?? false
        #expect(isSame == (isLoopback == true || ["0.0.0.0", "[::]"].contains(host)))
    }

    @Test(arguments: hosts)
    func `the dev store listens on a loopback host only`(host: String, isLoopback: Bool?) {
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let isTaken = Self.isTaken {
            try DevStoreConfiguration(
                folder: "/tmp", buckets: ["bucket"], host: bare, port: 0,
                credentials: SigningCredentials(accessKeyID: "POSTERNDEVTEST", secretAccessKey: "canary-secret-key"),
                allowedOrigins: [])
        }
        // Without brackets, ::1 is an address; with them around an IPv4 address or a name, the rest is one.
        #expect(isTaken == (isLoopback ?? ["::1", "127.0.0.1", "localhost"].contains(bare)))
    }

    @Test(arguments: hosts)
    func `a listener answers to loopback names and to any address`(host: String, isLoopback: Bool?) {
        let isAddress = (try? HostPort(host))?.host.address != nil
        #expect(HostNames().contains(authority: host) == (isLoopback == true || isAddress))
    }

    private static func isTaken<Value>(_ make: () throws -> Value) -> Bool {
        (try? make()) != nil
    }
}
