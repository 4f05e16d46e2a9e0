// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import PosternTestSupport
import Testing
import UploadRules
import WireFormats

@testable import PosternServer

struct JSONBodyTests {
    private func code(_ fields: [(String, String)]) -> ProblemCode? {
        let head = RequestHead(method: .POST, target: "/", fields: HTTPHeaders(fields), peer: nil, date: .january2027)
        do throws(ProblemDetails) {
            try head.checkDeclaresJSON()
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: [
        "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/json ;\tcharset=utf-8",
    ])
    func `a JSON body is declared by its content type`(_ type: String) {
        #expect(code([("Content-Type", type)]) == nil)
        #expect(code([("Content-Type", type), ("Content-Encoding", "identity")]) == nil)
    }

    @Test(arguments: [
        "", "text/plain", "application/x-www-form-urlencoded", "application/json5", "application/problem+json",
        "text/plain;application/json", "application/json; charset=latin1", "application/json, text/plain",
    ])
    func `any other content type is refused, since pages could send it without a preflight`(_ type: String) {
        #expect(code([("Content-Type", type)]) == .unsupportedMediaType)
    }

    @Test func `no content type, two of them, and an encoding are refused`() {
        #expect(code([]) == .unsupportedMediaType)
        #expect(code([("Content-Type", "application/json"), ("content-type", "application/json")]) == .unsupportedMediaType)
        #expect(code([("Content-Type", "application/json"), ("Content-Encoding", "gzip")]) == .unsupportedMediaType)
    }

    @Test(arguments: [(16, true), (17, false)])
    func `arrays may nest 16 deep`(_ depth: Int, _ isRead: Bool) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let head = RequestHead(
            method: .POST, target: "/", fields: ["Content-Type": "application/json"], peer: nil, date: .january2027)
        #expect(((try? Request(head: head, body: ByteBuffer(string: text)).json()) != nil) == isRead)
    }

    // MARK: Members

    private func request(_ text: String) throws -> UploadRequest {
        try UploadRequest(JSONValue(parsing: Array(text.utf8)))
    }

    @Test func `every member of a request is read`() throws {
        let request = try request(
            """
            {"user": "u", "metadata": {"a": "1", "b": "2"}, "checksumSHA256": "c", "size": 9007199254740992,
            "contentType": "image/png", "filename": "f", "rule": "r"}
            """)
        #expect(request.rule == "r" && request.filename == "f" && request.contentType == "image/png" && request.user == "u")
        #expect(request.size == 1 << 53 && request.checksumSHA256 == "c")
        #expect(request.metadata.map(\.0) == ["a", "b"] && request.metadata.map(\.1) == ["1", "2"])
    }

    @Test(arguments: [
        (#"null"#, "The body must be a JSON object"), (#"{}"#, "'contentType' is required"),
        (#"{"contentType": 1}"#, "'contentType' must be a string"), (#"{"contentType": "a", "rule": []}"#, "'rule' must be"),
        (#"{"contentType": "a", "size": -1}"#, "'size' must be a whole number of bytes"),
        (#"{"contentType": "a", "size": 9007199254740993}"#, "'size' must be a whole number of bytes"),
        (#"{"contentType": "a", "size": 1e99}"#, "'size' must be a whole number of bytes"),
        (#"{"contentType": "a", "metadata": ["a"]}"#, "'metadata' must be an object of strings"),
        (#"{"contentType": "a", "metadata": {"a": 1}}"#, "Each value in 'metadata' must be a string"),
        (#"{"contentType": "a", "sise": 1}"#, "Unknown member \"sise\""),
        // Names are compared by bytes.
        (#"{"contentType": "a", "USER": "u"}"#, "Unknown member \"USER\""),
        (
            #"{"contentType": "a", "a\"\n\#(String(repeating: "x", count: 50))": 1}"#,
            "Unknown member \"a\\\"\\n\(String(repeating: "x", count: 37))\"."
        ),
    ])
    func `a request of another shape is refused with what to send`(_ text: String, _ detail: String) throws {
        let problem = #expect(throws: ProblemDetails.self) { try request(text) }
        #expect(problem?.code == .invalidRequest)
        #expect(problem?.detail.contains(detail) == true, "\(problem?.detail ?? "")")
    }
}
