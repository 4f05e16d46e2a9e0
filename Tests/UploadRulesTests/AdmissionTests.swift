// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import UploadRules

struct AdmissionTests {
    private static let date = Date.newYear2026
    private static let sum = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="

    private func admit(
        _ rule: UploadRule, _ request: UploadRequest, user: String? = "u1", scopes: [String] = []
    ) throws(Refusal) -> Admission {
        try rule.admit(request, uploader: Uploader(tenant: "acme", user: user, scopes: scopes), uuid: "0193", at: Self.date)
    }

    private func refusal(
        _ rule: UploadRule, _ request: UploadRequest, user: String? = "u1", scopes: [String] = []
    ) -> Refusal? {
        do throws(Refusal) {
            _ = try admit(rule, request, user: user, scopes: scopes)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Fields

    @Test func `the smallest rule yields a key, a type and a status`() throws {
        let admission = try admit(try .sample(), UploadRequest(contentType: "image/png"))
        #expect(admission.rule == "avatars")
        #expect(admission.key.text == "avatars/u1/0193.png")
        #expect(admission.contentType == "image/png")
        #expect(admission.sizes == 1...5_242_880)
        #expect(
            admission.fields == [
                FormField(name: "Content-Type", value: "image/png"), FormField(name: "success_action_status", value: "201"),
            ]
        )
    }

    @Test func `the largest rule yields every field, in AWS's spelling and a fixed order`() throws {
        let rule = try UploadRule.sample(
            keyPrefix: "{tenant}/{user}/{yyyy}/{mm}/{dd}/",
            keyName: "{uuid}-{filename}",
            storage: .sample(
                acl: "public-read",
                storageClass: "STANDARD_IA",
                encryption: .kms(type: "aws:kms", keyID: "alias/uploads", bucketKey: true),
                tags: [Tag(key: "kind", value: "avatar"), Tag(key: "owner", value: "team a")],
                metadata: MetadataRule(
                    fixed: [FormField(name: "x-amz-meta-source", value: "web")], allowed: ["album", "camera"]),
                cacheControl: "public, max-age=60",
                contentEncoding: "gzip",
                contentLanguage: "de-CH, fr",
                successStatus: 204),
            contentDisposition: .attachment,
            checksum: .required)
        let admission = try admit(
            rule,
            UploadRequest(
                filename: "Me.png", contentType: "image/png", size: 7, checksum: RequestedChecksum(sha256: Self.sum),
                metadata: [("camera", "Leica M3"), ("ALBUM", "Été")]
            )
        )
        #expect(admission.key.text == "acme/u1/2026/01/01/0193-Me.png")
        #expect(admission.sizes == 7...7)
        let tagging =
            "<Tagging><TagSet><Tag><Key>kind</Key><Value>avatar</Value></Tag>"
            + "<Tag><Key>owner</Key><Value>team a</Value></Tag></TagSet></Tagging>"
        let fields = [
            ("Content-Type", "image/png"), ("acl", "public-read"), ("Cache-Control", "public, max-age=60"),
            ("Content-Encoding", "gzip"), ("Content-Language", "de-CH, fr"),
            ("Content-Disposition", "attachment; filename=\"Me.png\"; filename*=UTF-8''Me.png"), ("tagging", tagging),
            ("x-amz-storage-class", "STANDARD_IA"), ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "alias/uploads"),
            ("x-amz-server-side-encryption-bucket-key-enabled", "true"), ("x-amz-meta-source", "web"),
            ("x-amz-meta-camera", "Leica M3"), ("x-amz-meta-album", "Été"), ("x-amz-checksum-algorithm", "SHA256"),
            ("x-amz-checksum-sha256", Self.sum), ("success_action_status", "204"),
        ]
        #expect(admission.fields.map { "\($0.name)=\($0.value)" } == fields.map { "\($0)=\($1)" })
        let policy = try admission.policy(
            for: StoreEndpoint(bucket: "acme-uploads", region: "eu-west-1"), expiration: Self.date + 300)
        #expect(policy.fields.map(\.name) == ["key", "bucket"] + fields.map(\.0))
        #expect(policy.contentLength == 7...7)
    }

    @Test func `a redirect replaces the status, AES256 needs no key, and tags are escaped`() throws {
        let redirect = try admit(
            try .sample(storage: .sample(encryption: .aes256, successRedirect: "https://app.acme.example/done")),
            UploadRequest(contentType: "image/png")
        )
        #expect(
            redirect.fields.dropFirst() == [
                FormField(name: "x-amz-server-side-encryption", value: "AES256"),
                FormField(name: "success_action_redirect", value: "https://app.acme.example/done"),
            ]
        )
        #expect(
            Tag.field([("a&b", "<\"'>")], for: .post).value
                == "<Tagging><TagSet><Tag><Key>a&amp;b</Key><Value>&lt;&quot;&apos;&gt;</Value></Tag></TagSet></Tagging>"
        )
        #expect(
            Tag.field([("a&b", "= é"), ("c", "")], for: .put)
                == FormField(name: "x-amz-tagging", value: "a%26b=%3D%20%C3%A9&c="))
    }

    // MARK: Refusals

    @Test func `scope, type, size, checksum, metadata and key are checked in this order`() throws {
        let rule = try UploadRule.sample(
            sizes: 5...10, storage: .sample(metadata: MetadataRule(fixed: [], allowed: ["a"])), checksum: .required,
            requireScope: "up")
        var request = UploadRequest(contentType: "text/html", size: 11, metadata: [("b", "c")])
        #expect(refusal(rule, request, user: nil) == .scopeMissing("up"))
        func type(_ text: String) throws -> Refusal.RefusedType { .type(try #require(MediaTypeName(text))) }
        func next(_ expected: Refusal, _ change: (inout UploadRequest) -> Void) {
            #expect(refusal(rule, request, user: nil, scopes: ["x", "up"]) == expected)
            change(&request)
        }
        next(.contentTypeNotAllowed(try type("text/html"), allowed: ["image/png", "image/jpeg"])) { $0.contentType = "IMAGE/PNG" }
        next(.sizeTooLarge(size: 11, max: 10)) { $0.size = 4 }
        next(.sizeTooSmall(size: 4, min: 5)) { $0.size = 5 }
        next(.checksumRequired(allowed: [.sha256])) { $0.checksum = RequestedChecksum(sha256: "x") }
        next(.checksumMalformed(.sha256, .checksumSHA256, characters: 1)) { $0.checksum = RequestedChecksum(sha256: Self.sum) }
        next(.metadataNotAllowed(name: MetadataName("b"), allowed: ["a"])) { $0.metadata = [("a", "c")] }
        next(.userRequired) { _ in }
        #expect(refusal(rule, request, scopes: ["up"]) == nil)
    }

    @Test(arguments: [
        "upload-admin", "upload:x", "uploads", "uploa", "up", "u", "", "Upload", "UPLOAD", "re-upload", " upload", "upload ",
        "upload,download", "upload download", "*", "upload\u{0}",
    ])
    func `a scope is compared as a whole, by bytes`(scope: String) throws {
        let rule = try UploadRule.sample(requireScope: "upload")
        let request = UploadRequest(contentType: "image/png")
        #expect(refusal(rule, request, scopes: [scope]) == .scopeMissing("upload"))
        #expect(refusal(rule, request, scopes: [scope, scope]) == .scopeMissing("upload"))
        #expect(refusal(rule, request, scopes: [scope, "upload"]) == nil)
    }

    @Test func `a scope is needed only if the rule names one`() throws {
        let request = UploadRequest(contentType: "image/png")
        #expect(refusal(try .sample(), request) == nil)
        #expect(refusal(try .sample(requireScope: "up:x"), request) == .scopeMissing("up:x"))
        #expect(refusal(try .sample(requireScope: "up:x"), request, scopes: ["up"]) == .scopeMissing("up:x"))
        #expect(refusal(try .sample(requireScope: "up"), request, scopes: ["up:x"]) == .scopeMissing("up"))
        #expect(refusal(try .sample(requireScope: "up:x"), request, scopes: ["up:x"]) == nil)
    }

    @Test(arguments: [
        "image/pngx", "image/png-x", "image/png+xml", "image/png.x", "image/pn", "image/p", "ximage/png", "x-image/png",
        "image/jpegx", "image/jpe", "imag/png", "image/jp", "application/png",
    ])
    func `a content type that only begins or ends like an allowed one is refused`(type: String) throws {
        let allowed = ["image/png", "image/jpeg"]
        let understood = Refusal.RefusedType.type(try #require(MediaTypeName(type)))
        #expect(refusal(try .sample(), UploadRequest(contentType: type)) == .contentTypeNotAllowed(understood, allowed: allowed))
        #expect(try admit(try .sample(contentTypes: [type]), UploadRequest(contentType: type)).contentType == type)
    }

    @Test(arguments: [0, -1, .min, 5_242_881, .max])
    func `a declared size is the only allowed one, and must be in range`(size: Int) throws {
        let rule = try UploadRule.sample()
        #expect(
            refusal(rule, UploadRequest(contentType: "image/png", size: size))
                == (size > 0 ? .sizeTooLarge(size: size, max: 5_242_880) : .sizeTooSmall(size: size, min: 1))
        )
        #expect(try admit(rule, UploadRequest(contentType: "image/png", size: 1)).sizes == 1...1)
        let empty = try UploadRule.sample(sizes: 0...5_242_880)
        #expect(try admit(empty, UploadRequest(contentType: "image/png", size: 0)).sizes == 0...0)
    }

    @Test(arguments: [
        "", "=", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgh=",
        "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg=", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n",
        " n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwC===",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCggA",
    ])
    func `a checksum is the base64 of 32 bytes`(text: String) throws {
        #expect(
            refusal(try .sample(), UploadRequest(contentType: "image/png", checksum: RequestedChecksum(sha256: text)))
                == .checksumMalformed(.sha256, .checksumSHA256, characters: text.count))
    }

    @Test func `metadata must be allowed, unique, printable and within 2 KB`() throws {
        let rule = try UploadRule.sample(
            storage: .sample(
                metadata: MetadataRule(fixed: [FormField(name: "x-amz-meta-f", value: "1")], allowed: ["album", "k"])))
        func refusal(_ metadata: [(String, String)]) -> Refusal? {
            self.refusal(rule, UploadRequest(contentType: "image/png", metadata: metadata))
        }
        func notAllowed(_ name: String?) -> Refusal {
            .metadataNotAllowed(name: name.flatMap(MetadataName.init), allowed: ["album", "k"])
        }
        func isInvalid(_ metadata: [(String, String)]) -> Bool {
            if case .invalid = refusal(metadata) { true } else { false }
        }
        #expect(refusal([("album", "x"), ("k", "")]) == nil)
        #expect(refusal([("Album", "e\u{301} \u{1F600} $ } {")]) == nil)
        #expect(refusal([("F", "2")]) == notAllowed("f"))
        for other in ["x-amz-meta-album", "albumx", "album-x", "albums", "albu", "a", "xalbum", "album ", " album", "kk", "ff"] {
            #expect(refusal([(other, "x")]) == notAllowed(other), "\(other)")
            #expect(refusal([("album", "x"), (other, "x")]) == notAllowed(other), "\(other)")
        }
        // The Kelvin sign is a k to Unicode and no k to S3.
        #expect(refusal([("\u{212A}", "x")]) == notAllowed(nil))
        #expect(refusal([("", "x")]) == notAllowed(nil))
        #expect(isInvalid([("album", "x"), ("ALBUM", "y")]))
        for bad in ["a\nb", "a\r\nb", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "${filename}", "x${"] {
            #expect(isInvalid([("album", bad)]), "\(bad.debugDescription)")
        }
        // Names count with their prefix: 12 + 1 for what is fixed, 16 for the name.
        #expect(refusal([("album", String(repeating: "x", count: 2019))]) == nil)
        #expect(isInvalid([("album", String(repeating: "x", count: 2020))]))
        #expect(
            self.refusal(try .sample(), UploadRequest(contentType: "image/png", metadata: [("a", "b")]))
                == .metadataNotAllowed(name: MetadataName("a"), allowed: []))
    }

    @Test func `a user is required only by {user}, not empty and at most 256 bytes long`() throws {
        let rule = try UploadRule.sample()
        let request = UploadRequest(contentType: "image/png")
        #expect(refusal(rule, request, user: nil) == .userRequired)
        #expect(refusal(rule, request, user: "") == .invalid("\"user\" is empty; name a user.", about: .user))
        #expect(refusal(rule, request, user: String(repeating: "u", count: 256)) == nil)
        #expect(
            refusal(rule, request, user: String(repeating: "é", count: 129))
                == .invalid("\"user\" is longer than 256 bytes; send a shorter one.", about: .user))
        let shared = try UploadRule.sample(keyPrefix: "shared/")
        #expect(try admit(shared, request, user: nil).key.text == "shared/0193.png")
        #expect(!shared.usesUser && rule.usesUser)
    }

    @Test(arguments: ["a/b", "..", "a b", "$", "é", "a.b"])
    func `a value of {uuid} with other characters is refused`(uuid: String) throws {
        let rule = try UploadRule.sample()
        #expect(throws: Refusal.self) {
            try rule.admit(
                UploadRequest(contentType: "image/png"), uploader: Uploader(tenant: "acme", user: "u"), uuid: uuid, at: Self.date
            )
        }
    }

    // MARK: Parameters

    private static let parameters = [
        UploadParameter(name: "audit", kind: .digits), UploadParameter(name: "id", kind: .uuid),
        UploadParameter(name: "part", kind: .name),
    ]
    private static let values = [("part", "a_B-9"), ("audit", "42"), ("id", "123e4567-e89b-12d3-a456-426614174000")]

    private func parameterRule() throws -> UploadRule {
        try .sample(keyPrefix: "x/{user}/{audit}/{id}/{part}/", parameters: Self.parameters)
    }

    @Test func `a request has exactly the parameters of the rule`() throws {
        let rule = try parameterRule()
        func request(_ parameters: [(String, String)]) -> UploadRequest {
            UploadRequest(contentType: "image/png", parameters: parameters)
        }
        #expect(
            try admit(rule, request(Self.values)).key.text
                == "x/u1/42/123e4567-e89b-12d3-a456-426614174000/a_B-9/0193.png")
        for (index, value) in Self.values.enumerated() {
            var fewer = Self.values
            fewer.remove(at: index)
            let parameter = try #require(Self.parameters.first { $0.name == value.0 })
            #expect(refusal(rule, request(fewer)) == .parameterInvalid(.missing(parameter)))
            for name in ["", "Audit", "audit ", "au\u{200B}dit", "user", "uuid", "${filename}"] {
                #expect(
                    refusal(rule, request(Self.values + [(name, "42")])) == .parameterInvalid(.unknown(allowed: Self.parameters)))
                #expect(refusal(rule, request(fewer + [(name, value.1)])) == .parameterInvalid(.missing(parameter)))
            }
        }
        #expect(refusal(try .sample(), request([("audit", "42")])) == .parameterInvalid(.unknown(allowed: [])))
    }

    @Test(
        arguments: [
            (
                .digits, ["0", "42", "00000000000000000001", "99999999999999999999"],
                ["", "-1", "4 2", "1e3", "٣", "１", "1\n", "\u{0}", "+1", "0x1"]
            ),
            (
                .uuid, ["00000000-0000-0000-0000-000000000000", "123E4567-e89b-12d3-a456-426614174000"],
                [
                    "", "123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}",
                    "123e4567-e89b-12d3-a456-42661417400",
                    "123e4567-e89b-12d3-a456-4266141740000", "123e4567-e89b-12d3-a456-42661417400g",
                    "123e4567-e89b-12d3-a456+426614174000",
                    "urn:uuid:123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-42661417400\n",
                    "------------------------------------",
                ]
            ),
            (
                .name, ["a", "Z", "_", "-", "a_B-9", "constructor"],
                ["", ".", "..", "a.b", "a/b", "a b", "é", "~", "${filename}", "a\u{0}", "%2e", "ａ"]
            ),
        ] as [(UploadParameter.Kind, [String], [String])])
    func `a parameter has a value of its kind`(kind: UploadParameter.Kind, values: [String], others: [String]) throws {
        let parameter = UploadParameter(name: "p", kind: kind)
        let rule = try UploadRule.sample(keyPrefix: "x/{p}/", parameters: [parameter])
        for value in values {
            let request = UploadRequest(contentType: "image/png", parameters: [("p", value)])
            #expect(try admit(rule, request).key.text == "x/\(kind == .uuid ? value.lowercased() : value)/0193.png")
        }
        let long = [
            kind == .digits ? String(repeating: "1", count: 21) : String(repeating: "a", count: 65),
            String(repeating: "1", count: 10_000),
        ]
        for value in others + long {
            let request = UploadRequest(contentType: "image/png", parameters: [("p", value)])
            let refused = refusal(rule, request)
            #expect(refused == .parameterInvalid(.wrong(parameter)))
            #expect(value.utf8.count < 5 || refused?.detail.contains(value) == false)
        }
    }

    @Test func `a key has at most 1024 bytes`() throws {
        let folder = String(repeating: "d", count: 255)
        let rule = try UploadRule.sample(keyPrefix: "\(folder)/{user}/")
        let request = UploadRequest(contentType: "image/png")
        // 255 + 1 + 3 × 253 + 1 + 8 = 1024
        let user = String(repeating: "/", count: 253)
        #expect(try admit(rule, request, user: user).key.text.utf8.count == 1024)
        #expect(refusal(rule, request, user: user + "u") == .keyTooLong(bytes: 1025, hasFilename: false))
        #expect(refusal(rule, request, user: user + "/") == .keyTooLong(bytes: 1027, hasFilename: false))
        let named = UploadRequest(filename: "a.png", contentType: "image/png")
        #expect(refusal(rule, named, user: user + "u") == .keyTooLong(bytes: 1025, hasFilename: false))
        let withName = try UploadRule.sample(keyPrefix: "\(folder)/{user}/", keyName: "{uuid}-{filename}")
        #expect(refusal(withName, named, user: user) == .keyTooLong(bytes: 1026, hasFilename: true))
        #expect(refusal(withName, request, user: user) == .keyTooLong(bytes: 1025, hasFilename: false))
    }

    @Test func `every refusal is a sentence that ends in a full stop`() {
        let all: [Refusal] = [
            .ruleUnknown(allowed: []), .ruleUnknown(allowed: ["a"]), .ruleRequired(allowed: []), .ruleRequired(allowed: ["a"]),
            .parameterInvalid(.missing(Self.parameters[0])), .parameterInvalid(.wrong(Self.parameters[1])),
            .parameterInvalid(.unknown(allowed: [])), .parameterInvalid(.unknown(allowed: Self.parameters)),
            .scopeMissing("s"), .userRequired, .contentTypeNotAllowed(.unnamed(.none), allowed: ["a/b"]),
            .contentTypeNotAllowed(.unnamed(.several(ending: "mp4", types: ["a/b", "c/d"])), allowed: ["a/b", "c/d"]),
            .contentTypeNotAllowed(.unnamed(.scriptCapable(ending: "svg", type: "image/svg+xml")), allowed: ["image/svg+xml"]),
            .sizeTooLarge(size: 2, max: 1), .sizeTooSmall(size: 0, min: 1), .checksumRequired(allowed: [.sha256]),
            .checksumRequired(allowed: [.md5]), .checksumNotAllowed(nil, allowed: [.md5, .sha1]),
            .checksumNotAllowed(.crc32, allowed: [.sha256]), .checksumMalformed(.crc32, .checksum, characters: 9),
            .metadataNotAllowed(name: nil, allowed: []), .metadataNotAllowed(name: nil, allowed: ["a"]),
            .keyTooLong(bytes: 1025, hasFilename: true), .keyTooLong(bytes: 1025, hasFilename: false), .formTooLarge,
            .invalid("No."),
        ]
        for refusal in all {
            #expect(refusal.detail.hasSuffix(".") && !refusal.detail.dropLast().hasSuffix("."), "\(refusal)")
        }
    }

    @Test func `a refusal says what was understood and what is allowed`() throws {
        let rule = try UploadRule.sample(contentTypes: ["image/png", "text/*"], sizes: 2...10)
        func detail(_ type: String, size: Int? = nil, sum: String? = nil) -> String? {
            refusal(rule, UploadRequest(contentType: type, size: size, checksum: sum.map(RequestedChecksum.init(sha256:))))?
                .detail
        }
        #expect(detail("Image/GIF; a=b") == "\"image/gif\" may not be uploaded here; allowed: image/png, text/*.")
        #expect(
            detail("text/html")
                == "\"text/html\" is allowed only if the rule names it, since browsers run such files; allowed: image/png, text/*."
        )
        // No wildcard of the rule covers it.
        #expect(detail("image/svg+xml") == "\"image/svg+xml\" may not be uploaded here; allowed: image/png, text/*.")
        #expect(
            detail("")
                == "No type was named: \"contentType\" is missing or empty, as browsers give it for a file that they do not know, "
                + "and the file's name does not tell the type; send the file's type as \"contentType\"; "
                + "allowed: image/png, text/*.")
        #expect(
            detail("<script>") == "\"contentType\" is not a media type of the form type/subtype; allowed: image/png, text/*.")
        #expect(detail("image/png", size: 11) == "The file is too large: \"size\" is 11, and the maximum in bytes is 10.")
        #expect(detail("image/png", size: 1) == "The file is too small: \"size\" is 1, and the minimum in bytes is 2.")
        for (sum, mistake) in [
            ("abc", "This one has 3."),
            (String(repeating: "=", count: 44), "This one has 44, and is not the base64 of 32 bytes."),
            (
                String(repeating: "0", count: 64),
                "This one has 64, as hexadecimal has: encode the bytes, not the hexadecimal digits."
            ),
        ] {
            #expect(detail("image/png", sum: sum)?.hasSuffix("44 characters, the last one \"=\". \(mistake)") == true)
        }
        #expect(
            Refusal.metadataNotAllowed(name: MetadataName("colour"), allowed: ["album"]).detail
                == "The metadata \"colour\" is not allowed; allowed: album.")
        #expect(
            Refusal.keyTooLong(bytes: 1031, hasFilename: true).detail
                == "The key would have 1031 bytes, and S3 allows at most 1024: send a shorter file name or path.")
    }

    @Test(arguments: [
        "", "<script>", "a\u{0}/b", "image/png\n", "im\u{E9}ge/png", "a/b/c", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln",
        String(repeating: "a", count: 128) + "/b", "a/" + String(repeating: "b", count: 128),
        "pstn.acme.cms.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a b", "\"",
    ])
    func `a refusal repeats no text but media types and names of metadata`(text: String) throws {
        let rule = try UploadRule.sample(storage: .sample(metadata: MetadataRule(fixed: [], allowed: ["album"])))
        for request in [
            UploadRequest(contentType: text), UploadRequest(contentType: "image/png", metadata: [(text, "x")]),
            UploadRequest(contentType: "image/png", checksum: RequestedChecksum(sha256: text)),
        ] {
            let refusal = try #require(self.refusal(rule, request))
            #expect(refusal.understood == nil)
            #expect(text.isEmpty || text == "\"" || !refusal.detail.lowercased().contains(text.lowercased()))
        }
    }

    @Test func `what was understood is in its normal form`() throws {
        let rule = try UploadRule.sample(storage: .sample(metadata: MetadataRule(fixed: [], allowed: ["album"])))
        let longest = String(repeating: "a", count: 127) + "/" + String(repeating: "b", count: 127)
        for (type, understood) in [("IMAGE/Gif;charset=x", "image/gif"), (longest, longest)] {
            #expect(refusal(rule, UploadRequest(contentType: type))?.understood == understood)
        }
        let name = String(repeating: "n", count: 40)
        for (sent, understood) in [("Colour", "colour"), (name, name), (name + "n", nil)] {
            let request = UploadRequest(contentType: "image/png", metadata: [(sent, "x")])
            #expect(refusal(rule, request)?.understood == understood)
        }
    }

    // MARK: Rules

    @Test func `a rule is found by its exact name, and without a name if it is the only one`() throws {
        func tenant(_ rules: UploadRule...) throws -> Tenant {
            Tenant(id: "acme", origins: [], rules: rules)
        }
        let one = try tenant(.sample())
        #expect(try one.rule(named: nil).name == "avatars")
        #expect(try one.rule(named: "avatars").name == "avatars")
        #expect(throws: Refusal.ruleUnknown(allowed: ["avatars"])) { try one.rule(named: "Avatars") }
        #expect(throws: Refusal.ruleUnknown(allowed: ["avatars"])) { try one.rule(named: "") }
        let two = try tenant(.sample(), .sample("docs", contentTypes: ["*/*"]))
        #expect(throws: Refusal.ruleRequired(allowed: ["avatars", "docs"])) { try two.rule(named: nil) }
        #expect(try two.rule(named: "docs").contentTypes.patterns == ["*/*"])
    }
}
