// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import PosternTestSupport
import Testing
import UploadRules
import WireFormats

@testable import PosternServer

struct UploadRequestTests {
    private func request(_ text: String) throws -> UploadRequest {
        try UploadRequest(JSONValue(parsing: Array(text.utf8)))
    }

    private func problem(_ text: String) throws -> ProblemDetails {
        try #require(throws: ProblemDetails.self) { try request(text) }
    }

    @Test func `every member is read`() throws {
        let request = try request(
            """
            {"rule": "avatars", "filename": "me.png", "contentType": "image/png", "size": 7, "checksumSHA256": "n4bQ", \
            "metadata": {"b": "1", "a": ""}, "user": "u1"}
            """)
        #expect(request.rule == "avatars" && request.filename == "me.png" && request.contentType == "image/png")
        #expect(request.size == 7 && request.checksum == RequestedChecksum(sha256: "n4bQ") && request.user == "u1")
        #expect(request.metadata.map(\.0) == ["b", "a"] && request.metadata.map(\.1) == ["1", ""])
    }

    @Test func `no member is required`() throws {
        let request = try request("{}")
        #expect(request.contentType.isEmpty)
        #expect(request.rule == nil && request.filename == nil && request.size == nil && request.checksum == nil)
        #expect(request.metadata.isEmpty && request.user == nil)
    }

    @Test func `null counts as left out`() throws {
        let request = try request(
            """
            {"rule": null, "filename": null, "contentType": "a/b", "size": null, "checksumSHA256": null, "metadata": null, \
            "user": null}
            """)
        #expect(request.rule == nil && request.filename == nil && request.size == nil && request.checksum == nil)
        #expect(request.metadata.isEmpty && request.user == nil)
        #expect(try self.request(#"{"contentType": null}"#).contentType.isEmpty)
        #expect(try problem(#"{"contentType": "a/b", "colour": null}"#).detail.contains("\"colour\""))
        #expect(try problem(#"{"contentType": "a/b", "metadata": {"a": null}}"#).detail.contains("'metadata'"))
    }

    @Test(arguments: [
        ("rule", "1"), ("rule", "[\"a\"]"), ("filename", "true"), ("contentType", "{}"), ("size", "\"7\""),
        ("size", "-1"), ("size", "0.5"), ("size", "9007199254740993"), ("size", "1e400"), ("checksumSHA256", "7"),
        ("metadata", "[]"), ("metadata", "\"a\""), ("metadata", "{\"a\": 1}"), ("metadata", "{\"a\": null}"), ("user", "{}"),
    ])
    func `a member of another type is refused by its name`(name: String, value: String) throws {
        let others = name == "contentType" ? "" : ", \"contentType\": \"a/b\""
        let problem = try problem("{\"\(name)\": \(value)\(others)}")
        #expect(problem.code == .invalidRequest)
        #expect(problem.detail.contains("'\(name)'"))
    }

    @Test func `a checksum has an algorithm and a value`() throws {
        let request = try request(#"{"contentType": "a/b", "checksum": {"value": "4waSgw==", "algorithm": "CRC32C"}}"#)
        #expect(request.checksum == RequestedChecksum(algorithm: "crc32c", value: "4waSgw=="))
        #expect(
            try self.request(#"{"contentType": "a/b", "checksum": null, "checksumSHA256": "x"}"#).checksum?.member
                == .checksumSHA256)
    }

    @Test(arguments: [
        (#"{"algorithm": "md5"}"#, "needs an 'algorithm'"), (#"{"value": "x"}"#, "needs an 'algorithm'"),
        ("{}", "needs an 'algorithm'"),
        (#"{"algorithm": null, "value": "x"}"#, "needs an 'algorithm'"),
        (#"{"algorithm": 5, "value": "x"}"#, "'checksum.algorithm' must be a string"),
        (#"{"algorithm": "md5", "value": ["x"]}"#, "'checksum.value' must be a string"),
        (#""md5""#, "'checksum' must be an object"),
        ("[]", "'checksum' must be an object"), (#"{"algorithm": "md5", "value": "x", "type": 1}"#, "\"checksum.type\""),
    ])
    func `another checksum is refused`(value: String, words: String) throws {
        let problem = try problem("{\"contentType\": \"a/b\", \"checksum\": \(value)}")
        #expect(problem.code == .invalidRequest && problem.detail.contains(words), "\(problem.detail)")
    }

    @Test func `checksum and checksumSHA256 together are refused`() throws {
        let body = #"{"contentType": "a/b", "checksum": {"algorithm": "sha256", "value": "x"}, "checksumSHA256": "x"}"#
        #expect(try problem(body).detail == "Send 'checksum' or 'checksumSHA256', not both.")
    }

    @Test(arguments: [0, 1, 9_007_199_254_740_992])
    func `a size is any whole number up to 2 to the power of 53`(size: Int) throws {
        #expect(try request("{\"contentType\": \"a/b\", \"size\": \(size)}").size == size)
    }

    @Test(arguments: ["siez", "Size", "size ", "key", "", "s\u{131}ze", "bucket"])
    func `an unknown member is refused with the known names`(name: String) throws {
        let problem = try problem("{\"contentType\": \"a/b\", \"\(name)\": 1}")
        #expect(problem.code == .invalidRequest)
        #expect(problem.detail.contains("\"\(name)\""))
        let known = [
            "rule", "filename", "contentType", "size", "user", "checksumSHA256", "checksum", "metadata", "parameters", "path",
        ]
        #expect(problem.extras == [.strings("allowed", known)])
    }

    @Test func `at most 40 characters of an unknown name are shown`() throws {
        let name = String(repeating: "x", count: 1000)
        #expect(try problem("{\"contentType\": \"a/b\", \"\(name)\": 1}").detail.utf8.count < 80)
    }

    @Test(arguments: ["[]", "\"a\"", "1", "null", "true"])
    func `a body that is no object is refused`(text: String) throws {
        #expect(try problem(text).code == .invalidRequest)
    }
}

struct JSONBodyTests {
    private func request(_ fields: HTTPHeaders, _ body: String = "{}") -> Request {
        Request(
            head: RequestHead(method: .POST, target: "/v1/tickets", fields: fields, peer: nil, date: .january2027),
            body: ByteBuffer(string: body))
    }

    @Test(arguments: [
        "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
        "application/json ; charset=\"utf-8\"", "application/json\t;\tcharset=utf-8",
    ])
    func `a JSON media type is accepted, with UTF-8 as its charset`(type: String) throws {
        #expect(try request(["Content-Type": type]).json() == JSONValue(parsing: Array("{}".utf8)))
    }

    @Test(arguments: [
        [], ["text/plain"], ["application/x-www-form-urlencoded"], ["multipart/form-data"], [""], ["application/jsonx"],
        ["application/json, text/plain"], ["text/plain; a=application/json"], ["application/json; charset=latin1"],
        ["application/json; version=1"], ["application/json;"], ["application/json", "application/json"],
        ["application/json", "text/plain"], ["application/ld+json"],
    ])
    func `any other media type is refused`(types: [String]) throws {
        let fields = HTTPHeaders(types.map { ("Content-Type", $0) })
        let problem = try #require(throws: ProblemDetails.self) { try request(fields).json() }
        #expect(problem.code == .unsupportedMediaType)
        #expect(problem.extras == [.strings("allowed", ["application/json"])])
    }

    @Test func `only the identity encoding is accepted`() throws {
        for encoding in ["gzip", "br", "identity, gzip", ""] {
            let fields: HTTPHeaders = ["Content-Type": "application/json", "Content-Encoding": encoding]
            let problem = #expect(throws: ProblemDetails.self) { try request(fields).json() }
            #expect(problem?.code == .unsupportedMediaType, "\(encoding)")
        }
        _ = try request(["Content-Type": "application/json", "Content-Encoding": "Identity"]).json()
    }

    @Test func `a body has at most 16 levels`() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try request(["Content-Type": "application/json"], nested(16)).json()
        let error = #expect(throws: JSONSyntaxError.self) {
            try request(["Content-Type": "application/json"], nested(17)).json()
        }
        #expect(error?.problem == .tooDeep(maximum: 16))
    }
}
