// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import UploadRules
import WireFormats

@testable import Doctor

struct TestTicketsTests {
    private func ticket(_ rule: UploadRule, size: Int? = nil) throws -> TestTicket {
        let tickets = try TestTickets(rule, of: "acme", credentials: FakeStore.credentials, at: .january2027)
        let content = tickets.content(size ?? tickets.size)
        return try tickets.ticket(
            .init(size: tickets.size, checked: content, start: .january2027, end: .january2027 + 300), isExact: false)
    }

    @Test(arguments: [
        ("avatars/{user}/", "avatar.{ext}"), ("{issuer}/", "{uuid}"), ("{claim.org}/", "a.{ext}"), ("a/{audit}/", "{uuid}.{ext}"),
        ("a/", "{filename}"), ("site/{path}/", "index.html"), ("{audit}/", "a"),
    ])
    func `keys are of the rule's template and of no real user`(prefix: String, name: String) throws {
        let parameters = [UploadParameter(name: "audit", kind: .name)]
        let rule = try UploadRule.sample(keyPrefix: prefix, keyName: name, parameters: prefix.contains("audit") ? parameters : [])
        #expect(try ticket(rule).key.contains("postern-doctor"))
    }

    @Test(arguments: [UploadParameter.Kind.digits, .uuid])
    func `parameters that are numbers have values that occur once`(kind: UploadParameter.Kind) throws {
        let rule = try UploadRule.sample(
            keyPrefix: "invoices/{number}/", keyName: "scan.{ext}", parameters: [UploadParameter(name: "number", kind: kind)])
        let keys = try (0..<3).map { _ in try ticket(rule).key }
        #expect(Set(keys).count == 3)
    }

    @Test(arguments: [("site/", "logo.{ext}"), ("site/{yyyy}/{mm}/", "index.html")])
    func `a file that a real one could be is never uploaded`(prefix: String, name: String) throws {
        let rule = try UploadRule.sample(keyPrefix: prefix, keyName: name)
        #expect {
            try ticket(rule)
        } throws: {
            ($0 as? TestTicketError)?.text.contains("it would replace “site/") == true
        }
    }

    @Test(arguments: [(1...5, 5), (1...5_000_000, 64), (100...5_000_000, 100), (0...64, 64), (1...1, 1)])
    func `files are small, but not smaller than the rule allows`(sizes: ClosedRange<Int>, size: Int) throws {
        let rule = try UploadRule.sample(sizes: sizes)
        #expect(try ticket(rule).admission.sizes == size...size)
    }

    @Test func `a rule for large files only is not tried`() throws {
        let rule = try UploadRule.sample(sizes: 2_000_000...5_000_000)
        #expect(throws: TestTicketError.self) { try ticket(rule) }
    }

    @Test(arguments: [
        (["image/png", "*/*"], "image/png"), (["image/*"], "image/png"), (["application/*"], "application/pdf"),
        (["*/*"], "image/png"),
        (["video/*"], "video/mp4"), (["chemical/*"], "chemical/x-postern-doctor"), (["text/csv"], "text/csv"),
        (["application/octet-stream"], "application/octet-stream"),
    ])
    func `the type is one that the rule allows`(types: [String], type: String) throws {
        #expect(try ticket(try UploadRule.sample(contentTypes: types)).admission.contentType == type)
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `a required checksum is that of the file`(algorithm: ChecksumAlgorithm) throws {
        // Of the 64 bytes that the file has, by other programs.
        let expected: [ChecksumAlgorithm: String] = [
            .sha256: "0AlFzQU2b9p4m8XiqaTxs0jVQzLQOJ/DTdKoQydpJPI=", .sha1: "K5Z+i49V+HhXuN7DK/HTl20d0CA=",
            .md5: "LFVwk6RBcQeuDZD3WcAplw==", .crc32: "VkAmSw==", .crc32c: "X+cnBQ==", .crc64nvme: "CYB3jhG3KFU=",
        ]
        let rule = try UploadRule.sample(checksum: ChecksumRule(isRequired: true, algorithms: [algorithm]))
        let fields = try ticket(rule).admission.fields
        let value = fields.first {
            $0.name.lowercased().hasPrefix("x-amz-checksum-") && $0.name != "x-amz-checksum-algorithm" || $0.name == "Content-MD5"
        }?.value
        #expect(value == expected[algorithm])
    }

    @Test(arguments: [DeclaredSize.exact, .atMost, .ignored])
    func `whatever a declared size means, the attempts are for exactly one`(declared: DeclaredSize) throws {
        let rule = try UploadRule.sample(declaredSize: declared)
        let tickets = try TestTickets(rule, of: "acme", credentials: FakeStore.credentials, at: .january2027)
        let attempts = try UploadAttempt.Kind.allCases.compactMap {
            try tickets.attempt($0, at: .january2027, until: .january2027 + 300)
        }
        for attempt in attempts {
            guard case .post(let form, _) = attempt.ticket.upload,
                let policy = form.fields.first(where: { $0.name == "Policy" }), let json = Base64.decode(policy.value)
            else { continue }
            #expect(String(decoding: json, as: UTF8.self).contains("[\"content-length-range\",64,64]"), "\(attempt.kind)")
        }
        #expect(attempts.map(\.kind).prefix(2) == [.larger, .smaller])
        #expect(attempts.prefix(2).map(\.content.count) == [65, 63])
    }

    @Test func `a checksum of an attempt with another size is right, so that only the size is judged`() throws {
        let rule = try UploadRule.sample(checksum: .required)
        let tickets = try TestTickets(rule, of: "acme", credentials: FakeStore.credentials, at: .january2027)
        for kind in UploadAttempt.Kind.allCases {
            guard let attempt = try tickets.attempt(kind, at: .january2027, until: .january2027 + 300) else { continue }
            let value = attempt.ticket.admission.fields.first { $0.name == "x-amz-checksum-sha256" }?.value
            let isRight = value == Base64.encode(DigestAlgorithm.sha256.hash(attempt.content).span)
            #expect(isRight == (attempt.kind != .wrongChecksum), "\(attempt.kind)")
        }
    }
}
