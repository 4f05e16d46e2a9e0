// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import PosternTestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FileTests {
    @Test func `what is not a regular file is not uploaded, and Postern is not asked`() async throws {
        let test = try TestClient()
        let folder = URL(fileURLWithPath: test.folder.path)
        let pipe = folder.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for (file, words) in [
            (folder, "it is a folder"), (pipe, "not a regular file"),
            (folder.appendingPathComponent("none"), "there is no such file"),
            (URL(fileURLWithPath: "/dev/null"), "not a regular file"),
        ] {
            let error = try await test.failure(file)
            #expect(error.code == .fileUnreadable && error.message.contains(words), "\(error)")
        }
        #expect(test.transport.askedService.isEmpty)
    }

    @Test func `a file over 5 GiB is refused before Postern is asked`() async throws {
        let test = try TestClient()
        let file = try test.file("", named: "huge")
        #expect(truncate(file.path, 5 << 30) == 0)
        // Exactly 5 GiB is asked for.
        let refused = FakeTransport(service: { _, _ in .success(.problem(422, "size-too-large")) })
        let asking = try TestClient(refused)
        _ = try await asking.failure(file)
        #expect(refused.askedService.first?.member("size") as? Int == 5 << 30)
        #expect(truncate(file.path, 5 << 30 + 1) == 0)
        let error = try await test.failure(file)
        #expect(error.code == .sizeTooLarge && error.message.contains("5 GiB"))
        #expect(test.transport.askedService.isEmpty)
    }

    enum Change: CaseIterable, Sendable {
        case grows, shrinks, rewritten
    }

    @Test(arguments: Change.allCases)
    func `a file that changes while it is sent is not stored`(change: Change) async throws {
        let holder = try TemporaryFolder()
        let path = try holder.write(String(repeating: "x", count: 10_000), to: "f")
        let transport = FakeTransport(beforePiece: { offset in
            guard offset == 5000 else { return }
            switch change {
            case .grows: truncate(path, 10_001)
            case .shrinks: truncate(path, 7000)
            case .rewritten:
                // Another time of modification, and the same size.
                var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
                utimes(path, &times)
            }
        })
        let test = try TestClient(transport)
        let error = try await test.failure(URL(fileURLWithPath: path))
        #expect(error.code == .fileChanged && !error.isRetryable)
        // The end of the body was never read.
        #expect(transport.askedStore.isEmpty)
    }

    @Test func `a file that is replaced by another is the one that was opened`() async throws {
        let holder = try TemporaryFolder()
        let path = try holder.write(String(repeating: "x", count: 10_000), to: "f")
        let other = try holder.write(String(repeating: "#", count: 20_000), to: "g")
        let transport = FakeTransport(beforePiece: { if $0 == 5000 { rename(other, path) } })
        let test = try TestClient(transport)
        #expect(try await test.client.upload(file: URL(fileURLWithPath: path)).result.size == 10_000)
        #expect(transport.askedStore.first?.body.contains(UInt8(ascii: "#")) == false)
    }

    /// Of `123456789`: the catalogue of CRC algorithms, and coreutils.
    @Test(arguments: [
        ("sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="), ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("md5", "JfnnlDI7RTiF9RgfG2JNCw=="), ("crc32", "y/Q5Jg=="), ("crc32c", "4waSgw=="), ("crc64nvme", "rosUhgp5mIg="),
    ])
    func `a checksum is computed when the rule wants one`(algorithm: String, value: String) async throws {
        let transport = FakeTransport(service: { asked, number in
            number == 0
                ? .success(.problem(422, "checksum-required", more: #","allowed":["later","\#(algorithm)"]"#))
                : .success(.ticket())
        })
        let test = try TestClient(transport)
        _ = try await test.client.upload(file: try test.file("123456789")).result
        #expect(transport.askedService.count == 2)
        #expect(transport.askedService.first?.member("checksum") == nil)
        #expect(transport.askedService.last?.member("checksum") as? [String: String] == ["algorithm": algorithm, "value": value])
    }

    @Test func `a checksum that nobody here can compute is told`() async throws {
        let test = try TestClient(
            FakeTransport(service: { _, _ in .success(.problem(422, "checksum-required", more: #","allowed":["blake9"]"#)) }))
        let error = try await test.failure()
        #expect(error.code == .checksumUnsupported && error.message.contains("blake9"))
        #expect(test.transport.askedService.count == 1)
    }

    @Test func `a rule that wants a checksum again and again is asked twice`() async throws {
        let test = try TestClient(
            FakeTransport(service: { _, _ in .success(.problem(422, "checksum-required", more: #","allowed":["sha256"]"#)) }))
        #expect(try await test.failure().code.rawValue == "checksum-required")
        #expect(test.transport.askedService.count == 2)
    }

    @Test func `a prepared upload has the whole body in a file that only its user can read, and survives as JSON`() async throws {
        let test = try TestClient()
        let source = try test.file(String(repeating: "x", count: 600_000))
        let folder = URL(fileURLWithPath: test.folder.path)
        let made = try await test.client.prepareUpload(file: source, rule: "r", in: folder)
        let prepared = try JSONDecoder().decode(PreparedUpload.self, from: JSONEncoder().encode(made))
        #expect((prepared.method, prepared.url, prepared.expiresIn) == ("POST", "https://store.example/bucket/", 300))
        let type = try #require(prepared.headers["Content-Type"])
        let boundary = try #require(type.split(separator: "boundary=").last)
        let body = try Data(contentsOf: prepared.bodyFile)
        #expect(String(decoding: body.suffix(70), as: UTF8.self).hasSuffix("xx\r\n--\(boundary)--\r\n"))
        #expect(body.count { $0 == UInt8(ascii: "x") } >= 600_000)
        let mode = try FileManager.default.attributesOfItem(atPath: prepared.bodyFile.path)[.posixPermissions] as? NSNumber
        #expect(mode == 0o600)
        #expect(try prepared.result(status: 204, headers: ["etag": "\"e\""], body: Data()).etag == "\"e\"")
        let refusal = #expect(throws: UploadError.self) {
            try prepared.result(status: 403, headers: [:], body: Data("<Error><Code>AccessDenied</Code></Error>".utf8))
        }
        #expect(refusal?.status == 403)
        prepared.remove()
        #expect(test.folder.files() == ["a.txt"])
    }

    @Test func `a prepared upload that fails leaves no file`() async throws {
        let test = try TestClient()
        let missing = URL(fileURLWithPath: "\(test.folder.path)/none")
        let file = try test.file()
        let error = await #expect(throws: UploadError.self) { try await test.client.prepareUpload(file: file, in: missing) }
        #expect(error?.code == .fileUnreadable)
        #expect(test.folder.files() == ["a.txt"])
    }
}
