// SPDX-License-Identifier: Apache-2.0

import Logging
import PosternTestSupport
import Testing
import UserAuth
import WireFormats

@testable import RuleFiles
@testable import UploadRules

struct ServiceSettingsTests {
    private func load(
        _ yaml: String, path: String = "/etc/postern/postern.yaml"
    ) throws(RuleFilesError) -> ServiceSettings {
        try ServiceSettings(file: path, files: .memory([path: yaml]))
    }

    private func problems(_ yaml: String) -> [String] {
        do throws(RuleFilesError) {
            _ = try load(yaml)
            return []
        } catch {
            return error.problems.map { String($0.description.dropFirst("/etc/postern/postern.yaml:".count)) }
        }
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
            reload: 500ms
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
        )
        #expect(full.listen == ListenAddress(host: "::", port: 8443) && full.admin.description == "127.0.0.1:9090")
        #expect(
            full.tenants == "/etc/postern/tenants" && full.tlsCert == "/etc/postern/tls/cert.pem"
                && full.tlsKey == "/run/secrets/key.pem")
        #expect(full.logFormat == .text && full.logLevel == .debug)
        #expect(
            full.drainDelay == .seconds(10) && full.reload == .milliseconds(500) && full.idleTimeout == .seconds(120)
                && full.adminHosts == ["postern.internal", "Ops_1"])
        #expect(full.maxConnections == 2000 && full.maxConnectionsPerPeer == 100)
        #expect(full.trustedProxies.map { $0.contains("10.1.1.1") } == [true, false])
        var issuer = Issuer(
            pattern: IssuerPattern(exact: "https://id.example"), algorithms: [.es256],
            keySource: .jwksFile("/etc/postern/jwks.json"))
        issuer.audiences = ["uploads"]
        issuer.userClaim = ClaimPath("email")
        issuer.tenantClaim = ClaimPath("org")
        issuer.maximumLifetime = 600
        #expect(full.issuers == [issuer])
        let empty = try load("# all defaults\n")
        #expect(empty.listen.port == 8080 && empty.tenants == "" && empty.issuers == [] && empty.trustedProxies == [])
    }

    @Test(
        arguments: [
            ("0", 0), ("0s", 0), ("100ms", 100), ("5s", 5000), ("5m", 300_000), ("99ms", nil), ("301s", nil), ("5", nil),
            ("1h", nil),
        ] as [(String, Int?)])
    func `files are looked at every 100 ms to 5 minutes, or not at all`(text: String, milliseconds: Int?) {
        #expect((try? load("reload: \(text)"))?.reload == milliseconds.map { .milliseconds($0) })
    }

    @Test func `a setting that has changed and needs a restart is named, and no other`() throws {
        let restart = [
            "tenants": "t", "listen": "127.0.0.1:1", "admin": "127.0.0.1:1", "tlsCert": "a, tlsKey: b", "logFormat": "text",
            "maxConnections": "5", "maxConnectionsPerPeer": "5", "idleTimeout": "5s", "audit": "-", "auditSync": "true",
            "auditUsers": "hash",
            "auditUserKey": "k",
        ]
        let live = [
            "logLevel": "error", "drainDelay": "5s", "reload": "0", "adminHosts": "[a]", "trustedProxies": "[10.0.0.0/8]",
            "issuers":
                "[{issuer: a, audience: b, algorithms: [ES256], keys: {jwksFile: k}, tenantClaim: t}]",
        ]
        #expect(
            Set(restart.keys).union(live.keys).union(["tlsKey"])
                == Set(ServiceSettings.declarations.compactMap { $0.key?.row.name }))
        let standard = try load("{}")
        for (name, value) in restart {
            let expected = name == "tlsCert" ? ["tlsCert", "tlsKey"] : [name]
            #expect(try load("{\(name): \(value)}").settingsForRestart(since: standard) == expected)
        }
        for (name, value) in live { #expect(try load("{\(name): \(value)}").settingsForRestart(since: standard) == []) }
    }

    @Test(arguments: [("postern.yaml", "t"), ("a/postern.yaml", "a/t"), ("/postern.yaml", "/t")])
    func `relative paths are relative to the file's folder`(path: String, tenants: String) throws {
        #expect(try load("tenants: t", path: path).tenants == tenants)
    }

    @Test(
        arguments: [
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
            ("tlsCert: a", ["1:1: tlsCert is set without tlsKey; write both, or neither"]),
            ("tlsKey: a", ["1:1: tlsKey is set without tlsCert; write both, or neither"]),
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
                    "1:1: the file is not a mapping; write “key: value” lines, with the keys tenants, listen, admin, tlsCert, tlsKey, logFormat, logLevel, maxConnections, maxConnectionsPerPeer, idleTimeout, drainDelay, reload, audit, auditSync, auditUsers, auditUserKey, adminHosts, trustedProxies, issuers"
                ]
            ),
        ]
    )
    func `every diagnostic has its place`(yaml: String, expected: [String]) {
        #expect(problems(yaml) == expected)
    }

    @Test func `the default in the reference is the default`() throws {
        for setting in ServiceSettings.declarations {
            guard let option = setting.option, case .value(let standard, _)? = setting.key?.row.standard else { continue }
            var settings = ServiceSettings()
            try option.apply(standard, isFlag: true, to: &settings)
            #expect("\(settings)" == "\(ServiceSettings())", "\(option.name)")
            // A switch that is not given has its default.
            #expect(option.isSwitch || option.help.hasSuffix("(default: \(standard))"))
        }
    }

    @Test func `the flag and the variable follow from the key`() throws {
        let option = try #require(ServiceSettings.declarations.compactMap(\.option).first { $0.name == "maxConnectionsPerPeer" })
        #expect(option.flag == "--max-connections-per-peer" && option.variable == "POSTERN_MAX_CONNECTIONS_PER_PEER")
    }

    @Test(
        arguments: [
            ("drainDelay", ["0s", "5m"], ["301s", "5", "-1s"], "--drain-delay must be 0s to 5m, not '"),
            ("idleTimeout", ["1s", "1h"], ["0s", "61m", "soon"], "--idle-timeout must be 1s to 1h, not '"),
            ("maxConnections", ["1", "1000000"], ["0", "1000001", "010", ""], "--max-connections must be 1 to 1000000, not '"),
            ("maxConnectionsPerPeer", ["1"], ["1.5"], "--max-connections-per-peer must be 1 to 1000000, not '"),
            (
                "listen", ["127.0.0.1:0", "[::1]:65535", "localhost:1"], ["8080", "localhost", "::1:80", "a:65536"],
                "--listen must be HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, not '"
            ),
            ("logFormat", ["json", "text"], ["JSON"], "--log-format must be json or text, not '"),
            (
                "logLevel", ["trace", "critical"], ["loud"],
                "--log-level must be one of trace, debug, info, notice, warning, error, critical, not '"
            ),
            (
                "adminHosts", ["a.internal, b_1"], ["a,,b:1", "*.example", "[::1]"],
                "--admin-hosts must be a list of host names without ports such as postern.internal, not '"
            ),
        ] as [(String, [String], [String], String)]
    )
    func `a flag or variable has the bounds of the key`(
        name: String, accepted: [String], refused: [String], message: String
    ) throws {
        let option = try #require(ServiceSettings.declarations.compactMap(\.option).first { $0.name == name })
        var settings = ServiceSettings()
        for text in accepted { try option.apply(text, isFlag: true, to: &settings) }
        for text in refused {
            let error = #expect(throws: SettingError.self) { try option.apply(text, isFlag: true, to: &settings) }
            #expect(error?.description == message + text + "'.")
        }
    }

    @Test func `a missing file is a diagnostic`() {
        let error = #expect(throws: RuleFilesError.self) { try ServiceSettings(file: "none.yaml", files: .memory([:])) }
        #expect(
            error?.description
                == "none.yaml: the file cannot be read: there is no such file or folder; check its path and permissions")
    }
}
