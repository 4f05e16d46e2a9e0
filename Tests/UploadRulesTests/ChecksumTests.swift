// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import UploadRules
@testable import WireFormats

struct ChecksumTests {
    private func fields(_ rule: UploadRule, _ checksum: RequestedChecksum?) throws(Refusal) -> [String] {
        let request = UploadRequest(contentType: "image/png", checksum: checksum)
        let admission = try rule.admit(request, uploader: Uploader(tenant: "acme", user: "u1"), uuid: "1", at: .newYear2026)
        return admission.fields.filter { $0.name.lowercased().contains("checksum") || $0.name == "Content-MD5" }
            .map { "\($0.name)=\($0.value)" }
    }

    private static let names: [ChecksumAlgorithm: String] = [
        .sha256: "SHA256", .sha1: "SHA1", .crc32: "CRC32", .crc32c: "CRC32C", .crc64nvme: "CRC64NVME",
    ]

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `each checksum that the rule allows becomes its fields`(algorithm: ChecksumAlgorithm) throws {
        let value = Array(repeating: UInt8(7), count: algorithm.byteCount).base64
        let rule = try UploadRule.sample(checksum: ChecksumRule(isRequired: true, algorithms: [algorithm]))
        let expected =
            Self.names[algorithm].map {
                ["x-amz-checksum-algorithm=\($0)", "x-amz-checksum-\($0.lowercased())=\(value)"]
            } ?? ["Content-MD5=\(value)"]
        for spelling in [algorithm.rawValue, algorithm.rawValue.uppercased()] {
            #expect(try fields(rule, RequestedChecksum(algorithm: spelling, value: value)) == expected)
        }
        #expect(throws: Refusal.checksumRequired(allowed: [algorithm])) { try fields(rule, nil) }
        for other in ChecksumAlgorithm.allCases where other != algorithm {
            #expect(throws: Refusal.checksumNotAllowed(other, allowed: [algorithm])) {
                try fields(rule, RequestedChecksum(algorithm: other.rawValue, value: value))
            }
        }
    }

    @Test(arguments: ["", "sha512", "sha-256", "SHA256 ", "crc32\u{441}", "sha\u{212A}", "x-amz-checksum-sha256"])
    func `a name that is no algorithm is not allowed, and not repeated`(name: String) throws {
        let rule = try UploadRule.sample(checksum: ChecksumRule(isRequired: false, algorithms: ChecksumAlgorithm.allCases))
        let error = #expect(throws: Refusal.self) { try fields(rule, RequestedChecksum(algorithm: name, value: "AAAAAA==")) }
        #expect(error == .checksumNotAllowed(nil, allowed: ChecksumAlgorithm.allCases))
        #expect(name.isEmpty || error?.detail.contains(name) == false)
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `a checksum is the base64 of as many bytes as its algorithm has`(algorithm: ChecksumAlgorithm) throws {
        let rule = try UploadRule.sample(checksum: ChecksumRule(isRequired: false, algorithms: [algorithm]))
        let right = Array(repeating: UInt8(255), count: algorithm.byteCount)
        let encoded = right.base64
        var wrong = [
            "", "=", right.hexadecimal, encoded + "=", String(encoded.dropLast()), " " + encoded, encoded + "\n", "\u{0}",
            encoded.replacingOccurrences(of: "/", with: "_"), (right + [1]).base64, right.dropLast().base64,
            String(repeating: "A", count: 1 << 16), "é" + encoded.dropFirst(), "${filename}",
        ]
        // The unused bits of the last digit are set.
        wrong.append(String(encoded.prefix { $0 != "=" }.dropLast()) + "/" + encoded.filter { $0 == "=" })
        for text in wrong {
            #expect(
                throws: Refusal.checksumMalformed(algorithm, .checksum, characters: text.unicodeScalars.count),
                "\(text.prefix(80))"
            ) {
                try fields(rule, RequestedChecksum(algorithm: algorithm.rawValue, value: text))
            }
        }
        #expect(try !fields(rule, RequestedChecksum(algorithm: algorithm.rawValue, value: encoded)).isEmpty)
    }

    @Test(arguments: [
        (ChecksumAlgorithm.crc32, 7, "of the 4 bytes of the file's CRC32: 8 characters, the last two \"=\". This one has 7."),
        (.crc32, 8, "8 characters, the last two \"=\". This one has 8, and is not the base64 of 4 bytes."),
        (
            .md5, 32,
            "24 characters, the last two \"=\". This one has 32, as hexadecimal has: encode the bytes, not the hexadecimal digits."
        ),
        (
            .sha1, 40,
            "28 characters, the last one \"=\". This one has 40, as hexadecimal has: encode the bytes, not the hexadecimal digits."
        ),
    ])
    func `a refusal says how long the checksum is`(algorithm: ChecksumAlgorithm, characters: Int, end: String) {
        let detail = Refusal.checksumMalformed(algorithm, .checksum, characters: characters).detail
        #expect(detail.hasPrefix("\"checksum.value\" must be the base64 of the ") && detail.hasSuffix(end), "\(detail)")
    }

    @Test func `checksumSHA256 is the algorithm sha256`() throws {
        let rule = try UploadRule.sample(checksum: ChecksumRule(isRequired: false, algorithms: [.crc32c]))
        #expect(throws: Refusal.checksumNotAllowed(.sha256, allowed: [.crc32c])) {
            try fields(rule, RequestedChecksum(sha256: Array(repeating: UInt8(0), count: 32).base64))
        }
    }

    // MARK: Declared sizes

    @Test(
        arguments: [
            (DeclaredSize.exact, 5, 5...5), (.atMost, 5, 2...5), (.ignored, 5, 2...10), (.atMost, 2, 2...2),
            (.atMost, 10, 2...10),
            (.ignored, 10, 2...10), (.exact, nil, 2...10), (.atMost, nil, 2...10),
        ] as [(DeclaredSize, Int?, ClosedRange<Int>)])
    func `a declared size is exact, the most, or ignored`(meaning: DeclaredSize, size: Int?, range: ClosedRange<Int>) throws {
        let rule = try UploadRule.sample(sizes: 2...10, declaredSize: meaning)
        func sizes(_ size: Int?) throws(Refusal) -> ClosedRange<Int> {
            let request = UploadRequest(contentType: "image/png", size: size)
            return try rule.admit(request, uploader: Uploader(tenant: "acme", user: "u"), uuid: "1", at: .newYear2026).sizes
        }
        #expect(try sizes(size) == range)
        // A file that cannot fit is refused in any case.
        #expect(throws: Refusal.sizeTooLarge(size: 11, max: 10)) { try sizes(11) }
        #expect(throws: Refusal.sizeTooSmall(size: 1, min: 2)) { try sizes(1) }
    }
}
