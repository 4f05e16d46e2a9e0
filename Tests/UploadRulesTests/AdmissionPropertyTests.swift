// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import UploadRules

struct AdmissionPropertyTests {
    private static let prefixes = [
        "avatars/{user}/", "{tenant}/{user}/{yyyy}/", "ü b/{mm}/{user}/{dd}/", "shared/", "x-{yyyy}/{ext}/",
    ]
    private static let names = ["{uuid}.{ext}", "{uuid}-{filename}", "{filename}", "{uuid}/{filename}.{ext}", "a.{uuid}"]
    private static let nasty = [
        "", ".", "..", "../..", "a/b", "\\", "$", "${filename}", "{user}", "}", "~", "~2F", "\u{0}", "\r\n", "é", "e\u{301}", "🎉",
        "\u{202E}",
        "%2e%2e%2f", "a", "CON", "x.png", ".htaccess", " ", "\u{7F}", "\u{2028}", "//", "/", "K\u{212A}", "u1", "\u{FEFF}",
        "'\"<>&;",
    ]

    private static func endpoint(bucket: String = "acme-uploads") throws -> StoreEndpoint {
        try StoreEndpoint(bucket: bucket, region: "eu-west-1")
    }

    @Test(arguments: 0..<5)
    func `a key stays in its prefix and has nothing that S3 would expand or resolve`(seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed) + 10)
        func text() -> String {
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in Self.nasty.randomElement(using: &generator) ?? "" }.joined()
        }
        let prefix = Self.prefixes[seed]
        for name in Self.names {
            let rule = try UploadRule.sample(
                keyPrefix: prefix, keyName: name, contentTypes: ["*/*"],
                storage: .sample(metadata: MetadataRule(fixed: [], allowed: ["m"])), contentDisposition: .inline)
            for _ in 0..<400 {
                let (user, filename) = (text(), text())
                let types = ["image/png", "a/b", "Text/Plain; charset=UTF-8", "application/pdf", text()]
                let request = UploadRequest(
                    filename: filename,
                    contentType: types.randomElement(using: &generator) ?? "",
                    size: Bool.random(using: &generator) ? 5 : nil,
                    metadata: Bool.random(using: &generator) ? [("m", text())] : []
                )
                let date = Date(timeIntervalSince1970: Double.random(in: -1e11...3e11, using: &generator))
                let admission: Admission
                do throws(Refusal) {
                    let uploader = Uploader(tenant: "acme", user: user)
                    admission = try rule.admit(request, uploader: uploader, uuid: "0193-ab", at: date)
                } catch {
                    #expect(!error.detail.isEmpty)
                    continue
                }
                let key = Array(admission.key.text.utf8)
                #expect(key.starts(with: rule.keyPrefix.leadingBytes))
                #expect(key.count <= 1024 && !key.contains { $0 < 0x20 || $0 == 0x7F || "${}".utf8.contains($0) })
                let segments = key.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                #expect(segments.count == (prefix + name).split(separator: "/").count)
                #expect(segments.allSatisfy { $0.contains { $0 != UInt8(ascii: ".") } }, "\(admission.key.text)")
                // The policy's own checks agree with ours: an admission is always a policy.
                let policy = try admission.policy(for: Self.endpoint(), expiration: Date(timeIntervalSince1970: 0))
                #expect(policy.fields.count == admission.fields.count + 2)
            }
        }
    }

    @Test func `no two users share a folder, and no user's folder is inside another's`() throws {
        let rule = try UploadRule.sample(keyPrefix: "{user}/", keyName: "{filename}")
        var generator = SplitMix64(seed: 99)
        var owners: [[UInt8]: String] = [:]
        for _ in 0..<10_000 {
            let user = (0..<Int.random(in: 1...3, using: &generator)).map { _ in Self.nasty.randomElement(using: &generator) ?? ""
            }.joined()
            if user.isEmpty { continue }
            let request = UploadRequest(filename: Self.nasty.randomElement(using: &generator), contentType: "image/png")
            let admission = try rule.admit(
                request, uploader: Uploader(tenant: "acme", user: user), uuid: "0", at: Date(timeIntervalSince1970: 0)
            )
            let folder = Array(admission.key.text.utf8.prefix { $0 != UInt8(ascii: "/") })
            if let other = owners.updateValue(user, forKey: folder) {
                #expect(other.utf8.elementsEqual(user.utf8))
            }
        }
        let folders = owners.keys.map { $0 + [UInt8(ascii: "/")] }.sorted { $0.lexicographicallyPrecedes($1) }
        for (folder, next) in zip(folders, folders.dropFirst()) {
            #expect(!next.starts(with: folder))
        }
    }

    @Test func `an admitted request is signed, or the form is too large and the error has the token's share`() throws {
        let signer = PolicySigner()
        let credentials = SigningCredentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE",
            secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            sessionToken: String(repeating: "t", count: 2048)
        )
        let now = Date.newYear2026
        let tags = (0..<9).map { Tag(key: "k\($0)", value: String(repeating: "v", count: 200)) }
        let metadata = MetadataRule(
            fixed: [FormField(name: "x-amz-meta-f", value: String(repeating: "x", count: 500))],
            allowed: ["a", "b", "c", "d", "e"])
        let rule = try UploadRule.sample(
            keyPrefix: "\(String(repeating: "p", count: 300))/{user}/", keyName: "{uuid}-{filename}",
            storage: .sample(tags: tags, metadata: metadata), contentDisposition: .attachment)
        let store = try Self.endpoint(bucket: String(repeating: "b", count: 63))
        var signed = 0
        var tooLarge = 0
        for length in stride(from: 0, through: 400, by: 5) {
            for character in ["x", "\"", "\\", "é"] {
                let text = String(repeating: character, count: length)
                let request = UploadRequest(
                    filename: text,
                    contentType: "image/png",
                    size: 1,
                    checksum: RequestedChecksum(sha256: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="),
                    metadata: ["a", "b", "c"].map { ($0, text) }
                )
                let admission: Admission
                do throws(Refusal) {
                    admission = try rule.admit(
                        request, uploader: Uploader(tenant: "acme", user: String(repeating: "/", count: 200)), uuid: "0193",
                        at: now
                    )
                } catch {
                    // The metadata is over S3's 2 KB.
                    guard case .invalid = error else { return #expect(Bool(false), "\(error)") }
                    continue
                }
                let policy = try admission.policy(for: store, expiration: now + 300)
                for version in SignatureVersion.allCases {
                    do throws(PolicyError) {
                        let form = try signer.sign(
                            policy, version: version, credentials: credentials, region: "ap-southeast-1", at: now
                        )
                        #expect(form.formBytes <= SignedForm.maximumBytes)
                        signed += 1
                    } catch {
                        guard case .formTooLarge(let bytes, SignedForm.maximumBytes, let token) = error else {
                            return #expect(Bool(false), "\(error)")
                        }
                        #expect(bytes > SignedForm.maximumBytes && (4900...5000).contains(token) && !error.isSessionTokenTooLong)
                        tooLarge += 1
                    }
                }
            }
        }
        #expect(signed > 100 && tooLarge > 20)
    }
}
