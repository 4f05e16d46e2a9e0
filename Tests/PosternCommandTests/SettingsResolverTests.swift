// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Logging
import PosternServer
import PosternTestSupport
import RuleFiles
import Testing

@testable import postern

/// The command line before the environment, the environment before the file, the file before the default.
struct SettingsResolverTests {
    /// A setting with a value for each of its sources, and how the result reads.
    struct Setting: CustomTestStringConvertible, Sendable {
        let flag: String
        let key: String
        /// On the command line, in the environment, in the file.
        let given: (flag: String, variable: String, file: String)
        let read: @Sendable (ServiceSettings) -> String
        /// What ``read`` gives for each of the three, and where none is given.
        let expected: (flag: String, variable: String, file: String, none: String)

        var variable: String { "POSTERN_" + flag.dropFirst(2).replacing("-", with: "_").uppercased() }
        var testDescription: String { flag }

        init(
            _ flag: String, _ key: String, _ given: (String, String, String), none: String,
            expected: (String, String, String)? = nil, read: @escaping @Sendable (ServiceSettings) -> String
        ) {
            self.flag = flag
            self.key = key
            self.given = given
            self.read = read
            let expected = expected ?? given
            self.expected = (expected.0, expected.1, expected.2, none)
        }
    }

    private static let settings = [
        Setting("--listen", "listen", ("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"), none: "127.0.0.1:8080") {
            $0.listen.description
        },
        Setting("--admin", "admin", ("[::1]:1", "127.0.0.1:2", "127.0.0.1:3"), none: "127.0.0.1:9090") { $0.admin.description },
        Setting("--log-format", "logFormat", ("text", "json", "text"), none: "json") { $0.logFormat.rawValue },
        Setting("--log-level", "logLevel", ("debug", "warning", "error"), none: "info") { $0.logLevel.rawValue },
        Setting("--max-connections", "maxConnections", ("100", "200", "300"), none: "16384") { "\($0.maxConnections)" },
        Setting("--max-connections-per-peer", "maxConnectionsPerPeer", ("10", "20", "30"), none: "-") {
            $0.maxConnectionsPerPeer.map(String.init) ?? "-"
        },
        Setting(
            "--idle-timeout", "idleTimeout", ("10s", "2m", "30s"), none: "75.0 seconds",
            expected: ("10.0 seconds", "120.0 seconds", "30.0 seconds")
        ) { "\($0.idleTimeout)" },
        Setting(
            "--reload", "reload", ("500ms", "0", "2m"), none: "5.0 seconds",
            expected: ("0.5 seconds", "0.0 seconds", "120.0 seconds")
        ) { "\($0.reload)" },
        Setting(
            "--drain-delay", "drainDelay", ("1s", "2s", "3s"), none: "0.0 seconds",
            expected: ("1.0 seconds", "2.0 seconds", "3.0 seconds")
        ) { "\($0.drainDelay)" },
        Setting("--audit", "audit", ("a.jsonl", "-", "/b.jsonl"), none: "none") { $0.audit ?? "none" },
        Setting(
            "--admin-hosts", "adminHosts", ("a.internal, b.internal", "c.internal", "[d.internal]"), none: "",
            expected: ("a.internal b.internal", "c.internal", "d.internal")
        ) { $0.adminHosts.joined(separator: " ") },
    ]

    @Test func `a switch is given by its flag alone, or as true or false elsewhere`() throws {
        let tenants = ["--tenants", "t"]
        #expect(try !resolve(tenants).auditSync)
        #expect(try resolve(tenants + ["--audit-sync"]).auditSync)
        #expect(try resolve(tenants, ["POSTERN_AUDIT_SYNC": "true"]).auditSync)
        #expect(try resolve(tenants, file: "auditSync: true").auditSync)
        #expect(try !resolve(tenants, ["POSTERN_AUDIT_SYNC": "false"], file: "auditSync: true").auditSync)
        #expect(throws: (any Error).self) { try resolve(tenants, ["POSTERN_AUDIT_SYNC": "1"]) }
    }

    @Test func `hashed users need a key`() throws {
        let tenants = ["--tenants", "t"]
        #expect(throws: (any Error).self) { try resolve(tenants + ["--audit-users", "hash"]) }
        let settings = try resolve(tenants + ["--audit-users", "hash"], ["POSTERN_AUDIT_USER_KEY": "k"])
        #expect(settings.auditUsers == .hash && settings.auditUserKey == "k")
    }

    @Test func `every setting has a test`() {
        // The switch and what depends on another setting have tests of their own.
        let others: Set = ["tenants", "config", "tlsCert", "tlsKey", "auditSync", "auditUsers", "auditUserKey"]
        let names = ServiceSettings.declarations.compactMap(\.option?.name)
        #expect(Set(names) == others.union(Self.settings.map(\.key)))
    }

    private func resolve(
        _ arguments: [String] = ["--tenants", "t"], _ environment: [String: String] = [:], file: String? = nil
    ) throws -> ServiceSettings {
        var arguments = arguments
        let folder = try TemporaryFolder()
        if let file {
            arguments += ["--config", try folder.write(file, to: "postern.yaml")]
        }
        return try SettingsResolver(flags: SettingFlags.parse(arguments).values, environment: environment).settings()
    }

    @Test(arguments: settings)
    func `a flag goes before a variable, and a variable before the file`(setting: Setting) throws {
        let file = "\(setting.key): \(setting.given.file)\n"
        let environment = [setting.variable: setting.given.variable]
        let all = try resolve(["--tenants", "t", setting.flag, setting.given.flag], environment, file: file)
        #expect(setting.read(all) == setting.expected.flag)
        #expect(setting.read(try resolve(["--tenants", "t"], environment, file: file)) == setting.expected.variable)
        #expect(setting.read(try resolve(["--tenants", "t"], file: file)) == setting.expected.file)
        #expect(setting.read(try resolve()) == setting.expected.none)
    }

    @Test(arguments: settings)
    func `an empty variable counts as not set`(setting: Setting) throws {
        let settings = try resolve(["--tenants", "t"], [setting.variable: ""], file: "\(setting.key): \(setting.given.file)\n")
        #expect(setting.read(settings) == setting.expected.file)
    }

    @Test func `the folder of rule files is required, and relative to the file if the file names it`() throws {
        #expect(throws: ValidationError.self) { try resolve([]) }
        #expect(try resolve([], ["POSTERN_TENANTS": "e"], file: "tenants: f\n").tenants == "e")
        #expect(try resolve([], file: "tenants: f\n").tenants.hasSuffix("/f"))
    }

    @Test func `a certificate and its key may come from different sources, but not alone`() throws {
        let both = try resolve(["--tenants", "t", "--tls-cert", "c.pem"], ["POSTERN_TLS_KEY": "k.pem"])
        #expect(both.tls?.certificates == "c.pem" && both.tls?.key == "k.pem")
        #expect(throws: ValidationError.self) { try resolve(["--tenants", "t", "--tls-cert", "c.pem"]) }
        #expect(throws: ValidationError.self) { try resolve(["--tenants", "t"], ["POSTERN_TLS_KEY": "k.pem"]) }
        #expect(try resolve().tls == nil)
    }

    @Test(arguments: [
        ("--listen", "8080"), ("--admin", "localhost:x"), ("--log-format", "xml"), ("--log-level", "loud"),
        ("--max-connections", "0"), ("--idle-timeout", "5"), ("--drain-delay", "1w"), ("--admin-hosts", "a:1"),
    ])
    func `the error of an invalid value names its flag or its variable`(flag: String, value: String) throws {
        let error = #expect(throws: ValidationError.self) { try resolve(["--tenants", "t", flag, value]) }
        #expect(error?.message.hasPrefix(flag + " must be ") == true)
        let variable = "POSTERN_" + flag.dropFirst(2).replacing("-", with: "_").uppercased()
        let ofVariable = #expect(throws: ValidationError.self) { try resolve(["--tenants", "t"], [variable: value]) }
        #expect(ofVariable?.message.hasPrefix("\(variable) (\(flag)) must be ") == true)
    }
}
