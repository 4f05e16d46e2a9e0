// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import PostPolicy
import PosternTestSupport
import Testing

struct UploadTests {
    private let file = Array("hello".utf8)
    private let etag = "\"5d41402abc4b2a76b9719d911017c592\""

    @Test(arguments: [SignatureVersion.v4, .v2])
    func `by default the answer is 204, empty, with ETag and Location`(version: SignatureVersion) async throws {
        let store = try TestStore()
        try await store.run { client in
            let response = try await client.post(FormBody(try store.form(version: version), file: file))
            #expect(response.status == 204)
            #expect(response.text.isEmpty)
            #expect(response.header("Content-Length") == nil)
            #expect(response.header("ETag") == etag)
            #expect(response.header("Location") == "http://localhost/bucket/images%2Fu1%2Fme.png")
        }
        #expect(store.place.objects() == ["bucket/images/u1/me.png"])
        #expect(store.place.content("bucket/images/u1/me.png") == file)
    }

    @Test func `status 201 has XML with Location, Bucket, Key and ETag`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let form = try store.form(key: "a/&é.png", ["success_action_status": "201"])
            let response = try await client.post(FormBody(form, file: file))
            #expect(response.status == 201)
            #expect(response.header("Content-Type") == "application/xml")
            #expect(
                response.text == """
                    <?xml version="1.0" encoding="UTF-8"?>
                    <PostResponse><Location>http://localhost/bucket/a%2F%26%C3%A9.png</Location><Bucket>bucket</Bucket>\
                    <Key>a/&amp;é.png</Key><ETag>\(etag)</ETag></PostResponse>
                    """
            )
        }
    }

    @Test func `status 200 is empty`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let response = try await client.post(FormBody(try store.form(["success_action_status": "200"]), file: file))
            #expect(response.status == 200)
            #expect(response.text.isEmpty)
        }
    }

    @Test func `a redirect is 303 with bucket, key and etag in the query`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let form = try store.form(["success_action_redirect": "https://app.example/done?x=1"])
            let response = try await client.post(FormBody(form, file: file))
            #expect(response.status == 303)
            #expect(
                response.header("Location")
                    == "https://app.example/done?x=1&bucket=bucket&key=images%2Fu1%2Fme.png&etag=%22\(etag.dropFirst().dropLast())%22"
            )
        }
    }

    @Test func `GET and HEAD return the file with its type, disposition, metadata and a sandbox policy`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let form = try store.form([
                "Content-Type": "text/html", "Content-Disposition": "attachment; filename=\"x.html\"",
                "Cache-Control": "max-age=60",
                "x-amz-meta-album": "2026 é", "acl": "private",
            ])
            #expect(try await client.post(FormBody(form, file: file)).status == 204)
            for (method, body) in [("GET", "hello"), ("HEAD", "")] {
                for path in ["/bucket/images/u1/me.png", "/bucket/images%2Fu1%2Fme.png?x=1"] {
                    let response = try await client.execute(method, path)
                    #expect(response.status == 200)
                    #expect(response.text == body)
                    #expect(response.header("Content-Length") == "5")
                    #expect(response.header("Content-Type") == "text/html")
                    #expect(response.header("Content-Disposition") == "attachment; filename=\"x.html\"")
                    #expect(response.header("Cache-Control") == "max-age=60")
                    #expect(response.header("x-amz-meta-album") == "=?UTF-8?B?MjAyNiDDqQ==?=")
                    #expect(response.header("ETag") == etag)
                    #expect(response.header("Last-Modified") == "Fri, 15 Jan 2027 08:00:00 GMT")
                    #expect(response.header("Content-Security-Policy") == "sandbox")
                    #expect(response.header("X-Content-Type-Options") == "nosniff")
                    #expect(response.header("acl") == nil)
                }
            }
        }
    }

    @Test func `metadata that no header can have cannot become other headers`() async throws {
        let store = try TestStore()
        let policy = """
            {"expiration":"2030-01-01T00:00:00Z","conditions":[["starts-with","$key",""],["starts-with","$x-amz-meta-a",""],\
            ["starts-with","$x-amz-meta-b\\r\\nx-evil",""],{"bucket":"bucket"}]}
            """
        let fields = [
            FormField(name: "key", value: "a"), FormField(name: "x-amz-meta-a", value: "1\r\nx-evil: 2"),
            FormField(name: "x-amz-meta-b%0D%0Ax-evil", value: "3"),
        ]
        try await store.run { client in
            #expect(try await client.post(FormBody(try store.form(policyJSON: policy, fields), file: file)).status == 204)
            let response = try await client.execute("GET", "/bucket/a")
            #expect(response.text == "hello")
            #expect(response.header("x-amz-meta-a") == "1  x-evil: 2")
            #expect(response.headers.allSatisfy { !$0.name.contains("evil") && !$0.name.contains("meta-b") })
        }
    }

    @Test func `a file that was changed on disk is returned as it is now`() async throws {
        let store = try TestStore()
        try await store.run { client in
            #expect(try await client.post(FormBody(try store.form(), file: file)).status == 204)
            for content in ["hello, world", "h", ""] {
                try Data(content.utf8).write(to: URL(filePath: store.place.path + "/bucket/images/u1/me.png"))
                #expect(try await client.execute("GET", "/bucket/images/u1/me.png").text == content)
            }
        }
    }

    @Test func `an empty file is stored if the policy allows it`() async throws {
        let store = try TestStore()
        try await store.run { client in
            #expect(try await client.post(FormBody(try store.form(sizes: 0...0), file: [])).status == 204)
            let response = try await client.execute("GET", "/bucket/images/u1/me.png")
            #expect(response.status == 200)
            #expect(response.text.isEmpty)
        }
    }

    @Test func `a later upload replaces an earlier one`() async throws {
        let store = try TestStore()
        try await store.run { client in
            _ = try await client.post(FormBody(try store.form(["Content-Type": "image/png"]), file: file))
            _ = try await client.post(FormBody(try store.form(["Content-Type": "image/gif"]), file: [1]))
            let response = try await client.execute("GET", "/bucket/images/u1/me.png")
            #expect(response.header("Content-Type") == "image/gif")
            #expect(response.body == [1])
        }
    }

    /// The sums of "hello", as Python's hashlib and zlib give them; CRC-32C and CRC-64/NVME by a bitwise division.
    @Test(arguments: [
        ("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
        ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
        ("x-amz-checksum-crc32", "NhCmhg=="), ("x-amz-checksum-crc32c", "mnG7TA=="), ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="),
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
    ])
    func `a right checksum is stored and repeated; a wrong or malformed one is refused`(name: String, good: String) async throws {
        let store = try TestStore()
        try await store.run { client in
            func post(_ value: String) async throws -> StoreResponse {
                try await client.post(FormBody(try store.form([name: value]), file: file))
            }
            let accepted = try await post(good)
            #expect(accepted.status == 204)
            #expect(accepted.header(name) == (name == "Content-MD5" ? nil : good))
            let wrong = try await post((good.first == "A" ? "B" : "A") + good.dropFirst())
            #expect(wrong.status == 400 && wrong.element("Code") == "BadDigest")
            for value in ["abc", "YWJj", "", good + "AAAA"] {
                let malformed = try await post(value)
                #expect(malformed.status == 400)
                #expect(malformed.element("Code") == (name == "Content-MD5" ? "InvalidDigest" : "InvalidRequest"))
            }
        }
    }

    @Test func `an unknown checksum and two checksums are refused`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let unknown = try await client.post(FormBody(try store.form(["x-amz-checksum-sha512": "AAAA"]), file: file))
            #expect(unknown.status == 501 && unknown.element("Code") == "NotImplemented")
            let fields: KeyValuePairs = [
                "x-amz-checksum-crc32": "NhCmhg==", "x-amz-checksum-sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
            ]
            let both = try await client.post(FormBody(try store.form(fields), file: file))
            #expect(both.status == 400 && both.element("Code") == "InvalidRequest")
        }
    }

    @Test func `hostile keys are stored inside the bucket's folder`() async throws {
        let store = try TestStore()
        let keys = [
            "../../../evil", "/etc/passwd", "a/../../b", "%2e%2e/%2e%2e/x", "a", "a/b", "a//b", "..", ".postern/uploads/x",
        ]
        try await store.run { client in
            for key in keys {
                let response = try await client.post(
                    FormBody(try store.form(key: key, ["success_action_status": "201"]), file: file))
                #expect(response.status == 201)
                #expect(response.element("Key") == key)
                let location = try #require(response.header("Location")?.dropFirst("http://localhost".count))
                #expect(try await client.execute("GET", String(location)).text == "hello")
            }
        }
        #expect(store.place.objects().count == keys.count)
        #expect(store.place.objects().allSatisfy { $0.hasPrefix("bucket/") })
    }

    @Test func `the variable ${filename} becomes the last part of the client's file name, which the policy then checks`()
        async throws
    {
        let store = try TestStore()
        let policy = """
            {"expiration":"2030-01-01T00:00:00Z","conditions":[["starts-with","$key","u1/"],{"bucket":"bucket"}]}
            """
        try await store.run { client in
            let form = try store.form(policyJSON: policy, [FormField(name: "key", value: "u1/${filename}")])
            #expect(try await client.post(FormBody(form, file: file, filename: #"C:\Users\..\me.png"#)).status == 204)
            #expect(try await client.post(FormBody(form, file: file, filename: "../../..")).status == 204)
        }
        #expect(store.place.objects() == ["bucket/u1/%2E%2E", "bucket/u1/me.png"])
    }
}
