// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UserAuth
import WireFormats

@testable import RuleFiles
@testable import UploadRules

struct ServiceConfigurationTests {
    private func load(_ yaml: String, path: String = "/etc/postern/postern.yaml") -> Result<
        ServiceConfiguration, RuleFilesError
    > {
        ServiceConfiguration.load(path: path, files: .memory([path: yaml]))
    }

    private func problems(_ yaml: String) -> [String] {
        guard case .failure(let found) = load(yaml) else { return [] }
        return found.problems.map { String($0.description.dropFirst("/etc/postern/postern.yaml:".count)) }
    }

    @Test func `all keys of the file are read, and none is required`() throws {
        let full = try load(
            """
            listen: "[::]:8443"
            admin: 127.0.0.1:9090
            tenants: tenants
            tlsCert: tls/cert.pem
            tlsKey: /run/secrets/key.pem
            logFormat: text
            logLevel: debug
            drainDelay: 10s
            idleTimeout: 2m
            adminHosts: [postern.internal, Ops_1]
            maxConnections: 2000
            maxConnectionsPerPeer: 100
            trustedProxies: [10.0.0.0/8, "::1"]
            issuers:
              - issuer: https://id.example
                audience: uploads
                algorithms: [ES256]
                keys: {jwksFile: jwks.json}
                tenantClaim: org
                user: email
                maxLifetime: 10m
            """
        ).get()
        #expect(full.listen == ListenAddress(host: "::", port: 8443) && full.admin?.description == "127.0.0.1:9090")
        #expect(
            full.tenants == "/etc/postern/tenants" && full.tlsCert == "/etc/postern/tls/cert.pem"
                && full.tlsKey == "/run/secrets/key.pem")
        #expect(full.logFormat == .text && full.logLevel == .debug)
        #expect(full.drainDelay == 10 && full.idleTimeout == 120 && full.adminHosts == ["postern.internal", "Ops_1"])
        #expect(full.maxConnections == 2000 && full.maxConnectionsPerPeer == 100)
        #expect(full.trustedProxies.map { $0.contains("10.1.1.1") } == [true, false])
        #expect(
            full.issuers == [
                Issuer(
                    identifier: "https://id.example", audiences: ["uploads"], algorithms: [.es256],
                    keySource: .jwksFile("/etc/postern/jwks.json"),
                    keyAuthorities: nil,
                    userClaim: "email", tenantClaim: "org", maximumLifetime: 600
                )
            ]
        )
        let empty = try load("# all defaults\n").get()
        #expect(empty.listen == nil && empty.tenants == nil && empty.issuers == [] && empty.trustedProxies == [])
    }

    @Test(arguments: [("postern.yaml", "t"), ("a/postern.yaml", "a/t"), ("/postern.yaml", "/t")])
    func `relative paths are relative to the file's folder`(path: String, tenants: String) throws {
        #expect(try load("tenants: t", path: path).get().tenants == tenants)
    }

    @Test(arguments: [
        ("listen: 8080", ["1:9: “8080” is not host:port; write 127.0.0.1:8080, or [::1]:8080"]),
        ("listen: localhost", ["1:9: “localhost” is not host:port; write 127.0.0.1:8080, or [::1]:8080"]),
        ("listn: a:1", ["1:1: “listn” is not a key of the file; did you mean listen?"]),
        ("drainDelay: 6m", ["1:13: “6m” is not a drain delay; write 0s to 5m"]),
        ("drainDelay: 5", ["1:13: “5” has no unit; add one of s, m, h, d: 5s"]),
        ("idleTimeout: 0s", ["1:14: “0s” is not an idle timeout; write 1s to 1h"]),
        ("maxConnections: 0", ["1:17: “0” is not a number of connections; write 1 to 1000000"]),
        ("maxConnectionsPerPeer: many", ["1:24: “many” is not a number of connections; write 1000000"]),
        (
            "adminHosts: [a:80]",
            ["1:14: “a:80” is not a host name; write a name without a port, such as postern.internal"]
        ),
        ("tlsCert: a", ["1:1: tlsCert stands without tlsKey; write both, or neither"]),
        ("tlsKey: a", ["1:1: tlsKey stands without tlsCert; write both, or neither"]),
        (
            "logFormat: xml\nlogLevel: loud",
            [
                "1:12: “xml” is not a log format; write one of json, text",
                "2:11: “loud” is not a log level; write one of trace, debug, info, notice, warning, error, critical",
            ]
        ),
        (
            "trustedProxies: [10.0.0.1/8, x]",
            [
                "1:18: “10.0.0.1/8” has bits set behind its prefix; write the block's first address, or leave out /8",
                "1:30: “x” is not an address or CIDR block; write 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1",
            ]
        ),
        (
            "issuers:\n  - {issuer: x, audience: a, algorithms: [RS256], keys: {jwksFile: j}}",
            ["2:5: an issuer has no tenantClaim; write the claim that names the tenant: tenantClaim: org"]
        ),
        ("tenants: \"a\\0b\"", ["1:10: the path has a control character; remove it"]),
        (
            "- a",
            [
                "1:1: the file is not a mapping; write “key: value” lines, with the keys listen, admin, tenants, tlsCert, tlsKey, logFormat, logLevel, drainDelay, idleTimeout, adminHosts, maxConnections, maxConnectionsPerPeer, trustedProxies, issuers"
            ]
        ),
    ])
    func `every diagnostic has its place`(yaml: String, expected: [String]) {
        #expect(problems(yaml) == expected)
    }

    @Test func `a missing file is a diagnostic`() {
        guard case .failure(let found) = ServiceConfiguration.load(path: "none.yaml", files: .memory([:])) else { return }
        #expect(
            found.description
                == "none.yaml: the file cannot be read: there is no such file or folder; check that it exists and may be read")
    }
}
