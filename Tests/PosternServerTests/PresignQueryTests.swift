// SPDX-License-Identifier: Apache-2.0

import Testing
import UploadRules

@testable import PosternServer

struct PresignQueryTests {
    private func problem(_ query: String) throws -> ProblemDetails {
        try #require(throws: ProblemDetails.self) { try UploadRequest(query: query) }
    }

    @Test func `every member is read`() throws {
        let request = try UploadRequest(
            query:
                "filename=%C3%9Cber+1%2B1.png&type=image/png&rule=avatars&size=7&user=u%261&parameters.audit=4711&parameters.a=")
        #expect(request.rule == "avatars" && request.filename == "Über 1+1.png" && request.contentType == "image/png")
        #expect(request.size == 7 && request.user == "u&1" && request.checksum == nil && request.path == nil)
        #expect(request.parameters.map(\.0) == ["audit", "a"] && request.parameters.map(\.1) == ["4711", ""])
        #expect(request.metadata.isEmpty)
    }

    @Test(arguments: ["", "&", "&&&"])
    func `no member is required`(query: String) throws {
        let request = try UploadRequest(query: query)
        #expect(request.contentType.isEmpty && request.rule == nil && request.filename == nil && request.size == nil)
        #expect(request.user == nil && request.parameters.isEmpty)
    }

    @Test func `a member without a value is empty, and the first equals sign ends the name`() throws {
        let request = try UploadRequest(query: "rule&filename=a=b=c")
        #expect(request.rule?.isEmpty == true && request.filename == "a=b=c")
    }

    @Test(arguments: ["contentType=a/b", "Type=a/b", "=a", "metadata[name]=x", "parameters=1", "%00=1", "checksumSHA256=x"])
    func `an unknown member is refused with the known names`(query: String) throws {
        let problem = try problem("type=a/b&\(query)")
        #expect(problem.code == .invalidRequest && problem.detail.hasPrefix("Unknown query member \""))
        #expect(problem.extras == [.strings("allowed", ["filename", "type", "rule", "size", "user", "parameters.NAME"])])
    }

    @Test func `at most 40 characters of an unknown name are shown`() throws {
        #expect(try problem(String(repeating: "x", count: 1000)).detail.utf8.count < 140)
    }

    @Test(arguments: ["type=a&type=a", "type=a&%74ype=b", "size=1&size=1", "parameters.a=1&parameters.a=2", "a=1&a=1"])
    func `a repeated member is refused`(query: String) throws {
        #expect(try problem(query).detail.contains("is there twice; send it once."))
    }

    @Test(arguments: ["type=%", "type=%a", "type=%zz", "filename=%FF", "filename=%C0%AF", "filename=%ED%A0%80", "%ff=1"])
    func `a member that is not percent-encoded UTF-8 is refused`(query: String) throws {
        #expect(try problem("rule=a&\(query)").detail.hasPrefix("Member 2 of the query is not percent-encoded UTF-8"))
    }

    @Test(arguments: ["", "-1", "+1", "1.0", "1e3", "01", "0x1", "1_0", "9007199254740993", "99999999999999999999"])
    func `a size is a whole number`(size: String) throws {
        #expect(try problem("size=\(size)").detail == "The query member 'size' must be a whole number of bytes.")
    }

    @Test(arguments: [0, 1, 9_007_199_254_740_992])
    func `a size is any whole number up to 2 to the power of 53`(size: Int) throws {
        #expect(try UploadRequest(query: "size=\(size)").size == size)
    }

    @Test func `a query has at most 32 members`() throws {
        func query(_ count: Int) -> String { (0..<count).map { "parameters.a\($0)=" }.joined(separator: "&") }
        #expect(try UploadRequest(query: query(32)).parameters.count == 32)
        #expect(try problem(query(33)).detail == "A query has at most 32 members; send fewer.")
    }
}
