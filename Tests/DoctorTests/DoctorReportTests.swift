// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import Doctor

struct DoctorReportTests {
    private static let store = Finding.Scope.store(name: "store", place: "acme-uploads in eu-west-1, https://a.example/")
    private static let findings = [
        Finding(.files, .files, .ok, "tenants/acme.yaml is right, with 1 rule to try"),
        Finding(store, .clock, .note, "this machine's clock is 90 s behind the store's", advice: "set the clocks"),
        Finding(
            store, .versioning, .notKnown, "the signer may not ask (s3:GetBucketVersioning)", action: "s3:GetBucketVersioning"),
        Finding(.rule("avatars"), .keeps, .ok, "the size", "64 bytes"),
        Finding(.rule("avatars"), .keeps, .wrong, "tags", "the store did not keep “team”", advice: "run:\nupdate the store"),
        Finding(.rule("avatars"), .keeps, .ok, "Content-Type", "image/png"),
        Finding(.rule("avatars"), .refuses, .ok, "another key", "403 AccessDenied: \u{1B}[31mno"),
        Finding(.rule("avatars"), .removes, .notKnown, "x", action: "s3:GetBucketVersioning"),
    ]

    @Test func `what is fine of one kind is on one line, and what is wrong again at the end`() {
        let report = DoctorReport(tenant: "acme", findings: Self.findings)
        #expect(
            report.text == """
                rule files
                  ok         files: tenants/acme.yaml is right, with 1 rule to try

                store: acme-uploads in eu-west-1, https://a.example/
                  note       clock: this machine's clock is 90 s behind the store's
                             mend: set the clocks
                  not known  versioning: the signer may not ask (s3:GetBucketVersioning)

                rule avatars
                  ok         keeps: the size, Content-Type
                  WRONG      keeps tags: the store did not keep “team”
                             mend: run:
                               update the store
                  ok         refuses another key: 403 AccessDenied: \\u{1b}[31mno
                  not known  cleaning up: x

                1 wrong, 1 to note, 2 not known, 4 ok
                WRONG: rule avatars, keeps tags
                To see the rest, give --reader-profile with a profile of the shared AWS files that has the rights s3:GetBucketVersioning; the signer needs none of them.
                """)
        #expect(!report.isFine)
    }

    @Test func `JSON has every finding`() throws {
        let json = try JSONValue(parsing: Array(DoctorReport(tenant: "acme", findings: Self.findings).json.utf8))
        #expect(json.names == ["ok", "tenant", "findings"] && json["ok"] == .bool(false) && json["tenant"]?.string == "acme")
        let findings = try #require(json["findings"]?.elements)
        #expect(findings.count == Self.findings.count)
        #expect(findings.allSatisfy { $0.names == ["scope", "name", "check", "subject", "verdict", "text", "advice", "action"] })
        #expect(findings[4]["scope"]?.string == "rule" && findings[4]["name"]?.string == "avatars")
        #expect(findings[4]["check"]?.string == "keeps" && findings[4]["subject"]?.string == "tags")
        #expect(findings[4]["verdict"]?.string == "wrong" && findings[2]["verdict"]?.string == "not-known")
        #expect(findings[2]["action"]?.string == "s3:GetBucketVersioning" && findings[4]["action"] == .null)
    }

    @Test func `notes and what is not known are no reason to fail`() {
        let findings = Self.findings.filter { $0.verdict != .wrong }
        #expect(DoctorReport(tenant: "acme", findings: findings).isFine)
    }
}
