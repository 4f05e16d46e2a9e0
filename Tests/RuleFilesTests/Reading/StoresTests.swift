// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules

/// Several stores in one file.
struct StoresTests {
    /// A file with these lines for `store` and `stores`, and these rules.
    private static func file(_ stores: String, _ rules: String, id: String = "acme") -> String {
        """
        tenant: \(id)
        \(stores)
        auth:
          apiKeys:
            - {id: cms, sha256: \(String(repeating: "ab", count: 32))}
        rules:
        \(rules)

        """
    }

    private static func rule(_ name: String, store: String? = nil, _ more: String = "") -> String {
        "  \(name): {keyPrefix: \"\(name)/{user}/\", contentTypes: [image/png], maxSize: 1MiB"
            + (store.map { ", store: \($0)" } ?? "") + more + "}"
    }

    private static let both = """
        store: {bucket: acme-uploads, region: eu-west-1}
        stores:
          archive: {bucket: acme-archive, region: eu-central-1, credentials: {profile: archive}}
          share: {bucket: acme-share, region: r, endpoint: "https://s3.example.net", signature: v4}
        """

    private static func problems(_ stores: String, _ rules: String...) -> [String] {
        Example.problems(["acme.yaml": file(stores, rules.joined(separator: "\n"))]).map {
            String($0.dropFirst("acme.yaml:".count))
        }
    }

    private static func warnings(_ stores: String, _ rules: String...) -> [String] {
        Example.load(["acme.yaml": file(stores, rules.joined(separator: "\n"))]).warnings.map { "\($0.line): \($0.message)" }
    }

    @Test func `each rule has the store that it names, or else the file's`() throws {
        let rules = [
            Self.rule("a", store: "archive"), Self.rule("b"), Self.rule("c", store: "share"), Self.rule("d", store: "archive"),
        ]
        let file = try Example.file(Self.file(Self.both, rules.joined(separator: "\n")))
        #expect(file.tenant.rules.map(\.store.bucket) == ["acme-archive", "acme-uploads", "acme-share", "acme-archive"])
        #expect(file.tenant.rules.map(\.store.name) == ["archive", nil, "share", "archive"])
        #expect(file.tenant.rules[0].store === file.tenant.rules[3].store)
        #expect(file.tenant.stores.map(\.bucket) == ["acme-archive", "acme-uploads", "acme-share"])
        #expect(file.credentials == [.profile("archive"), .standard, .standard])
        #expect(file.tenant.stores.map(\.endpoint.url).last == "https://s3.example.net/acme-share/")
    }

    @Test func `a file needs no store if every rule names one`() throws {
        let stores = "stores: {archive: {bucket: acme-archive, region: eu-west-1}}"
        let file = try Example.file(Self.file(stores, Self.rule("a", store: "archive")))
        #expect(file.tenant.stores.map(\.name) == ["archive"])
        #expect(
            Self.problems(stores, Self.rule("a", store: "archive"), Self.rule("b")) == [
                "8:3: the rule “b” has no store, and neither has the file; write store: archive in the rule, or store: at the top of the file"
            ])
        #expect(
            Self.problems("# none", Self.rule("a")) == [
                "1:1: the file has no store; write store: with the bucket and its region under it"
            ])
    }

    @Test(arguments: [
        ("archiv", "did you mean archive?"), ("Archive", "did you mean archive?"), ("public", "write one of archive, share"),
        ("shares", "did you mean share?"),
    ])
    func `an unknown store is a problem with a suggestion`(name: String, advice: String) {
        #expect(
            Self.problems(Self.both, Self.rule("a", store: name)).map { $0.drop { $0 != " " } } == [
                " “\(name)” is not the name of a store; \(advice)"
            ])
    }

    @Test func `one mistake in a store causes one diagnostic`() {
        for store in [
            "{bucket: B, region: eu-west-1}", "{bucket: acme-archive}", "x", "{bucket: acme-archive, region: r, endpoint: x}",
        ] {
            let problems = Self.problems(
                "stores:\n  archive: \(store)", Self.rule("a", store: "archive", ", storageClass: STANDARD"))
            #expect(problems.count == 1 && problems[0].hasPrefix("3:"), "\(problems)")
        }
        for stores in ["stores: x", "stores:\n  Archive: {bucket: acme-archive, region: eu-west-1}"] {
            #expect(Self.problems(stores, Self.rule("a", store: "archive")).count == 1)
        }
        // What else is wrong in its rules is reported all the same.
        #expect(Self.problems("store: {region: eu-west-1}", Self.rule("a", ", maxSize: x")).count == 2)
    }

    @Test func `a store that no rule uses is a warning, and its credentials are not fetched`() throws {
        #expect(
            Self.warnings(Self.both, Self.rule("a", store: "archive")) == [
                "2: no rule uses store: each names one of stores", "5: no rule uses the store “share”",
            ])
        #expect(Self.warnings(Self.both, Self.rule("a"), Self.rule("b", store: "share"), Self.rule("c", store: "archive")) == [])
        let file = try Example.file(Self.file(Self.both, Self.rule("a")))
        #expect(file.credentials == [.standard])
    }

    // MARK: What depends on the store

    @Test func `the store of a rule decides which storage classes and tags it may have`() {
        let class_ = ", storageClass: COLD"
        #expect(Self.problems(Self.both, Self.rule("a", store: "share", class_)) == [])
        #expect(Self.problems(Self.both, Self.rule("a", store: "archive", class_)).count == 1)
        #expect(Self.problems(Self.both, Self.rule("a", class_)).count == 1)
        let tags = ", tags: {a: \"b;c\"}"
        #expect(Self.problems(Self.both, Self.rule("a", store: "share", tags)) == [])
        #expect(Self.problems(Self.both, Self.rule("a", store: "archive", tags)).count == 1)
    }

    // MARK: Stores with method: put

    private static let put =
        "store: {bucket: acme-uploads, region: r, endpoint: \"https://s3.example.net\", method: put}"

    @Test func `what fits into the header of a PUT need not fit into a form`() {
        let text = String(repeating: "x", count: 1000)
        let fields =
            ", cacheControl: \(text), metadata: {fixed: {a: \(text), b: \(text)}}, encryption: {type: aws:kms, keyId: \(text)}"
        #expect(Self.problems(Self.put, Self.rule("a", fields)) == [])
        #expect(
            Self.problems(Self.both, Self.rule("a", store: "share", fields)) == [
                "10:3: the constant fields of the rule “a” have 10452 bytes, and at most 8000 fit into a form; shorten its tags, fixed metadata, cacheControl or successRedirect"
            ])
        // Metadata beyond ASCII is longer in a header: encoded words.
        let long = ", metadata: {fixed: {a: \(String(repeating: "é", count: 1000))}}, tags: {\(Self.longTags(7))}"
        #expect(Self.problems(Self.put, Self.rule("a", long)).count == 1)
        #expect(Self.problems(Self.put, Self.rule("a", long.replacing("é", with: "e"))) == [])
    }

    /// Tags that have 768 bytes each in a header, with their `=` and `&`.
    private static func longTags(_ count: Int) -> String {
        (0..<count).map { "\($0): \(String(repeating: "/", count: 255))" }.joined(separator: ", ")
    }

    @Test(arguments: [
        ("me", ""), ("{yyyy}.csv", ""), ("{filename}", ""), ("{path}/x.png", ""),
        ("{audit}/a.csv", "parameters: {audit: digits}, "),
    ])
    func `equal keys are no warning in a rule that never overwrites`(keyName: String, more: String) {
        for prefix in ["a/", "a/{user}/"] where more.isEmpty || prefix == "a/" {
            func diagnostics(_ overwrite: String) -> [String] {
                let rule =
                    "  a: {keyPrefix: \"\(prefix)\", keyName: \"\(keyName)\", overwrite: \(overwrite), \(more)contentTypes: [image/png], maxSize: 1}"
                return Self.problems(Self.put, rule) + Self.warnings(Self.put, rule)
            }
            #expect(diagnostics("never") == [])
            #expect(diagnostics("allowed").count == 1)
        }
    }

    @Test func `signature v2 is one problem with method put, and otherwise one warning`() {
        let put = Self.put.replacing("method: put", with: "method: put, signature: v2")
        #expect(Self.problems(put, Self.rule("a")).count == 1 && Self.warnings(put, Self.rule("a")) == [])
        let post = put.replacing("method: put", with: "method: post")
        #expect(Self.problems(post, Self.rule("a")) == [] && Self.warnings(post, Self.rule("a")).count == 1)
    }

    @Test(arguments: [
        ("r, endpoint: \"https://s3.example.net\"", "private"),
        ("auto, endpoint: \"https://0123abcd.r2.cloudflarestorage.com\"", nil),
        ("us-west-004, endpoint: \"https://s3.us-west-004.backblazeb2.com\"", nil),
        ("eu-west-1", nil),
    ])
    func `a PUT signs the ACL private where a store has ACLs and takes others that are not signed`(
        region: String, acl: String?
    ) throws {
        func signed(_ method: String, _ more: String = "") throws -> String? {
            let store = "store: {bucket: acme-uploads, region: \(region), method: \(method)}"
            return try Example.tenant(Self.file(store, Self.rule("a", more))).rules[0].storage.acl
        }
        #expect(try signed("put") == acl)
        #expect(try signed("put", ", acl: none") == nil)
        #expect(try signed("put", ", acl: bucket-owner-read") == "bucket-owner-read")
        if !region.contains("r2.") { #expect(try signed("post") == nil) }
    }

    // MARK: Session policies

    @Test func `a session policy has only the bucket and the rules of its store`() throws {
        func role(_ partition: String) -> String {
            "credentials: {assumeRole: {roleArn: 'arn:\(partition):iam::123456789012:role/r', sessionPolicy: fromRules}}"
        }
        let stores = """
            store: {bucket: acme-uploads, region: eu-west-1, \(role("aws"))}
            stores:
              eu: {bucket: acme-eu, region: eusc-de-east-1, \(role("aws-eusc"))}
            """
        let rules = [Self.rule("a"), Self.rule("b", store: "eu"), Self.rule("c")].joined(separator: "\n")
        let file = try Example.file(Self.file(stores, rules))
        var policies: [String] = []
        var names: [String?] = []
        for case .role(let role) in file.credentials {
            policies.append(role.sessionPolicy ?? "")
            names.append(role.sessionName)
        }
        let statement = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"#
        #expect(
            policies == [
                statement + #"["arn:aws:s3:::acme-uploads/a/*/*","arn:aws:s3:::acme-uploads/c/*/*"]}]}"#,
                statement + #"["arn:aws-eusc:s3:::acme-eu/b/*/*"]}]}"#,
            ])
        #expect(names == ["postern-acme", "postern-acme@eu"])
    }

    @Test func `sessions of all stores have names of their own that STS takes`() throws {
        var names: Set<String> = []
        for (id, store) in [(1, 1), (1, 63), (30, 25), (30, 26), (63, 1), (63, 63)] {
            let (id, name) = (String(repeating: "t", count: id), String(repeating: "s", count: store))
            let stores = """
                stores:
                  \(name): {bucket: acme-uploads, region: eu-west-1, credentials: {assumeRole: {roleArn: \
                'arn:aws:iam::123456789012:role/r', sessionPolicy: fromRules}}}
                """
            let yaml = Self.file(stores, Self.rule("a", store: name), id: id)
            let file = try #require(try Example.load(["\(id).yaml": yaml]).result.get().files.first)
            guard case .role(let role)? = file.credentials.first else {
                Issue.record("no role")
                continue
            }
            let session = try #require(role.sessionName)
            #expect((2...64).contains(session.utf8.count) && session.hasPrefix("postern-"))
            names.insert(session)
        }
        #expect(names.count == 6)
    }

    // MARK: PUT

    @Test(arguments: [
        ("https://s3.example.net", "", "private"), ("https://s3.example.net", ", acl: public-read", "public-read"),
        ("https://s3.example.net", ", acl: none", nil), ("https://0a1b.r2.cloudflarestorage.com", "", nil),
        ("https://s3.eu-central-003.backblazeb2.com", "", nil), (nil, "", nil),
    ])
    func `a PUT has an ACL if the store has ACLs of objects and does not refuse what is not signed`(
        endpoint: String?, more: String, acl: String?
    ) throws {
        let store =
            "store: {bucket: acme-uploads, region: eu-west-1, method: put" + (endpoint.map { ", endpoint: \"\($0)\"" } ?? "")
            + "}"
        let file = try Example.file(Self.file(store, Self.rule("a", more)))
        let storage = file.tenant.rules[0].storage
        #expect(storage.method == .put && storage.acl == acl && !storage.mustBeNew)
    }

    @Test func `a rule of a store with PUT may refuse to replace a file`() throws {
        let store = "store: {bucket: acme-uploads, region: eu-west-1, method: put}"
        let file = try Example.file(Self.file(store, Self.rule("a", ", overwrite: never")))
        #expect(file.tenant.rules[0].storage.mustBeNew)
    }

    // MARK: Checks across rules and files

    @Test func `rules in different buckets of a tenant may have the folders of each other's users`() {
        let inner = "  b: {keyPrefix: \"{user}/\", contentTypes: [image/png], maxSize: 1MiB, store: archive}"
        #expect(Self.problems(Self.both, Self.rule("avatars"), inner) == [])
        #expect(Self.problems(Self.both, Self.rule("avatars", store: "archive"), inner).count == 1)
        let same = Self.both.replacing("acme-archive", with: "acme-uploads")
        #expect(Self.problems(same, Self.rule("avatars"), inner).count == 1)
    }

    @Test func `tenants that share a bucket are found in whichever of their stores it is`() {
        func file(_ id: String, _ stores: String, store: String?) -> (String, String) {
            ("\(id).yaml", Self.file(stores, Self.rule("a", store: store), id: id))
        }
        let shared = "stores: {x: {bucket: shared, region: eu-west-1}}"
        func problems(_ files: (String, String)...) -> [String] { Example.problems(Dictionary(uniqueKeysWithValues: files)) }
        #expect(problems(file("acme", shared, store: "x"), file("beta", shared, store: "x")).count == 1)
        let own = "store: {bucket: own, region: eu-west-1}\n\(shared)"
        #expect(problems(file("acme", shared, store: "x"), file("beta", own, store: "x")).count == 1)
        #expect(problems(file("acme", shared, store: "x"), file("beta", own, store: nil)).isEmpty)
    }

    // MARK: Names and lengths

    @Test func `older and foreign names of buckets are a warning`() {
        func warnings(_ store: String) -> [String] { Self.warnings("store: {\(store)}", Self.rule("a")) }
        #expect(
            warnings("bucket: Acme_Uploads, region: us-east-1") == [
                "2: S3 gives no bucket the name “Acme_Uploads” since March 2018"
            ])
        #expect(
            warnings("bucket: AcmeUploads, region: r, endpoint: \"https://s3.example.net\"") == [
                "2: S3 gives no bucket the name “AcmeUploads”"
            ])
        #expect(warnings("bucket: acme-uploads, region: us-east-1") == [])
    }

    @Test(arguments: [("eu-west-1", 1), ("ca-central-1", 0), ("us-west-2", 0), ("us-gov-west-1", 0), ("us-iso-east-1", 0)])
    func `hosts of FIPS outside of North America are a warning`(region: String, count: Int) {
        #expect(Self.warnings("store: {bucket: acme-uploads, region: \(region), fips: true}", Self.rule("a")).count == count)
        #expect(Self.warnings("store: {bucket: acme-uploads, region: \(region), fips: false}", Self.rule("a")) == [])
    }

    @Test func `a rule whose policies may be longer than its store takes is a warning`() {
        func warnings(_ more: String, _ rule: String = "") -> Int {
            Self.warnings("store: {bucket: acme-uploads, region: eu-west-1\(more)}", Self.rule("a", rule)).count
        }
        #expect(warnings("") == 0)
        #expect(warnings(", maxPolicyBytes: 1024") == 0)
        #expect(warnings(", maxPolicyBytes: 1024", ", metadata: {allowed: [album]}") == 1)
        #expect(warnings(", maxPolicyBytes: 1024", ", contentDisposition: attachment, cacheControl: \"max-age=60\"") == 1)
        let role = ", credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/r'}}"
        #expect(warnings(", maxPolicyBytes: 1024" + role) == 1)
        #expect(warnings(", maxPolicyBytes: 4096" + role, ", metadata: {allowed: [album]}") == 0)
    }
}
