// SPDX-License-Identifier: Apache-2.0

import Testing
import UploadRules

@testable import RuleFiles

/// Each change of one key gives one line, says whether it widens access, and has a witness if it does.
struct RuleComparisonTests {
    struct Edit: CustomTestStringConvertible {
        let part: ComparedFiles.Part
        let old: [String: String]
        let new: [String: String]
        /// The key, the old and the new value in the line.
        let line: String
        /// Whether the edit widens access, and whether its reverse does.
        let widens: (Bool, Bool)
        /// A part of the answers to the witness; nil if none of the requests that are tried can show it.
        let answers: String?

        var testDescription: String { "\(part) \(line)" }

        init(
            _ part: ComparedFiles.Part, _ old: [String: String], _ new: [String: String], _ line: String, _ widens: (Bool, Bool),
            _ answers: String?
        ) {
            (self.part, self.old, self.new, self.line, self.widens, self.answers) = (part, old, new, line, widens, answers)
        }

        init(
            _ part: ComparedFiles.Part, _ key: String, _ old: String, _ new: String, _ widens: (Bool, Bool), _ answers: String?,
            standard: String = "not set"
        ) {
            self.init(
                part, [key: old], [key: new], "\(key) \(old.isEmpty ? standard : old) → \(new.isEmpty ? standard : new)", widens,
                answers)
        }
    }

    private static let role = "{assumeRole: {roleArn: \"arn:aws:iam::123456789012:role/acme\"}}"

    static let edits: [Edit] = [
        // The tenant.
        Edit(.tenant, "origins", "", "[https://app.acme.example]", (true, false), "this origin"),
        Edit(
            .tenant, "origins", "[https://a.example]", "[https://a.example, capacitor://localhost]", (true, false), "this origin"),
        Edit(.tenant, "suspended", "true", "false", (true, false), "suspended"),
        Edit(.tenant, "deny", "{users: [u17, u18]}", "{users: [u18]}", (true, false), "blocked this user"),
        Edit(.tenant, "deny", "{issuedBefore: 2026-05-01}", "{issuedBefore: 2026-04-01}", (true, false), "tokens of this age"),
        Edit(.tenant, "deny", "{issuedBefore: 2026-05-01}", "", (true, false), "tokens of this age"),
        // Stores.
        Edit(.store, "bucket", "acme-uploads", "acme-other", (true, true), "an upload to s3://acme-other"),
        Edit(.store, "region", "eu-west-1", "us-east-1", (true, true), "in us-east-1"),
        Edit(.store, "endpoint", "", "https://s3.example.net", (true, true), "https://s3.example.net/acme-uploads/"),
        Edit(.store, "addressing", "", "path", (false, false), nil),
        Edit(.store, "dualStack", "", "true", (false, false), nil, standard: "not set (false)"),
        Edit(.store, "signature", "", "v2", (true, true), "a signature v2", standard: "not set (v4)"),
        Edit(.store, "method", "", "put", (true, true), "a PUT", standard: "not set (post)"),
        Edit(.store, "maxPolicyBytes", "700", "", (true, false), "policy"),
        Edit(.store, "credentials", "{profile: a}", "{profile: b}", (true, true), "credentials of profile b"),
        Edit(.store, "credentials", "default", "{env: ACME}", (true, true), "credentials of env ACME"),
        // Issuers.
        Edit(.issuer, "audience", "uploads", "[uploads, admin]", (true, false), "audience-mismatch"),
        Edit(
            .issuer, ["authorizedParties": "[web]"], ["authorizedParties": "[web]", "audience": ""], "audience uploads → not set",
            (true, false), "audience-missing"),
        Edit(.issuer, "audienceClaim", "", "client_id", (true, true), "audience-missing", standard: "not set (aud)"),
        Edit(.issuer, "authorizedParties", "[web]", "[web, app]", (true, false), "authorized-party-mismatch"),
        Edit(.issuer, "authorizedParties", "[web]", "", (true, false), "authorized-party-missing"),
        Edit(.issuer, "claims", "{token_use: access}", "{token_use: id}", (true, true), "required-claim-mismatch"),
        Edit(.issuer, "claims", "{token_use: access}", "", (true, false), "required-claim-missing"),
        Edit(.issuer, "claims", "{admin: true}", "{admin: \"true\"}", (true, true), "required-claim-mismatch"),
        Edit(.issuer, "algorithms", "[RS256]", "[RS256, ES256]", (true, false), "algorithm-not-allowed"),
        Edit(.issuer, "keys", "{jwksFile: jwks.json}", "{jwksFile: other.json}", (true, true), "signature-invalid"),
        Edit(.issuer, "user", "", "[app, id]", (true, true), "user-missing", standard: "not set (sub)"),
        Edit(.issuer, "maxLifetime", "", "2d", (true, false), "lifetime-too-long", standard: "not set (24h)"),
        Edit(.issuer, "clockSkew", "", "2m", (true, false), "expired", standard: "not set (60s)"),
        Edit(.issuer, "until", "2026-07-01", "2026-08-01", (true, false), "issuer-ended"),
        Edit(.issuer, "until", "2026-07-01", "", (true, false), "issuer-ended"),
        // API keys.
        Edit(
            .apiKey, "sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a09", (true, true), "api-key-mismatch"),
        Edit(.apiKey, "expires", "2026-07-01", "2026-08-01", (true, false), "api-key-expired"),
        Edit(.apiKey, "expires", "2026-07-01", "", (true, false), "api-key-expired"),
        Edit(.apiKey, "allowUsers", "[u1]", "[u1, u2]", (true, false), "may not name that user"),
        Edit(.apiKey, "allowUsers", "[u7]", "", (true, false), "may not name that user"),
        // Rules.
        Edit(.rule, "keyPrefix", "\"avatars/{user}/\"", "\"pictures/{user}/\"", (true, true), "the key pictures/u1/"),
        Edit(.rule, "keyName", "", "\"{uuid}-{filename}\"", (true, true), "the key avatars", standard: "not set ({uuid}.{ext})"),
        Edit(
            .rule, ["keyName": "\"{uuid}-{filename}\""], ["keyName": "\"{uuid}-{filename}\"", "filenames": "unicode"],
            "filenames not set (ascii) → unicode", (true, true), "the key avatars"),
        Edit(.rule, "contentTypes", "[image/png, image/jpeg]", "[image/*]", (true, false), "may not be uploaded"),
        Edit(
            .rule, "contentTypes", "[image/png]", "[{type: image/png, extensions: [apng, png]}]", (true, true), "a ticket"),
        Edit(.rule, "maxSize", "5MiB", "10MiB", (true, false), "too large"),
        Edit(.rule, "minSize", "", "0", (true, false), "too small", standard: "not set (1)"),
        Edit(.rule, "declaredSize", "", "atMost", (true, false), "and not only", standard: "not set (exact)"),
        Edit(.rule, "declaredSize", "atMost", "ignored", (true, false), "and not only"),
        Edit(.rule, "expiry", "", "10m", (true, false), "600 s, and not only 300 s", standard: "not set (5m)"),
        Edit(.rule, "acl", "", "bucket-owner-full-control", (true, true), "the field acl: bucket-owner-full-control"),
        Edit(.rule, "storageClass", "", "STANDARD_IA", (true, true), "x-amz-storage-class: STANDARD_IA"),
        Edit(.rule, "cacheControl", "", "no-store", (true, true), "Cache-Control: no-store"),
        Edit(.rule, "contentDisposition", "attachment", "", (true, true), "no field Content-Disposition"),
        Edit(.rule, "contentEncoding", "", "gzip", (true, true), "Content-Encoding: gzip"),
        Edit(.rule, "contentLanguage", "", "de", (true, true), "Content-Language: de"),
        Edit(.rule, "successStatus", "", "204", (true, true), "success_action_status: 204", standard: "not set (201)"),
        Edit(.rule, "successRedirect", "", "https://a.example/", (true, true), "success_action_redirect"),
        Edit(.rule, "requireScope", "write", "", (true, false), "needs the scope"),
        Edit(.rule, "requireScope", "write", "read", (true, true), "needs the scope"),
        Edit(.rule, "apiKeysOnly", "true", "", (true, false), "no such rule", standard: "not set (false)"),
    ]

    @Test(arguments: edits)
    func `a change of one key gives one line, its direction and a witness`(edit: Edit) throws {
        let (old, new) = (ComparedFiles.file(edit.part, edit.old), ComparedFiles.file(edit.part, edit.new))
        let changes = ComparedFiles.changes(old, new)
        #expect(changes.count == 1)
        let change = try #require(changes.first)
        #expect(change.tenant == "acme")
        #expect(change.rule == (edit.part == .rule ? "avatars" : nil))
        #expect(change.widens == edit.widens.0)
        if let answers = edit.answers {
            let witness = try #require(change.witness, "\(change.text)")
            #expect("\(witness.old); \(witness.new)".contains(answers), "\(change.text)")
        } else {
            #expect(change.witness == nil)
        }
        let back = ComparedFiles.changes(new, old)
        #expect(back.count == 1)
        #expect(back.first?.widens == edit.widens.1, "\(back.first?.text ?? "")")
        if edit.widens.1 { #expect(back.first?.witness != nil, "\(back.first?.text ?? "")") }
    }

    @Test(arguments: edits.filter { !$0.line.contains("{") && !$0.line.contains("[") })
    func `a line has the old and the new value`(edit: Edit) throws {
        let changes = ComparedFiles.changes(ComparedFiles.file(edit.part, edit.old), ComparedFiles.file(edit.part, edit.new))
        let change = try #require(changes.first)
        #expect(change.text.contains(edit.line), "\(change.text)")
    }

    @Test(arguments: [
        ("maxSize", "5MiB", "5120KiB"), ("expiry", "5m", ""), ("minSize", "1", ""), ("keyName", "\"{uuid}.{ext}\"", ""),
        ("contentTypes", "[image/png, image/jpeg]", "[image/jpg, image/png]"), ("checksum", "required", "{required: true}"),
        ("tags", "{a: b, c: d}", "{c: d, a: b}"), ("keyPrefix", "\"{tenant}/{user}/\"", "\"acme/{user}/\""),
        ("encryption", "AES256", "{type: AES256}"), ("declaredSize", "exact", ""), ("apiKeysOnly", "false", ""),
        ("limits", "{perUser: 60/1m}", "{perUser: 60/60s}"), ("metadata", "{allowed: [a, b]}", "{allowed: [b, A]}"),
    ])
    func `what is only written differently is no change`(key: String, old: String, new: String) {
        let changes = ComparedFiles.changes(ComparedFiles.file(.rule, [key: old]), ComparedFiles.file(.rule, [key: new]))
        #expect(changes.map(\.text) == [])
    }

    @Test(arguments: [
        ("limits", "{perUser: 60/1m}", "{perUser: 61/1m}", "limits.perUser 60/1m → 61/1m", true, false),
        ("limits", "{perUser: 60/1m}", "{perUser: 60/50s}", "limits.perUser 60/1m → 60/50s", true, false),
        ("limits", "{perUser: 60/1m}", "{perUser: 30/10s}", "limits.perUser 60/1m → 30/10s", true, true),
        ("limits", "{perTenant: 60/1m}", "", "limits.perTenant 60/1m → not set", true, false),
        ("encryption", "{type: aws:kms, keyId: a}", "{type: aws:kms, keyId: b}", "encryption.keyId a → b", true, true),
        ("encryption", "AES256", "", "encryption.type AES256 → not set", true, true),
        ("tags", "{a: b}", "{a: c}", "tags.a b → c", true, true),
        ("metadata", "{fixed: {source: app}}", "{fixed: {source: web}}", "metadata.fixed.source app → web", true, true),
        ("metadata", "{allowed: [a]}", "{allowed: [a, b]}", "metadata.allowed [a] → [a, b]", true, false),
        ("checksum", "required", "", "checksum.required true → not set (false)", true, false),
        (
            "checksum", "{algorithms: [sha256]}", "{algorithms: [sha256, md5]}", "checksum.algorithms [sha256] → [sha256, md5]",
            true, false
        ),
    ])
    func `a change inside of a mapping names the key in it`(
        key: String, old: String, new: String, line: String, widens: Bool, widensBack: Bool
    ) throws {
        let (old, new) = (ComparedFiles.file(.rule, [key: old]), ComparedFiles.file(.rule, [key: new]))
        let change = try #require(ComparedFiles.changes(old, new).first)
        #expect(change.text.hasPrefix("acme, rule avatars: \(line) ("), "\(change.text)")
        #expect(change.widens == widens)
        #expect((change.witness != nil) == widens, "\(change.text)")
        #expect(ComparedFiles.changes(new, old).first?.widens == widensBack)
    }

    // MARK: Positions

    @Test func `a change is at its key in the new file, a removal in the old one`() {
        let old = ComparedFiles.file(.rule, ["minSize": "10"])
        let new = ComparedFiles.file(.rule, ["expiry": "10m"])
        let places = ComparedFiles.changes(old, new).map { "\($0.key) \($0.file):\($0.line):\($0.column)" }
        #expect(places == ["expiry new/acme.yaml:10:97", "minSize old/acme.yaml:10:97"])
    }

    // MARK: What is added and removed

    @Test func `a tenant that is added widens access, one that is removed does not`() {
        let file = ComparedFiles.file()
        let added = ComparedFiles.comparison([:], ["acme": file]).changes
        #expect(added.map(\.key) == ["tenant"])
        #expect(added.map(\.kind) == [.added])
        #expect(added.first?.widens == true)
        #expect(added.first?.witness != nil)
        let other = FolderUnderTest.tenant("other")
        let removed = ComparedFiles.comparison(["acme": file, "other": other], ["other": other]).changes
        #expect(removed.map(\.kind) == [.removed])
        #expect(removed.first?.widens == false)
    }

    @Test func `a rule, an issuer and an API key that are added widen access`() {
        let issuer =
            "{issuer: https://b.example, audience: b, algorithms: [ES256], keys: {discovery: true}}"
        let old = ComparedFiles.file(.tenant, ["sharedUsers": "true"])
        let edits = [
            (old + "  more: {keyPrefix: more/, contentTypes: [image/png], maxSize: 1}\n", "rule"),
            (old.replacing("  apiKeys:", with: "    - \(issuer)\n  apiKeys:"), "auth.issuers[https://b.example]"),
            (
                old.replacing(
                    "  apiKeys:", with: "  apiKeys:\n    - {id: app, sha256: \(String(repeating: "0a", count: 32))}"),
                "auth.apiKeys[app]"
            ),
        ]
        for (new, key) in edits {
            let added = ComparedFiles.changes(old, new)
            #expect(added.map(\.key) == [key])
            #expect(added.map(\.kind) == [.added])
            #expect(added.first?.widens == true)
            #expect(added.first?.witness != nil, "\(key)")
            let removed = ComparedFiles.changes(new, old)
            #expect(removed.first?.kind == .removed)
            #expect(removed.first?.widens == false)
        }
    }

    @Test func `a removed rule lets a request without a name get the only one that is left`() throws {
        let new = ComparedFiles.file()
        let old = new + "  more: {keyPrefix: more/, contentTypes: [image/png], maxSize: 1}\n"
        let changes = ComparedFiles.changes(old, new)
        #expect(changes.map(\.kind) == [.removed, .effect])
        #expect(changes.map(\.widens) == [false, true])
        let witness = try #require(changes.last?.witness)
        #expect(witness.probe.request.rule == nil)
        #expect(witness.old.contains("Name a rule"))
    }

    @Test func `a removed entry lets a token that fitted two fit the other`() throws {
        let entry = "{issuer: https://id.acme.example, audience: admin, algorithms: [RS256], keys: {jwksFile: jwks.json}}"
        let new = ComparedFiles.file()
        let old = new.replacing("  apiKeys:", with: "    - \(entry)\n  apiKeys:")
        let changes = ComparedFiles.changes(old, new)
        #expect(changes.map(\.kind) == [.removed, .effect])
        let witness = try #require(changes.last?.witness)
        #expect(witness.old == "refused: issuer-ambiguous")
    }

    // MARK: Service-wide issuers

    @Test func `a tenant that loses its last issuer is open to service-wide ones`() throws {
        let old = ComparedFiles.file()
        let lines = old.split(separator: "\n", omittingEmptySubsequences: false)
        let new = lines.filter { !$0.contains("issuer") }.joined(separator: "\n")
        let changes = ComparedFiles.changes(old, new, service: FolderUnderTest.service(["login"]))
        #expect(changes.map(\.key) == ["auth.issuers[https://id.acme.example]", "serviceIssuers"])
        #expect(changes.map(\.widens) == [false, true])
        #expect(changes.last?.witness?.old == "refused: " + AccessError.tenantUnknown.detail)
        // Without such an issuer nothing is open.
        #expect(ComparedFiles.changes(old, new, service: FolderUnderTest.service([])).last?.widens == false)
    }

    @Test(arguments: [
        ("aliases: [a]", "aliases: [a, b]", true, false), ("", "aliases: [a]", true, true),
        ("aliases: [a]", "aliases: [{issuer: login, value: a}]", false, true),
        ("serviceIssuers: false", "serviceIssuers: true", true, false),
        ("serviceIssuers: [login]", "serviceIssuers: [login, partner]", true, false),
    ])
    func `aliases and service-wide issuers say whose tokens count`(old: String, new: String, widens: Bool, widensBack: Bool) {
        let (old, new) = (FolderUnderTest.tenant("acme", more: old), FolderUnderTest.tenant("acme", more: new))
        let service = FolderUnderTest.service(["login", "partner"])
        let change = ComparedFiles.changes(old, new, service: service).first
        #expect(change?.widens == widens)
        #expect((change?.witness != nil) == widens)
        let back = ComparedFiles.changes(new, old, service: service).first
        #expect(back?.widens == widensBack)
        #expect((back?.witness != nil) == widensBack)
    }

    @Test func `a change of a service-wide issuer is shown with a tenant that it counts for`() throws {
        let files = ["acme": FolderUnderTest.tenant("acme")]
        let comparison = ComparedFiles.comparison(
            files, files, oldService: FolderUnderTest.service(["login"]),
            newService: FolderUnderTest.service(["login", "partner"], audience: "[up, more]"))
        let lines = comparison.changes.map { "\($0.tenant ?? "–") \($0.key) \($0.kind) \($0.widens) \($0.witness != nil)" }
        #expect(lines == ["– issuers[login].audience changed true true", "– issuers[partner] added true true"])
    }

    // MARK: Problems

    @Test func `broken files are reported and nothing is compared`() {
        let broken = ComparedFiles.file(.rule, ["maxSize": "5X"])
        let fine = ComparedFiles.file(.rule, ["maxSize": "5GiB"])
        for (old, new, file) in [(broken, fine, "old/acme.yaml"), (fine, broken, "new/acme.yaml")] {
            let comparison = ComparedFiles.comparison(["acme": old], ["acme": new])
            #expect(comparison.changes.isEmpty)
            #expect(comparison.problems.map(\.file) == [file])
        }
    }

    @Test func `files that are the same are not read as rules`() {
        let broken = ComparedFiles.file(.rule, ["maxSize": "5X"])
        let comparison = ComparedFiles.comparison(["acme": broken], ["acme": broken])
        #expect(comparison.changes.isEmpty)
        #expect(comparison.problems.isEmpty)
    }

    @Test func `a key file beside the rules keeps its name in both folders`() {
        #expect(ComparedFiles.changes(ComparedFiles.file(), ComparedFiles.file(.rule, ["expiry": "1m"])).map(\.key) == ["expiry"])
    }
}
