// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import PosternTestSupport
import Testing
import UploadRules
import WireFormats

@testable import Doctor

struct ExaminationTests {
    /// A rule that uses everything that a store can lose.
    private static func rule(_ store: Store, checksum: ChecksumRule = .required, mustBeNew: Bool = false) throws -> UploadRule {
        let isPut = store.method == .put
        return try .sample(
            store: store, keyPrefix: "avatars/{user}/",
            storage: .of(
                acl: nil, storageClass: "STANDARD_IA", encryption: .aes256, tags: isPut ? [] : [Tag(key: "team", value: "a&b")],
                metadata: MetadataRule(fixed: [FormField(name: "x-amz-meta-source", value: "postern")], allowed: ["album"]),
                cacheControl: "no-cache", contentEncoding: "gzip", contentLanguage: "de", mustBeNew: mustBeNew,
                method: store.method,
                successStatus: 201, successRedirect: nil),
            contentDisposition: .attachment, checksum: checksum)
    }

    private static func examine(
        _ store: FakeStore, method: UploadMethod = .post, rules: [UploadRule]? = nil, checksum: ChecksumRule = .required,
        mustBeNew: Bool = false, origins: [String] = [FakeStore.origin],
        credentials: Result<SigningCredentials, Examination.SignerError>? = nil, reader: SigningCredentials? = nil
    ) async throws -> [Finding] {
        let place = Store(
            endpoint: try StoreEndpoint(bucket: "acme-uploads", region: "eu-west-1"), method: method)
        let rules = try rules ?? [rule(place, checksum: checksum, mustBeNew: mustBeNew)]
        let tenant = Tenant(id: "acme", origins: origins, rules: rules)
        return await Examination(
            of: tenant, rules: rules,
            signers: tenant.stores.map {
                .init(store: $0, provider: "environment", credentials: credentials ?? .success(FakeStore.credentials))
            },
            reader: reader, folder: "tenants", file: "tenants/acme.yaml", transport: store.transport
        ).findings()
    }

    /// The check, and the subject if there is one: `keeps tags`.
    private static func names(_ findings: [Finding], _ verdict: Finding.Verdict) -> [String] {
        findings.filter { $0.verdict == verdict }.map {
            [$0.check.rawValue, $0.subject].compactMap(\.self).joined(separator: " ")
        }
    }

    @Test(arguments: [UploadMethod.post, .put])
    func `nothing is wrong with a right store, and nothing stays in it`(method: UploadMethod) async throws {
        let store = FakeStore()
        let findings = try await Self.examine(store, method: method)
        #expect(Self.names(findings, .wrong) == [] && Self.names(findings, .notKnown) == [], "\(findings)")
        #expect(Self.names(findings, .note) == ["versioning"])
        #expect(store.keys == [])
        let ok = Set(Self.names(findings, .ok))
        let kept = [
            "the size", "Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
            "the storage class",
            "the encryption", "metadata source", "metadata album", "the checksum",
        ]
        #expect(ok.isSuperset(of: kept.map { "keeps \($0)" }), "\(ok)")
        let refused = [
            "one byte more", "one byte less", "another type", "another key", "a further field", "a forged ticket",
            "an expired ticket",
            "a wrong checksum",
        ]
        #expect(ok.isSuperset(of: refused.map { "refuses \($0)" }), "\(ok)")
        #expect(ok.isSuperset(of: ["credentials", "connection", "clock", "bucket", "upload", "readers", "removes"]))
        // Small, few, and never with another's name.
        #expect(store.requests.count < 40 && store.requests.allSatisfy { $0.body.count < 8000 })
    }

    @Test(arguments: [
        ("size", ["refuses one byte more", "refuses one byte less"]), ("type", ["refuses another type"]),
        ("key", ["refuses another key"]), ("fields", ["refuses a further field"]), ("expiry", ["refuses an expired ticket"]),
        ("checksum", ["refuses a wrong checksum"]), ("signature", ["refuses a forged ticket"]),
    ])
    func `a check that the store leaves out is named, and nothing else`(ignored: String, wrong: [String]) async throws {
        let store = FakeStore(.init(ignores: [ignored]))
        let findings = try await Self.examine(store)
        #expect(Self.names(findings, .wrong) == wrong, "\(findings)")
        #expect(findings.filter { $0.verdict == .wrong }.allSatisfy { $0.advice != nil })
        #expect(store.keys == [], "also what was stored wrongly is removed")
    }

    @Test(arguments: [
        ("cache-control", "Cache-Control"), ("content-disposition", "Content-Disposition"),
        ("content-encoding", "Content-Encoding"),
        ("content-language", "Content-Language"), ("x-amz-storage-class", "the storage class"),
        ("x-amz-server-side-encryption", "the encryption"), ("x-amz-meta-source", "metadata source"), ("tagging", "tags"),
        ("content-type", "Content-Type"),
    ])
    func `what the store does not keep is named, and nothing else`(lost: String, subject: String) async throws {
        let findings = try await Self.examine(FakeStore(.init(loses: [lost])))
        #expect(Self.names(findings, .wrong) == ["keeps \(subject)"], "\(findings)")
    }

    @Test func `a checksum that clients may send is a note, and one that the rule requires is wrong`() async throws {
        let findings = try await Self.examine(FakeStore(.init(ignores: ["checksum"])), checksum: .optional)
        #expect(Self.names(findings, .wrong) == [] && Self.names(findings, .note).contains("refuses a wrong checksum"))
    }

    @Test func `a PUT that replaces a file in spite of its condition is wrong`() async throws {
        let guarded = try await Self.examine(FakeStore(), method: .put, mustBeNew: true)
        #expect(Self.names(guarded, .wrong) == [] && Self.names(guarded, .ok).contains("refuses a second upload"))
        let ignored = try await Self.examine(FakeStore(.init(ignores: ["condition"])), method: .put, mustBeNew: true)
        #expect(Self.names(ignored, .wrong) == ["refuses a second upload"])
    }

    @Test(arguments: [(false, false), (true, false), (true, true)])
    func `fields that are not signed can be sent with a PUT: a note, but wrong for an ACL that has an effect`(
        hasACLs: Bool, isPublic: Bool
    ) async throws {
        let store = FakeStore(.init(ignores: ["fields"], isPublic: isPublic, hasACLs: hasACLs))
        let findings = try await Self.examine(store, method: .put)
        let acl = try #require(findings.first { $0.subject == "an ACL that is not signed" })
        #expect(Self.names(findings, .note).contains("refuses a further field"))
        // In a bucket that anyone can read it makes no difference.
        let isWrong = hasACLs && !isPublic
        #expect(Self.names(findings, .wrong) == (isWrong ? ["refuses an ACL that is not signed"] : []), "\(findings)")
        #expect(acl.verdict == (isWrong ? .wrong : .note) && (acl.advice != nil) == isWrong)
        // No rule of a store on AWS needs acl: none.
        #expect(acl.advice?.contains("acl: none") != true)
    }

    // MARK: What proves a refusal

    @Test func `with tickets that are shorter than the examination, each attempt has one that is good`() async throws {
        let rules = try [1, 300].map {
            try UploadRule.sample("r\($0)", keyPrefix: "r\($0)/{user}/", expiry: $0, checksum: .required)
        }
        for rule in rules {
            // A store that checks nothing but the time, and takes a minute for each upload.
            let store = FakeStore(
                .init(ignores: ["size", "type", "key", "fields", "checksum"], delay: rule.expiry == 1 ? 0.25 : 60))
            let findings = try await Self.examine(store, rules: [rule])
            #expect(
                Self.names(findings, .wrong) == [
                    "refuses one byte more", "refuses one byte less", "refuses another type", "refuses another key",
                    "refuses a further field", "refuses a wrong checksum",
                ], "\(findings)")
        }
    }

    @Test func `a refusal after the end of the ticket proves nothing`() async throws {
        // The answer says that an hour has passed.
        let late = FakeStore.Answer(
            status: 403, headers: ["date": CivilTime(clamping: .january2027 + 3600).httpDate],
            body: "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
        let store = FakeStore(.init(afterStoring: [1: .success(late)]))
        let findings = try await Self.examine(store, checksum: .optional)
        #expect(Self.names(findings, .notKnown).contains("upload with a checksum"), "\(findings)")
        let slow = try await Self.examine(FakeStore(.init(ignores: ["type"], delay: 1500)))
        #expect(Self.names(slow, .notKnown).contains("refuses one byte more"), "\(slow)")
    }

    @Test(arguments: [
        FakeStore.Answer(status: 403, body: "<html>Forbidden</html>"), .error(400, "ExpiredToken"),
        .error(403, "RequestTimeTooSkewed"),
        .error(429, "SlowDown"), .error(503, "SlowDown"),
    ])
    func `an answer that is not about what was changed is not known`(answer: FakeStore.Answer) async throws {
        // Every upload but the first has that answer.
        var later: [Int: Result<FakeStore.Answer, OutgoingError>] = [:]
        for number in 1..<9 { later[number] = .success(answer) }
        let store = FakeStore(.init(ignores: ["size"], afterStoring: later))
        let findings = try await Self.examine(store)
        #expect(
            Self.names(findings, .notKnown) == ["refuses one byte more", "refuses one byte less"], "\(findings)")
    }

    @Test func `only a failed condition proves that a file is not replaced`() async throws {
        let denied = FakeStore.Answer.error(403, "AccessDenied", "Access Denied")
        let store = FakeStore(.init(ignores: ["condition"], afterStoring: [1: .success(denied)]))
        let findings = try await Self.examine(store, method: .put, mustBeNew: true)
        #expect(Self.names(findings, .notKnown) == ["refuses a second upload"], "\(findings)")
    }

    @Test func `a store that refuses right checksums is wrong, and not one that compares them`() async throws {
        let findings = try await Self.examine(FakeStore(.init(ignores: ["right checksums"])), checksum: .optional)
        #expect(Self.names(findings, .wrong) == ["upload with a checksum"], "\(findings)")
        #expect(!findings.contains { $0.subject == "a wrong checksum" })
        let right = try await Self.examine(FakeStore(), checksum: .optional)
        #expect(
            Self.names(right, .ok).contains("upload with a checksum")
                && Self.names(right, .ok).contains("refuses a wrong checksum"))
    }

    // MARK: What is left

    @Test(arguments: [UploadMethod.post, .put])
    func `versions that may not be deleted are told, with the commands that delete them`(method: UploadMethod) async throws {
        let store = FakeStore(.init(ignores: ["type", "signature"], isVersioned: true, keepsVersions: true))
        let findings = try await Self.examine(store, method: method)
        let left = try #require(findings.first { $0.check == .removes })
        #expect(
            left.verdict == .note && left.text.contains("behind delete markers") && left.action == "s3:DeleteObjectVersion",
            "\(left)")
        #expect(store.keys == [] && store.hidden.count > 1)
        for file in store.hidden {
            let parts = file.split(separator: " ")
            #expect(
                left.advice?.contains("delete-object --bucket acme-uploads --key \(parts[0]) --version-id \(parts[1])") == true)
        }
        let removed = FakeStore(.init(isVersioned: true))
        #expect(Self.names(try await Self.examine(removed, method: method), .ok).contains("removes"))
        #expect(removed.keys == [] && removed.hidden == [], "no delete marker is left either")
    }

    @Test(arguments: [true, false])
    func `every version is removed or told if all uploads have one key`(keepsVersions: Bool) async throws {
        let rule = try UploadRule.sample(keyName: "avatar.{ext}")
        let store = FakeStore(.init(ignores: ["type"], isVersioned: true, namesVersions: false, keepsVersions: keepsVersions))
        let findings = try await Self.examine(store, rules: [rule])
        let left = try #require(findings.first { $0.check == .removes })
        #expect(left.verdict == (keepsVersions ? .note : .ok) && store.keys == [], "\(findings)")
        #expect(store.hidden.count == (keepsVersions ? 4 : 0))
        #expect(!keepsVersions || left.advice?.contains("list-object-versions") == true)
    }

    @Test func `a version that the store did not name is told, with the command that lists it`() async throws {
        let seen = FakeStore(.init(isVersioned: true, namesVersions: false))
        #expect(
            Self.names(try await Self.examine(seen), .ok).contains("removes") && seen.hidden == [],
            "who may look at it sees its version")
        let store = FakeStore(.init(answers: ["HEAD ": .init(status: 403)], isVersioned: true, namesVersions: false))
        let findings = try await Self.examine(store)
        let left = try #require(findings.first { $0.check == .removes })
        let key = try #require(store.hidden.first?.split(separator: " ").first)
        #expect(
            left.verdict == .note && left.advice?.contains("list-object-versions --bucket acme-uploads --prefix \(key)") == true)
    }

    @Test(arguments: [
        Result<FakeStore.Answer, OutgoingError>.failure(.timedOut(seconds: 10)), .failure(.broken),
        .failure(.tooLarge(limit: 65_536)),
        .success(.error(500, "InternalError")), .success(.init(status: 502, body: "<html></html>")),
        .success(.error(408, "RequestTimeout")),
    ])
    func `what was stored without an answer is removed`(answer: Result<FakeStore.Answer, OutgoingError>) async throws {
        // The first upload, and another key.
        for (number, ignored) in [(0, "none"), (1, "key")] {
            let store = FakeStore(.init(ignores: [ignored], afterStoring: [number: answer]))
            let findings = try await Self.examine(store)
            #expect(store.keys == [] && Self.names(findings, .wrong) == [], "\(findings)")
            #expect(Self.names(findings, .notKnown) == [number == 0 ? "upload" : "refuses another key"], "\(findings)")
            #expect(findings.first { $0.check == .removes }?.text.contains("without saying so") == true)
        }
    }

    @Test func `what was stored without an answer and cannot be removed is told`() async throws {
        let store = FakeStore(
            .init(
                answers: ["DELETE ": .error(403, "AccessDenied", "Access Denied")],
                afterStoring: [0: .failure(.timedOut(seconds: 10))]))
        let findings = try await Self.examine(store)
        let left = try #require(findings.first { $0.check == .removes })
        #expect(left.verdict == .note && left.action == "s3:DeleteObject" && store.keys.count == 1)
        #expect(store.keys.allSatisfy { left.advice?.contains("--key \($0) ") == true })
    }

    // MARK: Without a store

    @Test(arguments: [
        (OutgoingError.unreachable("connection refused"), "check region"), (.tls("the handshake failed"), "AWS_CA_BUNDLE"),
        (.timedOut(seconds: 10), "firewall"), (.broken, "is not a store"),
    ])
    func `a store that does not answer is one finding, with what to look at`(error: OutgoingError, advice: String) async throws {
        let findings = try await Self.examine(FakeStore(.init(failure: error)))
        #expect(Self.names(findings, .wrong) == ["connection"] && Self.names(findings, .notKnown) == ["upload"])
        #expect(findings.first { $0.verdict == .wrong }?.advice?.contains(advice) == true, "\(findings)")
    }

    @Test func `without credentials nothing is sent`() async throws {
        let store = FakeStore()
        let findings = try await Self.examine(store, credentials: .failure(.init(sentence: "AWS_PROFILE names no profile")))
        #expect(Self.names(findings, .wrong) == ["credentials"] && store.requests.isEmpty)
    }

    @Test(arguments: [
        (FakeStore.Answer.error(403, "InvalidAccessKeyId"), "credentials"), (.error(403, "SignatureDoesNotMatch"), "credentials"),
        (.error(400, "ExpiredToken"), "credentials"), (.error(404, "NoSuchBucket"), "bucket"),
        (.error(400, "AuthorizationHeaderMalformed", "", "<Region>us-west-2</Region>"), "region"),
        (.error(301, "PermanentRedirect"), "region"), (.init(status: 404, body: "<html></html>"), "bucket"),
        (.init(status: 200, body: "It works!"), "bucket"), (.error(403, "RequestTimeTooSkewed"), "clock"),
        (.init(body: "<LocationConstraint>us-west-2</LocationConstraint>"), "region"),
        (.init(status: 403, headers: ["x-amz-bucket-region": "us-west-2"]), "region"),
    ])
    func `what the store says of the bucket is understood, and no file is uploaded`(
        answer: FakeStore.Answer, check: String
    ) async throws {
        let store = FakeStore(.init(answers: ["GET location=": answer]))
        let findings = try await Self.examine(store)
        #expect(Self.names(findings, .wrong) == [check], "\(findings)")
        #expect(!store.requests.contains { $0.method == .post })
        #expect(findings.first { $0.verdict == .wrong }?.advice != nil)
    }

    @Test(arguments: [
        (0.0, Finding.Verdict.ok), (59, .ok), (-59, .ok), (62, .note), (-62, .note), (899, .note), (902, .wrong), (-902, .wrong),
    ])
    func `the clocks may differ by a minute, and no ticket is signed above a quarter of an hour`(
        skew: Double, verdict: Finding.Verdict
    ) async throws {
        let store = FakeStore(.init(skew: skew))
        let findings = try await Self.examine(store)
        let clock = findings.first { $0.check == .clock }
        #expect(clock?.verdict == verdict, "\(findings)")
        #expect(verdict == .ok || clock?.text.contains(skew > 0 ? "behind the store's" : "ahead of the store's") == true)
        #expect(store.requests.contains { $0.method == .post } == (verdict != .wrong))
    }

    // MARK: Rights

    @Test func `what the signer may not see is not known, with the action that it would need`() async throws {
        let denied = FakeStore.Answer.error(403, "AccessDenied", "Access Denied")
        let store = FakeStore(
            .init(answers: [
                "GET location=": denied, "GET versioning=": denied, "GET object-lock=": denied, "GET ownershipControls=": denied,
                "GET tagging=": denied, "HEAD ": .init(status: 403), "DELETE ": denied,
            ]))
        let findings = try await Self.examine(store)
        #expect(Self.names(findings, .wrong) == [], "\(findings)")
        #expect(
            findings.compactMap(\.action) == [
                "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetObject", "s3:GetObjectTagging",
                "s3:DeleteObject",
            ])
        let left = try #require(findings.first { $0.check == .removes })
        #expect(left.verdict == .note && store.keys.count == 1)
        #expect(store.keys.allSatisfy { left.advice?.contains("--key \($0) --region eu-west-1") == true }, "\(left)")
    }

    @Test func `a store that accepts a file and has none is found out`() async throws {
        let findings = try await Self.examine(FakeStore(.init(answers: ["HEAD ": .init(status: 404)])))
        #expect(Self.names(findings, .wrong) == ["keeps the file"])
    }

    @Test(arguments: [
        (
            FakeStore.Answer.error(403, "AccessDenied", "no identity-based policy allows the s3:PutObject action"), "upload",
            "postern iam tenants"
        ),
        (.error(400, "AccessControlListNotSupported"), "acls", "remove acl"),
        (.error(501, "NotImplemented"), "upload", "method: put"), (.error(405, "MethodNotAllowed"), "upload", "method: put"),
        (
            .error(
                400, "InvalidRequest",
                "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"),
            "upload", "checksum: required"
        ),
        (.error(400, "KMS.NotFoundException"), "upload", "encryption"),
        (.error(400, "MaxMessageLengthExceeded"), "upload", "maxPolicyBytes"),
        (.error(400, "InvalidStorageClass"), "upload", "storageClass"),
        (.error(404, "NoSuchBucket"), "bucket", "create-bucket"),
        (.error(400, "InvalidArgument", "the region is wrong", "<Region>us-west-2</Region>"), "region", "region: us-west-2"),
        (.init(status: 307, headers: ["location": "https://elsewhere.example/?x"]), "region", "endpoint"),
    ])
    func `why a right upload is refused is explained, with what to do`(
        answer: FakeStore.Answer, check: String, advice: String
    ) async throws {
        let findings = try await Self.examine(FakeStore(.init(answers: ["POST ": answer])))
        #expect(Self.names(findings, .wrong) == [check], "\(findings)")
        #expect(findings.first { $0.verdict == .wrong }?.advice?.contains(advice) == true, "\(findings)")
        #expect(!findings.contains { $0.check == .refuses }, "what is refused anyway proves nothing")
    }

    @Test func `a store that is overloaded is not called wrong`() async throws {
        let findings = try await Self.examine(FakeStore(.init(answers: ["POST ": .error(503, "SlowDown")])))
        #expect(Self.names(findings, .wrong) == [] && Self.names(findings, .notKnown) == ["upload"])
    }

    @Test func `one rule that shows a fault of the store spares the others`() async throws {
        let place = try Store.sample()
        let rules = try ["a", "b", "c"].map { try UploadRule.sample($0, store: place, keyPrefix: "\($0)/{user}/") }
        let store = FakeStore(.init(answers: ["POST ": .error(501, "NotImplemented")]))
        let findings = try await Self.examine(store, rules: rules)
        #expect(Self.names(findings, .wrong) == ["upload"] && Self.names(findings, .notKnown).count == 2)
        #expect(store.requests.count { $0.method == .post } == 1)
    }

    // MARK: Settings of the bucket

    @Test func `versioning and Object Lock are told`() async throws {
        let lock =
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode>"
            + "<Days>7</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
        let store = FakeStore(
            .init(answers: [
                "GET versioning=": .init(body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
                "GET object-lock=": .init(body: lock),
            ]))
        let findings = try await Self.examine(store, checksum: .optional)
        #expect(findings.first { $0.check == .versioning }?.verdict == .ok)
        let note = try #require(findings.first { $0.check == .objectLock })
        #expect(note.verdict == .note && note.text.contains("7 days") && note.advice?.contains("checksum: required") == true)
    }

    @Test func `an ACL of a rule is wrong where the bucket has none`() async throws {
        let rule = try UploadRule.sample(storage: .sample(acl: "public-read"))
        let findings = try await Self.examine(FakeStore(), rules: [rule])
        #expect(Self.names(findings, .wrong) == ["acls", "readers"], "\(findings)")
        let open = try await Self.examine(FakeStore(.init(isPublic: true)))
        #expect(Self.names(open, .note).contains("readers") && Self.names(open, .wrong) == [])
    }

    // MARK: CORS

    @Test func `origins that are refused are one finding, and the answers to them none`() async throws {
        let origins = ["https://a.example", "https://b.example"]
        let findings = try await Self.examine(FakeStore(), origins: origins)
        #expect(Self.names(findings, .wrong) == ["preflight https://a.example, https://b.example"], "\(findings)")
        #expect(
            findings.first { $0.verdict == .wrong }?.advice == """
                run: postern cors tenants --tenant acme --bucket https://acme-uploads.s3.eu-west-1.amazonaws.com/ > cors.json && aws s3api put-bucket-cors --bucket acme-uploads \
                --cors-configuration file://cors.json --region eu-west-1
                this replaces what the bucket has; to see that: aws s3api get-bucket-cors --bucket acme-uploads --region eu-west-1
                if it is right already, look for a proxy or CDN that drops Access-Control-*
                """)
        let mixed = try await Self.examine(FakeStore(), origins: [FakeStore.origin, "https://b.example"])
        #expect(Self.names(mixed, .wrong) == ["preflight https://b.example"])
    }

    @Test func `an answer that a page cannot read is named`() async throws {
        let hidden = try await Self.examine(FakeStore(.init(showsCORS: false)))
        #expect(Self.names(hidden, .wrong) == ["exposes \(FakeStore.origin)"], "\(hidden)")
        let partial = try await Self.examine(FakeStore(.init(exposedHeaders: "x-amz-id-2, etag")))
        #expect(Self.names(partial, .wrong) == ["exposes \(FakeStore.origin)"])
        #expect(partial.first { $0.verdict == .wrong }?.text.contains("Location") == true)
        // The answer to a PUT has no Location.
        let put = try await Self.examine(FakeStore(.init(exposedHeaders: "ETag")), method: .put)
        #expect(Self.names(put, .wrong) == [])
    }

    @Test func `a PUT needs the names of its fields to be allowed`() async throws {
        let findings = try await Self.examine(FakeStore(.init(allowedHeaders: "content-type")), method: .put)
        #expect(Self.names(findings, .wrong) == ["preflight \(FakeStore.origin)"])
        #expect(findings.first { $0.verdict == .wrong }?.text.contains("x-amz-meta-source") == true)
    }

    @Test func `a tenant without origins has no CORS to examine`() async throws {
        let findings = try await Self.examine(FakeStore(), origins: [])
        #expect(!findings.contains { [.preflight, .exposes].contains($0.check) } && Self.names(findings, .wrong) == [])
    }

    @Test func `no secret is in a finding, even if the store repeats it`() async throws {
        let session = SigningCredentials(
            accessKeyID: "AKIAEXAMPLE000000001", secretAccessKey: "canary-secret", sessionToken: "canary-token")
        let echo = FakeStore.Answer.error(403, "AccessDenied", "canary-token and canary-secret are not allowed\u{202E}")
        let findings = try await Self.examine(
            FakeStore(.init(answers: ["GET location=": echo, "POST ": echo])), credentials: .success(session))
        #expect(findings.contains { $0.text.contains("… and … are not allowed") })
        #expect(!DoctorReport(tenant: "acme", findings: findings).text.contains("canary"))
        #expect(!DoctorReport(tenant: "acme", findings: findings).text.contains("\u{202E}"))
    }

    @Test func `what the reader signs with, and queries of redirects, are in no finding`() async throws {
        let reader = SigningCredentials(
            accessKeyID: "AKIAEXAMPLE000000001", secretAccessKey: "canary-secret", sessionToken: "canary/reader+token")
        let echo = FakeStore.Answer.error(403, "Canary", "canary-secret canary/reader+token\u{301} canary%2Freader%2Btoken")
        let redirect = FakeStore.Answer(
            status: 307, headers: ["location": "https://elsewhere.example/b?X-Amz-Signature=canary#canary"])
        let findings = try await Self.examine(
            FakeStore(.init(answers: ["DELETE ": echo, "GET versioning=": echo])), reader: reader)
        let report = DoctorReport(tenant: "acme", findings: findings).text
        #expect(report.contains("403 Canary: … ") && !report.contains("canary"), "\(report)")
        let redirected = try await Self.examine(FakeStore(.init(answers: ["POST ": redirect])), reader: reader)
        #expect(redirected.contains { $0.text.contains("redirects to “https://elsewhere.example/b”, ") }, "\(redirected)")
    }

    // MARK: What is not said

    @Test func `a refusal that is not S3's says nothing of the bucket`() async throws {
        let findings = try await Self.examine(
            FakeStore(.init(answers: ["GET location=": .init(status: 403, body: "<html>Request blocked</html>")])))
        #expect(findings.first { $0.check == .bucket }?.verdict == .notKnown, "\(findings)")
        let denied = try await Self.examine(FakeStore(.init(answers: ["GET location=": .error(403, "AccessDenied")])))
        #expect(denied.first { $0.check == .bucket }?.verdict == .ok)
    }

    @Test func `a size and a required checksum that the store does not show are not known`() async throws {
        let findings = try await Self.examine(FakeStore(.init(loses: ["content-length", "x-amz-checksum-sha256"])))
        #expect(Self.names(findings, .notKnown) == ["keeps the size", "keeps the checksum"], "\(findings)")
        #expect(Self.names(findings, .wrong) == [])
    }

    // A minute before the credentials end, tickets do.
    @Test(arguments: [(89.0, Finding.Verdict.wrong), (91.0, .note), (360.0, .ok)])
    func `credentials are wrong that end before any ticket could be issued`(left: Double, verdict: Finding.Verdict) async throws {
        let session = SigningCredentials(
            accessKeyID: "AKIAEXAMPLE000000001", secretAccessKey: "canary-secret", expiration: .january2027 + left)
        let store = FakeStore()
        let findings = try await Self.examine(store, credentials: .success(session))
        #expect(findings.first { $0.check == .credentials }?.verdict == verdict, "\(findings)")
        #expect((store.requests.contains { $0.method == .post }) == (verdict != .wrong))
    }
}
