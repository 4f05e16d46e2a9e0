// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules
@testable import UserAuth

struct RuleLoaderTests {
    private func file(_ tenant: String, bucket: String? = nil, prefix: String = "{tenant}/{user}/", issuer: String? = nil)
        -> String
    {
        """
        tenant: \(tenant)
        store: {bucket: \(bucket ?? "files-of-\(tenant)"), region: eu-west-1}
        auth:
          issuers:
            - {issuer: "\(issuer ?? "https://\(tenant).example")", audience: up, algorithms: [ES256], keys: {pemFile: key.pem}}
        rules:
          files: {keyPrefix: "\(prefix)", contentTypes: [image/png], maxSize: 1MiB}

        """
    }

    // MARK: Books

    @Test func `the documented example loads`() throws {
        let yaml = """
            tenant: acme                        # [a-z0-9][a-z0-9-]{0,62}
            store:
              bucket: acme-uploads
              region: eu-west-1
              # endpoint: https://s3.example.net   any S3-compatible store; AWS where absent
              # addressing: virtual                virtual (default on AWS) | path (default with endpoint)
              # signature: v4                      v4 | v2 (only for old S3-compatible stores; a warning in `check`)
              # credentials: default               see Credentials
            auth:
              issuers:                          # JWT issuers that belong to this tenant alone
                - issuer: https://id.acme.example
                  audience: uploads
                  algorithms: [RS256, ES256]
                  keys: {jwks: https://id.acme.example/jwks.json}   # or {jwksFile: …} {pemFile: …} {secretFile: …} {discovery: true}
                  user: sub                     # claim that names the user
              apiKeys:
                - id: cms
                  sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8   # of the whole key
            origins: [https://app.acme.example] # browsers that may ask (exact, no wildcard)
            rules:
              avatars:
                keyPrefix: avatars/{user}/
                # keyName: "{uuid}.{ext}"       the default; also {filename}
                contentTypes: [image/png, image/jpeg, image/webp]
                maxSize: 5MiB                   # required: there is no unlimited rule
                # minSize: 1
                expiry: 5m                      # default 5m, at most 7d
            """
        let outcome = Example.load(["acme.yaml": yaml])
        #expect(outcome.warnings == [])
        let file = try #require(try outcome.result.get().files.first)
        let acme = file.tenant
        #expect(acme.stores[0].endpoint.url == "https://acme-uploads.s3.eu-west-1.amazonaws.com/")
        #expect(acme.stores[0].signature == .v4 && file.credentials == [.standard])
        var issuer = Issuer(
            pattern: IssuerPattern(exact: "https://id.acme.example"), algorithms: [.rs256, .es256],
            keySource: .remote(.jwks(url: "https://id.acme.example/jwks.json")))
        issuer.audiences = ["uploads"]
        #expect(file.issuers == [issuer])
        #expect(issuer.userClaim == ClaimPath("sub") && issuer.tenantClaim == nil && issuer.maximumLifetime == 86_400)
        #expect(file.apiKeys.map(\.id) == ["cms"] && file.apiKeys.first?.digest == SHA256Digest(hashing: Array("password".utf8)))
        #expect(acme.origins == ["https://app.acme.example"])
        let rule = try acme.rule(named: nil)
        #expect(rule.keyPrefix.text == "avatars/{user}/" && rule.keyName.text == "{uuid}.{ext}")
        #expect(
            rule.sizes == 1...5_242_880 && rule.expiry == 300 && rule.storage.successStatus == 201 && rule.checksum == .optional)
        #expect(rule.contentTypes.patterns == ["image/png", "image/jpeg", "image/webp"] && !rule.usesFilename)
    }

    @Test func `all keys of a file are read`() throws {
        let yaml = """
            tenant: acme
            sharedUsers: true
            store:
              bucket: acme-uploads
              region: eu-west-1
              endpoint: https://s3.example.net:9000/base
              addressing: path
              signature: v2
              credentials:
                assumeRole: {roleArn: "arn:aws:iam::123456789012:role/up/load", externalId: x-1, sessionPolicy: fromRules}
            auth:
              issuers:
                - issuer: joe
                  audience: [a, b]
                  algorithms: [HS256, HS512]
                  keys: {secretFile: ../secrets/joe}
                  user: email
                  maxLifetime: 1h
                - {issuer: https://id.example, audience: a, algorithms: [EdDSA], keys: {discovery: true}}
                - {issuer: c, audience: a, algorithms: [PS512], keys: {jwksFile: /etc/keys/c.json}}
              apiKeys:
                - id: cms
                  sha256: \(String(repeating: "aB", count: 32))
                  expires: 2026-12-31
                  scopes: [up, "files:write"]
                  rules: [second]
                  allowUsers: [u1, é, e\u{301}]
            rules:
              second:
                keyPrefix: second/
                keyName: "{yyyy}/{filename}"
                contentTypes: [image/*]
                maxSize: 5GiB
                minSize: 2KB
                expiry: 7d
                requireScope: up
                storageClass: COLD
                limits: {perUser: 60/1m, perTenant: 1000/1h}
                metadata: {fixed: {A_b: c}, allowed: [X-y]}
              first: {keyPrefix: "first/{user}/", contentTypes: [a/b], maxSize: 1}
            """
        let outcome = Example.load(["acme.yaml": yaml])
        let file = try #require(try outcome.result.get().files.first)
        let acme = file.tenant
        #expect(acme.stores[0].endpoint.url == "https://s3.example.net:9000/base/acme-uploads/")
        guard case .role(let role)? = file.credentials.first else {
            Issue.record("\(file.credentials) is no role")
            return
        }
        #expect(role.roleARN == "arn:aws:iam::123456789012:role/up/load" && role.externalID == "x-1")
        #expect(role.sessionName == "postern-acme" && role.region == "eu-west-1")
        #expect(role.sessionPolicy?.contains("arn:aws:s3:::acme-uploads/") == true)
        #expect(acme.stores[0].signature == .v2)
        #expect(
            file.issuers.map(\.keySource) == [
                .secretFile("t/../secrets/joe"), .remote(.discovery), .jwksFile("/etc/keys/c.json"),
            ])
        #expect(file.issuers.first?.userClaim == ClaimPath("email") && file.issuers.first?.maximumLifetime == 3600)
        #expect(file.issuers.first?.audiences == ["a", "b"])
        let key = try #require(file.apiKeys.first)
        #expect(key.expires == Date(timeIntervalSince1970: 1_798_675_200) && key.scopes == ["up", "files:write"])
        #expect(key.rules == ["second"] && key.allowUsers?.count == 3)
        #expect(key.digest == SHA256Digest(Array(repeating: 0xAB, count: 32)))
        #expect(acme.rules.map(\.name) == ["second", "first"])
        let rule = acme.rules[0]
        #expect(
            rule.sizes == 2000...5_368_709_120 && rule.expiry == 604_800 && rule.requireScope == "up"
                && rule.storage.storageClass == "COLD")
        #expect(
            rule.limits
                == RuleLimits(perUser: RateLimit(count: 60, seconds: 60), perTenant: RateLimit(count: 1000, seconds: 3600)))
        #expect(rule.storage.metadata.fixed == [FormField(name: "x-amz-meta-a_b", value: "c")])
        #expect(rule.storage.metadata.allowed == ["x-y"])
        #expect(rule.usesFilename && !rule.usesUser)
        #expect(outcome.warnings.map(\.line) == [8, 17, 30, 31, 35])
    }

    @Test func `whose tokens are for a tenant is read from its keys`() throws {
        func file(_ lines: String) throws -> TenantFile {
            try Example.file(Example.acme(replacing: "tenant: acme", with: "tenant: acme\n\(lines)"))
        }
        let plain = try file("")
        #expect(plain.aliases == [] && plain.serviceIssuers == .none && !plain.tenant.isSuspended && plain.tenant.denial == nil)
        let full = try file(
            """
            aliases: [org_9ybsU1dN2dKfDkBi, é, e\u{301}, {issuer: staff, value: acme-1}]
            serviceIssuers: [staff, login]
            suspended: true
            deny: {users: [u17, é, e\u{301}], issuedBefore: 2026-11-01T00:00:00.5Z}
            """)
        #expect(
            full.aliases == [
                TenantAlias(value: "org_9ybsU1dN2dKfDkBi", issuer: nil), TenantAlias(value: "é", issuer: nil),
                TenantAlias(value: "e\u{301}", issuer: nil), TenantAlias(value: "acme-1", issuer: "staff"),
            ])
        #expect(full.serviceIssuers == .named(["staff", "login"]))
        #expect(full.tenant.isSuspended)
        #expect(full.tenant.denial == Denial(users: ["u17", "é", "e\u{301}"], issuedBefore: 1_793_491_200))
        #expect(try file("deny: {issuedBefore: 2026-11-01}").tenant.denial == Denial(issuedBefore: 1_793_491_200))
        #expect(try file("suspended: false\nsharedUsers: true").tenant.isSuspended == false)
        #expect(try file("serviceIssuers: true").serviceIssuers == .all)
        #expect(try file("serviceIssuers: false").serviceIssuers == .none)
    }

    @Test func `service-wide issuers count by default only for a tenant without issuers of its own`() throws {
        let keysOnly = Example.acme.split(separator: "\n").filter { line in
            !["  issuers:", "    - issuer:", "      audience:", "      algorithms:", "      keys:"].contains {
                line.hasPrefix($0)
            }
        }.joined(separator: "\n")
        #expect(try Example.file(keysOnly).serviceIssuers == .all)
        #expect(try Example.file(Example.acme).serviceIssuers == .none)
    }

    @Test func `for which callers a rule is, and whose users an API key names, is read from their keys`() throws {
        let rule = try Example.rule("issuers: [staff, login]\napiKeysOnly: true")
        #expect(rule.issuers == ["staff", "login"] && rule.apiKeysOnly)
        let open = try Example.rule("apiKeysOnly: false")
        #expect(open.issuers == nil && !open.apiKeysOnly)
        let sha256 = "      sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        #expect(
            try Example.file(Example.acme(replacing: sha256, with: sha256 + "\n      issuer: staff")).apiKeys.map(\.issuer) == [
                "staff"
            ])
        #expect(try Example.file(Example.acme).apiKeys.map(\.issuer) == [nil])
    }

    @Test func `one issuer can stand several times in a file, each with a name`() throws {
        let keys = "      keys: {jwksFile: jwks.json}"
        let yaml = Example.acme(
            replacing: keys,
            with: keys + """

                      name: web
                    - {issuer: https://id.acme.example, name: app, audience: app, algorithms: [HS256], keys: {secretFile: s}}
                """)
        #expect(try Example.file(yaml).issuers.map(\.name) == ["web", "app"])
    }

    @Test func `how files are stored is read from its keys`() throws {
        let rule = try Example.rule(
            """
            acl: public-read
            cacheControl: public, max-age=60
            contentDisposition: attachment
            tags: {kind: avatar, owner: team a}
            storageClass: STANDARD_IA
            encryption: {type: aws:kms, keyId: alias/uploads}
            checksum: required
            successStatus: 204
            """)
        let storage = rule.storage
        #expect(storage.acl == "public-read" && storage.cacheControl == "public, max-age=60")
        #expect(rule.contentDisposition == .attachment && rule.checksum == .required)
        #expect(storage.tags == [Tag(key: "kind", value: "avatar"), Tag(key: "owner", value: "team a")])
        #expect(storage.storageClass == "STANDARD_IA" && storage.successStatus == 204)
        #expect(storage.encryption == .kms(type: "aws:kms", keyID: "alias/uploads"))
        let other = try Example.rule("successRedirect: https://app.acme.example/done\nencryption: AES256")
        #expect(other.storage.successRedirect == "https://app.acme.example/done" && other.storage.encryption == .aes256)
        #expect(other.checksum == .optional && other.contentDisposition == nil)
    }

    @Test func `what depends on the request is read from metadata and tags`() throws {
        let rule = try Example.rule(
            """
            metadata: {fixed: {source: "{tenant}/{rule}", user: "{user}", file: "{filename}"}, allowed: [album]}
            tags: {kind: avatar, owner: "{uuid}:{user}"}
            contentEncoding: gzip, br
            contentLanguage: de-CH
            declaredSize: atMost
            checksum: {algorithms: [crc32c, md5]}
            encryption: {type: aws:kms, bucketKey: true}
            """)
        let storage = rule.storage
        #expect(storage.metadata.fixed == [FormField(name: "x-amz-meta-source", value: "acme/avatars")])
        #expect(storage.metadata.computed.map(\.name) == ["x-amz-meta-user", "x-amz-meta-file"])
        #expect(storage.tags.map(\.value.constant) == ["avatar", nil])
        #expect(storage.placeholders == [.user, .filename, .uuid, .user])
        #expect(storage.contentEncoding == "gzip, br" && storage.contentLanguage == "de-CH")
        #expect(rule.declaredSize == .atMost && rule.checksum == ChecksumRule(isRequired: false, algorithms: [.crc32c, .md5]))
        #expect(storage.encryption == .kms(type: "aws:kms", keyID: nil, bucketKey: true))
        let other = try Example.rule("encryption: aws:kms:dsse\nchecksum: {required: true}\ncontentLanguage: zh-Hant-TW")
        #expect(other.storage.encryption == .kms(type: "aws:kms:dsse", keyID: nil))
        #expect(other.checksum == .required && other.storage.contentLanguage == "zh-Hant-TW" && other.declaredSize == .exact)
        #expect(try Example.rule("checksum: {required: false, algorithms: [sha1]}").checksum.isRequired == false)
    }

    @Test func `a rule book finds its tenants and has a digest of its contents`() throws {
        func book(_ files: [String: String]) throws -> RuleBook {
            let paths = Dictionary(uniqueKeysWithValues: files.map { ("t/\($0)", $1) })
            return try RuleLoader.load(folder: "t", files: .memory(paths)).result.get()
        }
        let files = ["b.yaml": file("b"), "a.yaml": file("a"), "c-1.yaml": file("c-1")]
        let first = try book(files)
        #expect(first.tenants.map(\.id) == ["a", "b", "c-1"])
        #expect(first.digest.utf8.count == 64)
        #expect(try book(files).digest == first.digest)
        var changed = files
        changed["a.yaml"]? += "# note\n"
        #expect(try book(changed).digest != first.digest)
        changed = files
        changed["a.yaml"] = nil
        #expect(try book(changed).digest != first.digest)
    }

    @Test func `the digest of a book is SHA-256 of the files' names and of the SHA-256 of their contents`() {
        // (printf '\0\0\0\0\0\0\0\6a.yaml'; printf abc | sha256sum | xxd -r -p) | sha256sum
        let one = RuleBook.digest(of: [("a.yaml", SHA256Digest(hashing: Array("abc".utf8)))])
        #expect(one == "7f46ef1fd8acdd18f5ce7f7d1125655ef140e162ec6b99eba16c5cf584afd8b4")
        // More files than fit into one piece: for i in $(seq 200); do (printf '\0\0\0\0\0\0\0\6a.yaml'; …); done | sha256sum
        let many = RuleBook.digest(of: (0..<200).map { _ in ("a.yaml", SHA256Digest(hashing: Array("abc".utf8))) })
        #expect(many == "3920a09c7e20cdc460afc20f33ad98015c51afe730df7ed4a8137f120af96255")
        #expect(RuleBook.digest(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    // MARK: Folders

    @Test func `hidden files, folders and other files are ignored, and .yml gets advice`() throws {
        var files = [
            "acme.yaml": Example.acme, "..data/x.yaml": "x", ".hidden.yaml": "x", "README.md": "x", "sub.yaml/x": "x",
            "acme.yaml~": "x", "acme.yaml.bak": "x",
        ]
        #expect(Example.problems(files) == [])
        files["beta.yml"] = file("beta")
        files["gamma.YAML"] = file("gamma")
        #expect(
            Example.problems(files) == [
                "beta.yml: the name of a rule file must end in .yaml; rename it to beta.yaml",
                "gamma.YAML: the name of a rule file must end in .yaml; rename it to gamma.yaml",
            ]
        )
    }

    @Test func `the name of a file is its tenant's id`() {
        for name in ["Acme", "a_b", "-a", "a.b", "", "é", String(repeating: "a", count: 64)] {
            let problems = Example.problems(["\(name).yaml": file("acme"), "ok.yaml": file("ok")])
            if name.isEmpty {
                #expect(problems == [])
            } else {
                #expect(problems.contains { $0.hasPrefix("\(name).yaml: the file's name is not a tenant's id") }, "\(problems)")
            }
        }
    }

    @Test func `a missing or empty folder and unreadable files are diagnostics`() {
        func problems(_ files: RuleFileSystem) -> [String] {
            guard case .failure(let found) = RuleLoader.load(folder: "t", files: files).result else { return [] }
            return found.problems.map(\.description)
        }
        #expect(
            problems(.memory([:]))
                == [
                    "t: the folder of rule files cannot be read: there is no such file or folder; check its path and permissions"
                ]
        )
        #expect(
            problems(.memory(["t/x.md": ""])) == [
                "t: there are no rule files in this folder; add one named <tenant>.yaml, such as acme.yaml"
            ])
        let broken = MemoryFileSystem(["t/a.yaml": file("a"), "t/b.yaml": file("b")])
        broken.setReadable(false, "t/a.yaml")
        #expect(
            problems(broken.files) == ["t/a.yaml: the file cannot be read: permission denied; check its path and permissions"])
        #expect(problems(.memory(["t/a.yaml": ""])).count == 3)
    }

    // MARK: Several files

    @Test func `all diagnostics of all files are sorted, and a syntax error hides only what follows it`() {
        let problems = Example.problems([
            "c.yaml": Example.acme(replacing: "    maxSize: 5MiB", with: "    maxSize: 5M\n    acl: no").replacing(
                "acme", with: "c"),
            "a.yaml": "tenant: a\nstore: [",
            "b.yaml": file("b").replacing("1MiB", with: "0"),
            "d.yaml": file("d"),
        ])
        #expect(problems.map { $0.prefix { $0 != " " } } == ["a.yaml:3:1:", "b.yaml:7:78:", "c.yaml:19:14:", "c.yaml:20:10:"])
    }

    @Test func `an issuer belongs to one tenant or to the service`() throws {
        #expect(
            Example.problems([
                "a.yaml": file("a", issuer: "https://x"), "b.yaml": file("b", issuer: "https://x"),
                "c.yaml": file("c", issuer: "https://x/"),
            ])
                == [
                    "b.yaml:5:16: a token of the issuer “https://x” could fit this entry and the one in t/a.yaml:5; let both require different values of audience, authorizedParties or one of claims, or declare the issuer once: for several tenants, service-wide with tenantClaim"
                ]
        )
        let yaml = "issuers:\n  - {issuer: https://x, audience: up, algorithms: [RS256], keys: {jwksFile: j}, tenantClaim: org}\n"
        let service = try ServiceSettings(file: "postern.yaml", files: .memory(["postern.yaml": yaml]))
        #expect(
            Example.problems(["a.yaml": file("a", issuer: "https://x")], service: service)
                == [
                    "a.yaml:5:16: a token of the issuer “https://x” could fit this entry and the one service-wide in postern.yaml:2; let both require different values of audience, authorizedParties or one of claims, or declare the issuer once: for several tenants, service-wide with tenantClaim"
                ]
        )
        // Equal as text, not as bytes: two issuers.
        #expect(Example.problems(["a.yaml": file("a", issuer: "é"), "b.yaml": file("b", issuer: "e\u{301}")]) == [])
    }

    @Test func `checks across files include the readable parts of invalid files`() {
        let a = file("a", bucket: "shared", prefix: "x/", issuer: "https://x").replacing("audience: up, ", with: "")
        let b = file("b", bucket: "shared", prefix: "x/", issuer: "https://x").replacing("1MiB", with: "1M")
        let problems = Example.problems(["a.yaml": a, "b.yaml": b])
        #expect(problems.map { $0.prefix { $0 != " " } } == ["a.yaml:5:7:", "b.yaml:7:22:", "b.yaml:7:64:"])
    }

    @Test func `one mistake causes one diagnostic`() {
        func problems(_ store: String, _ rule: String = "") -> [String] {
            let yaml = file("a").replacing("{bucket: files-of-a, region: eu-west-1}", with: store)
                .replacing("maxSize: 1MiB", with: "maxSize: 1MiB\(rule)")
            return Example.problems(["a.yaml": yaml]).map { String($0.prefix { $0 != " " }) }
        }
        #expect(problems("{bucket: abc, region: garage, endpoint: [x]}") == ["a.yaml:2:48:"])
        #expect(problems("{bucket: abc, region: garage, endpoint: x}", ", storageClass: COLD") == ["a.yaml:2:48:"])
        #expect(problems("{region: eu-west-1}", ", storageClass: COLD") == ["a.yaml:2:1:", "a.yaml:7:98:"])
    }

    @Test(arguments: [
        ("a/{user}/", "b/{user}/", false), ("a/{user}/", "ab/{user}/", false),
        ("{tenant}/{user}/", "{tenant}/{user}/", false),
        ("a/{user}/", "a/b/{user}/", true), ("a/b/{user}/", "a/{user}/", true), ("a/{user}/", "a/{user}/", true),
        ("{user}/", "b/{user}/", true),
        ("x{yyyy}/", "x2026/", true), ("x{yyyy}/", "y{yyyy}/", false), ("x-{yyyy}/", "x/", false), ("é/", "e\u{301}/", false),
        ("é/", "è/", false),
    ])
    func `no prefix of tenants that share a bucket begins with another`(first: String, second: String, meet: Bool) {
        let problems = Example.problems([
            "a.yaml": file("a", bucket: "shared", prefix: first), "b.yaml": file("b", bucket: "shared", prefix: second),
        ])
        #expect(problems.isEmpty != meet, "\(problems)")
        if meet {
            #expect(
                problems.count == 1 && problems[0].hasPrefix("b.yaml:7:22: ") && problems[0].contains("t/a.yaml:7"), "\(problems)"
            )
        }
        #expect(Example.problems(["a.yaml": file("a", prefix: first), "b.yaml": file("b", prefix: second)]) == [])
    }

    @Test func `prefixes that overlap are found among many`() {
        func rules(_ tenant: String, _ prefixes: [String]) -> String {
            file(tenant, bucket: "shared").split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
                + prefixes.enumerated().map { "  r\($0): {keyPrefix: \($1), contentTypes: [a/b], maxSize: 1}\n" }.joined()
        }
        let problems = Example.problems([
            "a.yaml": rules("a", ["m/", "m/a/", "m/a/x/", "z/"]), "b.yaml": rules("b", ["m/b/", "n/", "q/", "m/b/c/"]),
            "c.yaml": rules("c", ["q/q/", "z/"]),
        ])
        #expect(problems.map { $0.prefix { $0 != " " } } == ["b.yaml:7:19:", "b.yaml:10:19:", "c.yaml:7:19:", "c.yaml:8:19:"])
    }

    @Test(arguments: [
        ("", ", region: us-east-1", true),
        ("", ", endpoint: \"https://s3.eu-west-1.amazonaws.com\"", true),
        (", endpoint: \"https://s3.example.net\"", ", endpoint: \"https://S3.example.net:443/base\"", true),
        (", endpoint: \"http://localhost:9000\"", ", endpoint: \"http://127.0.0.1:9000\"", true),
        (", endpoint: \"http://s3.example.net:80\"", ", endpoint: \"http://s3.example.net\"", true),
        (", endpoint: \"http://localhost:9000\"", ", endpoint: \"http://localhost:9001\"", false),
        ("", ", endpoint: \"https://s3.example.net\"", false),
        (", endpoint: \"https://a.example.net\"", ", endpoint: \"https://b.example.net\"", false),
        ("", ", endpoint: \"https://S3.EU-WEST-1.AmazonAWS.com:443/\"", true),
        ("", ", endpoint: \"https://s3.cn-north-1.amazonaws.com.cn\"", true),
        ("", ", endpoint: \"https://amazonaws.com\"", true),
        ("", ", endpoint: \"https://s3.notamazonaws.com\"", false),
        ("", ", endpoint: \"https://evilamazonaws.com\"", false),
        ("", ", endpoint: \"https://s3.eu-west-1.amazonaws.com.example.net\"", false),
        ("", ", endpoint: \"https://s3.xamazonaws.com.cn\"", false),
        ("", ", endpoint: \"https://amazonaws.com.example.net\"", false),
        ("", ", endpoint: \"https://example.net/amazonaws.com\"", false),
        (", endpoint: \"https://s3.notamazonaws.com\"", ", endpoint: \"https://s3.notamazonaws.com/x\"", true),
    ])
    func `a bucket is the same under every name of its store`(first: String, second: String, same: Bool) {
        func yaml(_ tenant: String, _ store: String) -> String {
            let region = store.contains("region:") ? "" : ", region: eu-west-1"
            return file(tenant, prefix: "x/").replacing(
                "{bucket: files-of-\(tenant), region: eu-west-1}", with: "{bucket: shared\(region)\(store)}")
        }
        #expect(Example.problems(["a.yaml": yaml("a", first), "b.yaml": yaml("b", second)]).isEmpty != same)
    }

    @Test(arguments: [
        ("https://s3.notamazonaws.com", true), ("https://evilamazonaws.com", true),
        ("https://s3.eu-west-1.amazonaws.com.example.net", true), ("https://s3.xamazonaws.com.cn", true),
        ("https://s3.example.net", true), ("https://s3.eu-west-1.amazonaws.com", false),
        ("https://S3.EU-WEST-1.AmazonAWS.com", false), ("https://s3.cn-north-1.amazonaws.com.cn", false),
    ])
    func `a store whose name only looks like AWS's may have any storage class`(endpoint: String, isOfItsOwn: Bool) {
        let yaml = file("a").replacing("region: eu-west-1", with: "region: eu-west-1, endpoint: \"\(endpoint)\"")
            .replacing("maxSize: 1MiB", with: "maxSize: 1MiB, storageClass: COLD")
        let problems = Example.problems(["a.yaml": yaml])
        #expect(problems.isEmpty == isOfItsOwn, "\(problems)")
        #expect(isOfItsOwn || problems.contains { $0.contains("COLD") }, "\(problems)")
    }

    // MARK: Warnings

    @Test(arguments: [
        ("  region: eu-west-1", "  region: eu-west-1\n  signature: v2", "5:14: signature v2 is based on SHA-1"),
        (
            "  region: eu-west-1", "  region: eu-west-1\n  endpoint: http://s3.example.net",
            "5:13: uploads to “http://s3.example.net” are not encrypted"
        ),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n    acl: public-read-write", "20:10: with public-read-write anyone"),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n    acl: public-read", "20:10: buckets of AWS made since April 2023"),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n    acl: private", "20:10: buckets of AWS made since April 2023"),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n    expiry: 901s", "20:13: anyone who has a ticket"),
        (
            "    contentTypes: [image/png, image/jpeg]", "    contentTypes: [image/png, '*/*']",
            "18:31: */* allows every type that no browser runs"
        ),
        (
            "    contentTypes: [image/png, image/jpeg]", "    contentTypes: [image/svg+xml]",
            "18:20: a file of the type image/svg+xml can run scripts"
        ),
        (
            "    contentTypes: [image/png, image/jpeg]",
            "    contentTypes: [image/png, text/html]\n    contentDisposition: inline",
            "18:31: a file of the type text/html can run scripts"
        ),
        (
            "  region: eu-west-1", "  region: eu-west\n  endpoint: https://s3.eu-west-1.amazonaws.com",
            "4:11: “eu-west” is not known as a region of AWS"
        ),
        (
            "  region: eu-west-1", "  region: us-west-004\n  endpoint: https://acme.s3.us-west-004.backblazeb2.com",
            "5:13: Backblaze B2 does not list POST uploads"
        ),
        (
            "    maxSize: 5MiB", "    maxSize: 5MiB\n  hidden: {keyPrefix: 'avatars/{user}/x/', contentTypes: [a/b], maxSize: 1}",
            "17:16: this keyPrefix encloses that of the rule “hidden”"
        ),
        (
            "    contentTypes: [image/png, image/jpeg]", "    contentTypes: [image/jpg]",
            "18:20: “image/jpg” is another name of image/jpeg"
        ),
        (
            "    keyPrefix: avatars/{user}/", "    keyPrefix: avatars/{user}/\n    keyName: me",
            "18:14: each upload of a user replaces the user's previous file"
        ),
        (
            "    keyPrefix: avatars/{user}/", "    keyPrefix: avatars/{user}/\n    keyName: '{filename}'",
            "18:14: a user's files of the same name replace each other"
        ),
        (
            "    keyPrefix: avatars/{user}/", "    keyPrefix: avatars/{user}/\n    keyName: '{path}/x.png'",
            "18:14: a user's files of the same name replace each other"
        ),
        (
            "    keyPrefix: avatars/{user}/",
            "    keyPrefix: a/{audit}/\n    keyName: report.csv\n    parameters: {audit: digits}",
            "19:18: the client chooses {audit}, so it does not say whose file it is"
        ),
        (
            "    keyPrefix: avatars/{user}/", "    keyPrefix: avatars/{user}/\n    filenames: unicode",
            "18:16: filenames has no effect, since no file name is in the keys"
        ),
        (
            "    keyPrefix: avatars/{user}/", "    keyPrefix: avatars/\n    keyName: '{filename}'",
            "18:14: users who upload files of the same name overwrite"
        ),
    ])
    func `allowed but unwise settings are warnings`(line: String, lines: String, start: String) throws {
        let outcome = Example.load(["acme.yaml": Example.acme(replacing: line, with: lines)])
        #expect(throws: Never.self) { try outcome.result.get() }
        #expect(outcome.warnings.count == 1)
        #expect(outcome.warnings.first?.description.hasPrefix("t/acme.yaml:\(start)") == true, "\(outcome.warnings)")
    }

    @Test(arguments: [
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n    acl: bucket-owner-full-control"),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n    expiry: 15m"),
        (
            "    contentTypes: [image/png, image/jpeg]",
            "    contentTypes: [text/html, image/svg+xml]\n    contentDisposition: attachment"
        ),
        ("    contentTypes: [image/png, image/jpeg]", "    contentTypes: [image/*, text/xml]"),
        ("  region: eu-west-1", "  region: us-isob-east-1\n  endpoint: https://s3.us-isob-east-1.sc2s.sgov.gov"),
        ("  region: eu-west-1", "  region: r\n  endpoint: https://r2.cloudflarestorage.com.example.net"),
        ("  region: eu-west-1", "  region: r\n  endpoint: https://notbackblazeb2.com"),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n  other: {keyPrefix: 'avatars/{user}/', contentTypes: [a/b], maxSize: 1}"),
        ("    maxSize: 5MiB", "    maxSize: 5MiB\n  other: {keyPrefix: avatars2/, contentTypes: [a/b], maxSize: 1}"),
    ])
    func `what is usual is no warning`(line: String, lines: String) throws {
        let outcome = Example.load(["acme.yaml": Example.acme(replacing: line, with: lines)])
        #expect(throws: Never.self) { try outcome.result.get() }
        #expect(outcome.warnings == [], "\(outcome.warnings)")
    }

    @Test(arguments: ["image/svg", "image/svg-xml"])
    func `another name of a type that runs scripts is warned of as the type`(name: String) {
        let types = "    contentTypes: [image/png, image/jpeg]"
        let yaml = Example.acme(replacing: types, with: "    contentTypes: [\(name)]")
        let warnings = Example.load(["acme.yaml": yaml]).warnings.map(\.message)
        #expect(warnings.count == 2 && warnings.contains { $0.hasPrefix("a file of the type image/svg+xml can run scripts") })
    }

    @Test func `an ACL at another store, and a prefix in another bucket, are no warning`() throws {
        let store = "  region: r\n  endpoint: https://s3.example.net\nstores:\n  other: {bucket: acme-other, region: eu-west-1}"
        let rules =
            "    maxSize: 5MiB\n    acl: public-read\n  hidden: {store: other, keyPrefix: 'avatars/{user}/x/', contentTypes: [a/b], maxSize: 1}"
        let yaml = Example.acme(replacing: "  region: eu-west-1", with: store).replacing("    maxSize: 5MiB", with: rules)
        #expect(Example.load(["acme.yaml": yaml]).warnings == [])
    }

    @Test func `a tenant without issuers and API keys is a warning, unless the service has issuers`() throws {
        let yaml = Example.acme.split(separator: "\n").filter {
            !$0.hasPrefix("  ") || $0.hasPrefix("  bucket") || $0.hasPrefix("  region") || $0.hasPrefix("  avatars")
                || $0.hasPrefix("    keyP") || $0.hasPrefix("    cont") || $0.hasPrefix("    max")
        }
        .filter { $0 != "auth:" }.joined(separator: "\n")
        #expect(
            Example.load(["acme.yaml": yaml]).warnings.map(\.message) == [
                "no client can get tickets for this tenant: it has no issuer and no API key"
            ])
        // Whoever checks without the service-wide file learns how to give it.
        let advice = "write issuers or apiKeys under auth, or declare a service-wide issuer"
        let without = Example.load(["acme.yaml": yaml]).warnings.map(\.advice)
        #expect(without == [advice + ", and check with --config FILE"])
        #expect(Example.load(["acme.yaml": yaml], service: ServiceSettings()).warnings.map(\.advice) == [advice])
        let service = "issuers:\n  - {issuer: x, audience: a, algorithms: [RS256], keys: {jwksFile: j}, tenantClaim: org}\n"
        let configuration = try ServiceSettings(file: "p.yaml", files: .memory(["p.yaml": service]))
        #expect(Example.load(["acme.yaml": yaml], service: configuration).warnings == [])
    }

    @Test func `no diagnostic repeats a key or a credential`() {
        let canary = "c4n4ry-s3cr3t"
        for line in [
            "      sha256: \(canary)", "      sha256: pstn.acme.cms.\(canary)", "      sha256: {\(canary): x}",
            "      key: \(canary)", "      secret: \(canary)",
        ] {
            let yaml = Example.acme(
                replacing: "      sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", with: line)
            let problems = Example.problems(["acme.yaml": yaml])
            #expect(!problems.isEmpty && !problems.contains { $0.contains(canary) }, "\(problems)")
        }
        let yaml = Example.acme(
            replacing: "  region: eu-west-1",
            with: "  region: eu-west-1\n  credentials: {secretAccessKey: \(canary), accessKeyId: \(canary)}")
        #expect(!Example.problems(["acme.yaml": yaml]).contains { $0.contains(canary) })
    }

    @Test func `a session is named after its tenant, and only by the id where STS would not take the prefix`() throws {
        for (length, isPrefixed) in [(1, true), (56, true), (57, false), (63, false)] {
            let id = String(repeating: "t", count: length)
            let yaml = """
                tenant: \(id)
                store:
                  bucket: acme-uploads
                  region: eu-west-1
                  credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/r', sessionPolicy: fromRules}}
                auth:
                  apiKeys:
                    - {id: cms, sha256: \(String(repeating: "ab", count: 32))}
                rules:
                  a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}
                """
            let file = try #require(try Example.load(["\(id).yaml": yaml]).result.get().files.first)
            guard case .role(let role)? = file.credentials.first else {
                Issue.record("\(file.credentials) is no role")
                return
            }
            #expect(role.sessionName == (isPrefixed ? "postern-\(id)" : id))
        }
    }
}
