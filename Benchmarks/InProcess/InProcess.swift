// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import PostPolicy
import PosternServer
import RuleFiles
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Times the steps of one ticket inside one process and one thread, without HTTP.
@main
enum InProcess {
    private static let rules = """
        tenant: acme
        store: {bucket: acme-uploads, region: eu-west-1}
        auth: {apiKeys: [{id: cms, sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}]}
        rules:
          avatars: {keyPrefix: "avatars/{user}/", contentTypes: [image/png, image/jpeg], maxSize: 5MiB}
        """
    private static let credentials = SigningCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )

    static func main() throws {
        let files = RuleFileSystem { _, _ throws(RuleFileSystem.Failure) in
            var listing = FolderListing(folder: FileStamp(kind: .folder))
            listing.append("acme.yaml".utf8, FileStamp(kind: .regular), isLink: false)
            return listing
        } read: { _, _ throws(RuleFileSystem.Failure) in
            Array(rules.utf8)
        } stamp: { _ in
            FileStamp(kind: .regular)
        } resolve: { path throws(RuleFileSystem.Failure) in
            path
        }
        let book = try RuleLoader.load(folder: "/rules", files: files).result.get()
        guard let tenant = book.tenants.first, let rule = tenant.rules.first else { return }
        let body = Array(#"{"rule": "avatars", "filename": "me.png", "contentType": "image/png", "size": 48213}"#.utf8)
        let request = UploadRequest(rule: "avatars", filename: "me.png", contentType: "image/png", size: 48213)
        let uploader = Uploader(tenant: "acme", user: "u1")
        let now = Date()
        let signer = PolicySigner()
        let id = "0198f3c2-79b0-7fff-bfff-ffffffffffff"
        let admission = try rule.admit(request, uploader: uploader, uuid: id, at: now)
        let expiresAt = now + 300

        try measure("read the request (JSON)") { try JSONValue(parsing: body, maximumDepth: 16) }
        try measure("admit (rule, key, fields)") { try rule.admit(request, uploader: uploader, uuid: id, at: now) }
        try measure("sign one ticket (policy, base64, HMAC, response JSON)") {
            let policy = try admission.policy(for: rule.store.endpoint, expiration: expiresAt)
            let form = try signer.sign(policy, credentials: credentials, region: rule.store.region, at: now)
            let ticket = Ticket(
                id: id,
                upload: .post(form, url: rule.store.endpoint.url),
                key: admission.key.text,
                sizes: admission.sizes,
                expiresAt: expiresAt,
                serverTime: now,
                rule: rule
            )
            return ticket.json()
        }
    }

    /// Prints the median of 21 rounds.
    private static func measure(_ name: String, _ step: () throws -> some Any) throws {
        let repetitions = 20_000
        var rounds: [Double] = []
        var sink = 0
        for _ in 0..<21 {
            let began = ContinuousClock.now
            for _ in 0..<repetitions { withExtendedLifetime(try step()) { sink += 1 } }
            rounds.append((ContinuousClock.now - began) / .microseconds(1) / Double(repetitions))
        }
        precondition(sink == repetitions * rounds.count)
        let hundredths = Int((rounds.sorted()[rounds.count / 2] * 100).rounded())
        let digits = hundredths % 100 < 10 ? "0\(hundredths % 100)" : "\(hundredths % 100)"
        let median = "\(hundredths / 100).\(digits)"
        print("\(String(repeating: " ", count: max(0, 6 - median.count)))\(median) µs  \(name)")
    }
}
