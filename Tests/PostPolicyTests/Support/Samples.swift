// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport

/// Values that many tests begin with.
enum Sample {
    static let region = "eu-west-1"
    static let bucket = "acme-uploads"
    /// 2026-01-01T00:00:00Z
    static let now = Date.newYear2026
    /// AWS's example key.
    static let credentials = SigningCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    static let sessionToken = "FwoGZXIvYXdzEXAMPLE//////////wEaDTOKEN+/=="
    static let session = SigningCredentials(
        accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey, sessionToken: sessionToken,
        expiration: now + 3600)

    static func policy(
        key: String = "avatars/u1/x.png", sizes: ClosedRange<Int> = 1...1024, _ fields: [(String, String)] = []
    ) throws -> UploadPolicy {
        var policy = try UploadPolicy(bucket: bucket, key: key, contentLength: sizes, expiration: now + 300)
        for (name, value) in fields { try policy.add(name, value) }
        return policy
    }

    /// A policy with random fields as an admitted upload may have them.
    static func randomPolicy(_ random: inout SplitMix64) throws -> UploadPolicy {
        let size = Int.random(in: 0...5_000_000, using: &random)
        var policy = try policy(
            key: "p/" + text(1...200, &random), sizes: size...(size + Int.random(in: 0...1_000_000, using: &random)),
            [("Content-Type", "image/" + text(0...20, &random))])
        for index in 0..<Int.random(in: 0...8, using: &random) {
            try policy.add("x-amz-meta-\(name(&random))\(index)", text(0...60, &random))
        }
        let further = [
            ("success_action_status", "201"), ("acl", "private"), ("Cache-Control", "max-age=60, public"),
            ("Content-Disposition", "attachment; filename=\"a b.png\"; filename*=UTF-8''%e2%82%ac"),
            ("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
        ]
        for (name, value) in further where Bool.random(using: &random) { try policy.add(name, value) }
        return policy
    }

    private static func name(_ random: inout SplitMix64) -> String {
        let letters = Array("abcXYZ019-_.")
        return String((0..<Int.random(in: 1...10, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
    }

    /// Text with quotes, backslashes, dollars, commas and every plane, but without what a policy refuses.
    private static func text(_ length: ClosedRange<Int>, _ random: inout SplitMix64) -> String {
        let odd = [
            "\"", "\\", "$", "{", "}", ",", "/", "'", "[", "]", ":", "é", "e\u{301}", "😀", "\u{2028}", " ", "%", "+", "&", "<",
            "\u{10FFFF}",
        ]
        let count = Int.random(in: length, using: &random)
        let pieces = (0..<count).map { _ in
            Int.random(in: 0..<3, using: &random) == 0
                ? odd.randomElement(using: &random) ?? ""
                : String(UnicodeScalar(UInt8.random(in: 0x20...0x7E, using: &random)))
        }
        return pieces.joined().replacing("${", with: "$-")
    }
}

extension SignedForm {
    /// The value of the field with exactly this name.
    subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }
}
