// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import NIOHTTP1
import PosternTestSupport
import Testing

@testable import PosternServer

struct MetricsExpositionTests {
    private let start = Date.january2027

    /// The samples of a page by name and labels.
    private func samples(_ text: String) -> [String: String] {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            lines.map { line in
                let space = line.lastIndex(of: " ") ?? line.endIndex
                return (String(line[..<space]), String(line[space...].dropFirst()))
            }
        ) { first, _ in first }
    }

    @Test func `requests, tickets and problems are counted by their labels`() async throws {
        let service = try await TestService()
        let ticket = #"{"rule": "avatars", "contentType": "image/png", "user": "u1"}"#
        for _ in 0..<3 { _ = service.ask(.POST, "/v1/tickets", body: ticket, key: service.key, at: start) }
        _ = service.ask(.POST, "/v1/tickets", body: ticket, key: "pstn.acme.cms.wrong", at: start)
        _ = service.ask(.GET, "/nothing", at: start)
        let samples = samples(service.metricsText(at: start))
        #expect(samples[#"postern_requests_total{route="/v1/tickets",status="201"}"#] == "3")
        #expect(samples[#"postern_requests_total{route="/v1/tickets",status="401"}"#] == "1")
        #expect(samples[#"postern_requests_total{route="other",status="404"}"#] == "1")
        #expect(samples[#"postern_request_duration_seconds_count{route="/v1/tickets"}"#] == "4")
        #expect(samples[#"postern_tickets_issued_total{tenant="acme",rule="avatars"}"#] == "3")
        #expect(samples[#"postern_tickets_issued_total{tenant="acme",rule="documents"}"#] == nil)
        #expect(samples[#"postern_problems_total{code="not-found"}"#] == "1")
        #expect(samples[#"postern_api_key_last_used_timestamp_seconds{tenant="acme",key="cms"}"#] == "1800000000.0")
    }

    @Test func `refusals and authorised bytes are counted by tenant and rule`() async throws {
        let service = try await TestService()
        func ask(_ body: String, _ path: String = "/v1/tickets", key: String? = nil, headers: HTTPHeaders = [:]) {
            _ = service.ask(.POST, path, body: body, key: key ?? service.key, headers: headers, at: start)
        }
        ask(#"{"rule": "avatars", "contentType": "image/png", "user": "u1", "size": 1000}"#)
        ask(#"{"rule": "avatars", "contentType": "image/png", "user": "u1"}"#)
        ask(#"{"rule": "avatars", "contentType": "text/html", "user": "u1"}"#)
        ask(#"{"rule": "nothing\n", "contentType": "image/png"}"#)
        // The only rule that this key may use.
        ask(#"{"contentType": "image/png", "user": "u1"}"#, key: service.limitedKey)
        ask("{")
        ask("{", "/v1/tickets/batch")
        ask(#"{"tickets": [{"rule": "avatars", "contentType": "text/html", "user": "u1"}, 1]}"#, "/v1/tickets/batch")
        ask("{}", headers: ["Origin": "https://other.example"])
        ask("{}", key: "pstn.acme.cms.wrong")
        // Not a request for a ticket.
        _ = service.ask(.GET, "/v1/rules", key: service.key, headers: ["Origin": "https://other.example"], at: start)
        let samples = samples(service.metricsText(at: start))
        let refused = samples.filter { $0.key.hasPrefix("postern_tickets_refused_total") }
        #expect(
            refused == [
                #"postern_tickets_refused_total{tenant="acme",rule="avatars",code="content-type-not-allowed"}"#: "2",
                #"postern_tickets_refused_total{tenant="acme",rule="documents",code="content-type-not-allowed"}"#: "1",
                #"postern_tickets_refused_total{tenant="acme",rule="",code="rule-unknown"}"#: "1",
                #"postern_tickets_refused_total{tenant="acme",rule="",code="malformed-json"}"#: "2",
                #"postern_tickets_refused_total{tenant="acme",rule="",code="invalid-request"}"#: "1",
                #"postern_tickets_refused_total{tenant="acme",rule="",code="origin-not-allowed"}"#: "1",
            ])
        let bytes = samples.filter { $0.key.hasPrefix("postern_authorised_bytes_total") }
        #expect(bytes == [#"postern_authorised_bytes_total{tenant="acme",rule="avatars"}"#: "5243880.0"])
    }

    @Test func `users of limits are counted by tenant, and the metric is absent if there are none`() async throws {
        let service = try await TestService(
            rules: """
                  avatars: {keyPrefix: "avatars/{user}/", contentTypes: [image/png], maxSize: 5MiB, limits: {perUser: 2/1h}}
                  documents: {keyPrefix: documents/, contentTypes: [application/pdf], maxSize: 1MiB}
                """)
        #expect(samples(service.metricsText(at: start))[#"postern_limit_users{tenant="acme"}"#] == nil)
        for user in ["u1", "u2", "u1"] {
            let ticket = #"{"rule": "avatars", "contentType": "image/png", "user": "\#(user)"}"#
            #expect(service.ask(.POST, "/v1/tickets", body: ticket, key: service.key, at: start).status == 201)
        }
        #expect(samples(service.metricsText(at: start))[#"postern_limit_users{tenant="acme"}"#] == "2")
    }

    @Test func `each metric has its help and its type once, before its samples`() async throws {
        let service = try await TestService()
        _ = service.ask(.GET, "/healthz", at: start)
        let lines = service.metricsText(at: start).split(separator: "\n").map(String.init)
        let typed = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        let helped = lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
        #expect(typed == helped && Set(typed).count == typed.count)
        var seen: Substring = ""
        for line in lines {
            if line.hasPrefix("# TYPE ") { seen = line.split(separator: " ")[2] }
            if !line.hasPrefix("#") { #expect(line.hasPrefix(seen), "\(line) under \(seen)") }
        }
    }
}
