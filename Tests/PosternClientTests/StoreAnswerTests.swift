// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import Testing

@Suite(.timeLimit(.minutes(5)))
struct StoreAnswerTests {
    private func uploading(
        _ answer: TransportResponse, fields: String = #"{"key":"k"}"#
    ) async throws -> Result<UploadResult, UploadError> {
        let test = try TestClient(
            FakeTransport(service: { _, _ in .success(.ticket(fields: fields)) }, store: { _, _ in .success(answer) }),
            attempts: 1)
        let file = try test.file()
        do throws(UploadError) {
            return .success(try await test.client.upload(file: file).result)
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [200, 201, 204])
    func `the statuses of success`(status: Int) async throws {
        let answer = TransportResponse(status: status, headers: [("ETAG", "\"e\"")], body: [])
        #expect(try await uploading(answer).get().etag == "\"e\"")
    }

    @Test func `the entity tag is read from XML where no header has it`() async throws {
        let xml = "<PostResponse><Location>l</Location><Bucket>b</Bucket><Key>k</Key><ETag>&quot;x&quot;</ETag></PostResponse>"
        let answer = TransportResponse(status: 201, headers: [], body: Array(xml.utf8))
        #expect(try await uploading(answer).get().etag == "\"x\"")
    }

    @Test func `a redirect is success only for a form that asked for one`() async throws {
        let redirect = TransportResponse(status: 303, headers: [("Location", "https://app.example/done")], body: [])
        #expect(
            try await uploading(redirect, fields: #"{"key":"k","success_action_redirect":"https://app.example/done"}"#).get().key
                == "k/a.txt")
        for status in [301, 302, 303, 307] {
            let answer = TransportResponse(status: status, headers: [("Location", "https://elsewhere.example/")], body: [])
            guard case .failure(let error) = try await uploading(answer) else { throw TestClient.NothingThrown() }
            #expect(error.code == .unexpectedAnswer && error.status == status && !error.isRetryable)
        }
    }

    @Test(arguments: [
        TransportResponse(
            status: 200, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array("<html>log in</html>".utf8)),
        TransportResponse(status: 403, headers: [], body: Array("<html><body>blocked</body></html>".utf8)),
        TransportResponse(status: 403, headers: [], body: [0xFF, 0x00]),
        TransportResponse(status: 413, headers: [], body: []),
        TransportResponse(status: 400, headers: [], body: Array("<Error><Code></Code></Error>".utf8)),
        TransportResponse(
            status: 400, headers: [], body: Array("<!DOCTYPE x [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>".utf8)),
    ])
    func `the answers of proxies are told as such`(answer: TransportResponse) async throws {
        guard case .failure(let error) = try await uploading(answer) else { throw TestClient.NothingThrown() }
        #expect(error.code == .unexpectedAnswer && error.status == answer.status && !error.isRetryable)
    }

    @Test func `a code that is not in the table keeps what the store said`() async throws {
        guard case .failure(let error) = try await uploading(.storeError(418, "TeapotError", "Short and stout")) else {
            throw TestClient.NothingThrown()
        }
        #expect(error.code == .storeRefused && error.detail == "TeapotError: Short and stout" && error.requestID == "q1")
        #expect(!error.isRetryable)
    }

    /// An answer of a store, and what it means.
    struct Sample: Decodable, CustomTestStringConvertible {
        let name: String
        let store: String
        let status: Int
        let body: String
        let code: String
        let retry: Bool?

        var testDescription: String { "\(store): \(name)" }

        /// Those of `Tests/Fixtures/store-answers`, which the browser module's tests read, too.
        static func all() throws -> [Sample] {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let file = tests.appending(path: "Fixtures/store-answers/answers.json")
            return try JSONDecoder().decode([Sample].self, from: Data(contentsOf: file))
        }
    }

    @Test(arguments: try Sample.all())
    func `real and documented answers of stores mean what they mean to the browser module`(sample: Sample) async throws {
        let answer = TransportResponse(status: sample.status, headers: [], body: Array(sample.body.utf8))
        guard case .failure(let error) = try await uploading(answer) else { throw TestClient.NothingThrown() }
        #expect(error.code.rawValue == sample.code)
        #expect(error.isRetryable == (sample.retry ?? false))
    }
}
