// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing

@testable import RuleFiles

struct SettingWarningTests {
    private func warnings(_ file: String) throws -> [String] {
        let folder = try TemporaryFolder()
        let settings = try ServiceSettings(file: try folder.write(file, to: "postern.yaml"))
        return settings.warningsOfSettings.map { warning in
            let diagnostic = settings.warning(at: warning.key, warning.message, warning.advice)
            return "\(diagnostic.line):\(diagnostic.column) \(warning.key)"
        }
    }

    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "[::1]", "localhost", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
        "192.168.1.1",
        "169.254.7.7", "[fc00::1]", "[fdff::1]", "[fe80::1]", "[::ffff:10.1.2.3]", "[::ffff:127.0.0.1]", "postern.internal",
    ])
    func `listeners on loopback, private and link-local addresses, and on names, give no warning`(host: String) throws {
        #expect(try warnings("listen: \"\(host):8080\"\nadmin: \"\(host):9090\"\n").isEmpty)
    }

    @Test(arguments: [
        "0.0.0.0", "[::]", "[::ffff:0.0.0.0]", "203.0.113.5", "9.255.255.255", "11.0.0.1", "172.15.255.255", "172.32.0.1",
        "192.167.1.1", "192.169.1.1", "169.253.7.7", "[fbff::1]", "[fe00::1]", "[2001:db8::1]", "[::ffff:203.0.113.5]",
    ])
    func `listeners that other networks can reach are warned of at their keys`(host: String) throws {
        #expect(try warnings("listen: \"\(host):8080\"\nadmin: \"\(host):9090\"\n") == ["1:1 listen", "2:1 admin"])
        #expect(
            try warnings("tlsCert: a.pem\ntlsKey: b.pem\nlisten: \"\(host):8080\"\nadmin: \"\(host):9090\"\n") == ["4:1 admin"])
    }

    @Test(arguments: [
        ("auditSync: true", ["1:1 auditSync"]), ("auditSync: false", []), ("audit: a\nauditSync: true", []),
        ("auditUserKey: k", ["1:1 auditUserKey"]), ("audit: a\nauditUserKey: k", ["2:1 auditUserKey"]),
        ("auditUsers: hash", ["1:1 auditUsers", "1:1 auditUsers"]), ("audit: a\nauditUsers: hash", ["2:1 auditUsers"]),
        ("audit: a\nauditUsers: hash\nauditUserKey: k", []), ("audit: a\nauditUsers: plain", []),
    ])
    func `settings of the audit log without effect are warned of`(file: String, expected: [String]) throws {
        #expect(try warnings(file + "\n") == expected)
    }

    @Test func `the defaults give no warning`() throws {
        #expect(try warnings("logLevel: info\n").isEmpty && ServiceSettings().warningsOfSettings.isEmpty)
    }

    @Test func `a setting that is not in the file has no place in it`() throws {
        let folder = try TemporaryFolder()
        var settings = try ServiceSettings(file: try folder.write("logLevel: info\n", to: "postern.yaml"))
        settings.listen = ListenAddress(host: "0.0.0.0", port: 8080)
        let warning = try #require(settings.warningsOfSettings.first)
        let diagnostic = settings.warning(at: warning.key, warning.message, warning.advice)
        #expect(diagnostic.line == 0 && diagnostic.message.hasPrefix("listen is 0.0.0.0:8080, which other networks may reach"))
    }
}
