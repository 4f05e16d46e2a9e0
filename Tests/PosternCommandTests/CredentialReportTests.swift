// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import PosternServer
import Testing

@testable import postern

struct CredentialReportTests {
    private func report(_ environment: [String: String]) async -> CredentialReport {
        let source = CredentialFinding.Source(origin: .environment(prefix: "ACME"), tenants: ["acme", "beta"], region: nil)
        let resolver = CredentialResolvers(environment: environment).resolver(of: source.origin)
        return CredentialReport(findings: [await CredentialFinding(source, resolver, asksSTS: false)])
    }

    private func source(_ report: CredentialReport) throws -> [String: Any] {
        let json = try #require(JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        let sources = try #require(json["sources"] as? [[String: Any]])
        #expect(json["ok"] as? Bool == (sources.first?["problem"] is NSNull))
        return try #require(sources.first)
    }

    @Test func `long-term credentials are shown without their secret`() async throws {
        let report = await report(["ACME_ACCESS_KEY_ID": "AKIAEXAMPLE", "ACME_SECRET_ACCESS_KEY": "hidden"])
        #expect(report.text.contains("(signs for acme, beta)") && report.text.contains("AKIAEXAMPLE"))
        #expect(report.text.contains("none: these are long-term credentials") && !report.text.contains("PROBLEM"))
        #expect(!report.text.contains("hidden") && !report.json.contains("hidden"))
        let source = try source(report)
        #expect(source["accessKeyId"] as? String == "AKIAEXAMPLE" && source["temporary"] as? Bool == false)
        #expect(source["tenants"] as? [String] == ["acme", "beta"] && source["identity"] is NSNull)
    }

    @Test func `temporary credentials without an end say so`() async throws {
        let report = await report([
            "ACME_ACCESS_KEY_ID": "ASIAEXAMPLE", "ACME_SECRET_ACCESS_KEY": "hidden", "ACME_SESSION_TOKEN": "hidden-too",
        ])
        #expect(report.text.contains("ASIAEXAMPLE (temporary)") && report.text.contains("not given by the provider"))
        #expect(!report.text.contains("hidden") && !report.json.contains("hidden"))
        #expect(try source(report)["temporary"] as? Bool == true)
    }

    @Test func `a source without credentials has a problem`() async throws {
        let report = await report([:])
        #expect(report.text.contains("PROBLEM") && report.text.contains("ACME_ACCESS_KEY_ID"))
        let source = try source(report)
        #expect(source["problem"] as? String != nil && source["provider"] is NSNull && source["accessKeyId"] is NSNull)
    }
}
