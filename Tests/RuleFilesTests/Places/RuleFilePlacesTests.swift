// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import UploadRules
import UserAuth

@testable import RuleFiles

struct RuleFilePlacesTests {
    private static let text = """
        tenant: acme
        stores:
          bay: {bucket: bay, region: auto, endpoint: "https://s3.bay.example", method: put}
          tight:
            bucket: tight
            region: eu-west-1
            maxPolicyBytes: 2000
        serviceIssuers: true
        suspended: true
        deny:
          users: [u1, "u 2"]
          issuedBefore: 2026-11-01
        origins: [https://app.acme.example]
        sharedUsers: true
        auth:
          issuers:
            - {issuer: https://a.example, audience: a, algorithms: [ES256], keys: {pemFile: a}, name: a, until: 2026-12-31}
            - issuer: https://b.example
              audience: b
              algorithms: [ES256]
              keys: {pemFile: b}
              name: b
              claims: {use: access}
              attributes: {org: org, team: team}
          apiKeys:
            - {id: cms, sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}
            - id: few
              sha256: 6e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
              expires: 2026-12-31
              rules: [plain]
              allowUsers: [u1]
        rules:
          plain: {store: tight, keyPrefix: plain/, contentTypes: [image/png], maxSize: 1MiB}
          full:
            store: tight
            keyPrefix: full/{user}/{claim.org}/{audit}/
            keyName: "{uuid}-{filename}"
            parameters: {audit: digits}
            contentTypes:
              - image/png
              - {type: application/dicom, extensions: [dcm]}
            minSize: 10
            maxSize: 1MiB
            checksum:
              required: true
              algorithms: [sha256, crc32c]
            metadata:
              fixed: {Team: "{claim.team}"}
              allowed: [album]
            tags: {name: "{user}"}
            requireScope: upload
            issuers: [b]
          sums: {store: tight, keyPrefix: sums/, contentTypes: [image/png], maxSize: 1, checksum: required}
          tagged: {store: tight, keyPrefix: tagged/, contentTypes: [image/png], maxSize: 1, tags: {of: "{user}"}}
          paths: {store: tight, keyPrefix: "paths/{path}/", keyName: "{uuid}.{ext}", contentTypes: [image/png], maxSize: 1}
          keys: {store: tight, keyPrefix: keys/, contentTypes: [image/png], maxSize: 1, apiKeysOnly: true}
          put: {store: bay, keyPrefix: put/, contentTypes: [image/png], maxSize: 1}

        """

    private let files: UsableFiles
    private let places: RuleFilePlaces

    init() throws {
        let system = RuleFileSystem.memory(["t/acme.yaml": Self.text])
        files = try UsableFiles.load("acme", folder: "t", service: ServiceSettings(), files: system)
        places = try RuleFilePlaces(files.file, files: system)
    }

    private func rule(_ name: String) throws -> UploadRule {
        try #require(files.file.tenant.rules.first { $0.name == name })
    }

    private func caller(key: String? = nil, issuer: String = "b") throws -> Principal {
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        if let key {
            return try UnsignedTokenVerifier.owner(of: try #require(files.file.apiKeys.first { $0.id == key }), at: now)
        }
        let declared = try #require(files.file.issuers.first { $0.name == issuer })
        return try AssumedToken(issuer: declared.identifier, user: "u1", tenant: "acme").principal(
            of: declared, owner: "acme", at: now)
    }

    /// The line of the file that begins with a text, and the column of another text in it: `[line, column]`.
    private static func place(_ beginning: String, _ text: String? = nil) throws -> [Int] {
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
        let found = lines.indices.filter { lines[$0].drop { $0 == " " }.hasPrefix(beginning) }
        try #require(found.count == 1, "\(beginning)")
        let line = lines[found[0]]
        let range = try #require(line.range(of: text ?? beginning))
        return [found[0] + 1, line.distance(from: line.startIndex, to: range.lowerBound) + 1]
    }

    /// A refusal, the rule, the beginning of the line, the text at the column, and the text that is shown.
    private static let refusals: [(Refusal, String, line: String, at: String, shown: String)] = [
        (.scopeMissing("upload"), "full", "requireScope", "requireScope", "requireScope: upload"),
        (.claimMissing("org"), "full", "keyPrefix: full", "keyPrefix", "keyPrefix: full/{user}/{claim.org}/{audit}/"),
        (.claimMissing("team"), "full", "fixed", "Team", "team: \"{claim.team}\""),
        (.userRequired, "full", "keyPrefix: full", "keyPrefix", "keyPrefix: full/{user}/{claim.org}/{audit}/"),
        (.userRequired, "tagged", "tagged", "of:", "of: \"{user}\""),
        (
            .contentTypeNotAllowed(.malformed, allowed: []), "full", "contentTypes:", "contentTypes",
            "contentTypes: [image/png, {type: application/dicom, extensions: [dcm]}]"
        ),
        (.sizeTooLarge(size: 2, max: 1), "full", "maxSize", "maxSize", "maxSize: 1MiB"),
        (.sizeTooSmall(size: 1, min: 10), "full", "minSize", "minSize", "minSize: 10"),
        (
            .sizeTooSmall(size: 0, min: 1), "plain", "plain:", "plain",
            "plain has no minSize; the default is: 1: an empty file is refused"
        ),
        (.sizeRequired, "put", "bay", "method", "method: put"),
        (.checksumRequired(allowed: []), "full", "required", "required", "required: true"),
        (.checksumRequired(allowed: []), "sums", "sums", "checksum", "checksum: required"),
        (.checksumNotAllowed(nil, allowed: []), "full", "algorithms: [sha256", "algorithms", "algorithms: [sha256, crc32c]"),
        (
            .checksumNotAllowed(.md5, allowed: []), "plain", "plain:", "plain",
            "plain has no checksum; the default is: a SHA-256 is optional"
        ),
        (
            .checksumMalformed(.sha256, .checksum, characters: 1), "full", "algorithms: [sha256", "algorithms",
            "algorithms: [sha256, crc32c]"
        ),
        (.metadataNotAllowed(name: nil, allowed: []), "full", "allowed", "allowed", "allowed: [album]"),
        (
            .metadataNotAllowed(name: nil, allowed: []), "plain", "plain:", "plain",
            "metadata has no allowed; the default is: none"
        ),
        (.parameterInvalid(.missing(.init(name: "audit", kind: .digits))), "full", "parameters", "audit", "audit: digits"),
        (.parameterInvalid(.wrong(.init(name: "audit", kind: .digits))), "full", "parameters", "audit", "audit: digits"),
        (.parameterInvalid(.unknown(allowed: [])), "full", "parameters", "parameters", "parameters: {audit: digits}"),
        (.parameterInvalid(.unknown(allowed: [])), "plain", "plain:", "plain", "plain has no parameters; the default is: none"),
        (
            .keyTooLong(bytes: 2000, hasFilename: true), "full", "keyName: \"{uuid}-{f", "keyName",
            "keyName: \"{uuid}-{filename}\""
        ),
        (
            .keyTooLong(bytes: 2000, hasFilename: false), "full", "keyPrefix: full", "keyPrefix",
            "keyPrefix: full/{user}/{claim.org}/{audit}/"
        ),
        (.formTooLarge, "full", "full:", "full", "full:"),
        (.headersTooLarge, "put", "put:", "put", "put:"),
        (.headerImpossible, "put", "put:", "put", "put:"),
        (.policyTooLong(bytes: 3000, max: 2000), "full", "maxPolicyBytes", "maxPolicyBytes", "maxPolicyBytes: 2000"),
        (.invalid("No."), "full", "full:", "full", "full:"),
        (.invalid("No.", about: .user), "full", "keyPrefix: full", "keyPrefix", "keyPrefix: full/{user}/{claim.org}/{audit}/"),
        (.invalid("No.", about: .path), "paths", "paths", "keyPrefix", "keyPrefix: \"paths/{path}/\""),
        (
            .invalid("No.", about: .metadata), "full", "metadata", "metadata",
            "metadata: {fixed: {Team: \"{claim.team}\"}, allowed: [album]}"
        ),
        (.invalid("No.", about: .tags), "full", "tags: {name", "tags", "tags: {name: \"{user}\"}"),
    ]

    @Test(arguments: refusals.indices)
    func `a refusal is found at the key that it is about`(index: Int) throws {
        let (refusal, name, line, text, shown) = Self.refusals[index]
        let found = places.place(of: refusal, by: try rule(name), named: name, caller: try caller())
        let place = try Self.place(line, text)
        #expect([found.line, found.column] == place, "\(found)")
        #expect(found.text == shown && found.file == "t/acme.yaml")
        #expect(found.isDefault == shown.contains(" has no "))
        #expect(found.description == "t/acme.yaml:\(place[0]):\(place[1]): \(shown)")
    }

    @Test(
        arguments: [
            (nil, "few", "rules:", "rules"), ("none", nil, "rules:", "rules"), ("keys", nil, "keys: {store", "apiKeysOnly"),
            ("full", "few", "rules: [", "rules"), ("full", "cms", "issuers: [b]", "issuers"),
        ] as [(String?, String?, String, String)])
    func `a rule that the caller may not use is found at what keeps it away`(
        name: String?, key: String?, line: String, at: String
    ) throws {
        let refusal: Refusal = name == nil ? .ruleRequired(allowed: []) : .ruleUnknown(allowed: [])
        let found = places.place(of: refusal, by: nil, named: name, caller: try caller(key: key))
        // The list of rules is the line with nothing after its colon.
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
        let list = try #require(lines.firstIndex(of: "rules:"))
        let place = line == "rules:" ? [list + 1, 1] : try Self.place(line, at)
        #expect([found.line, found.column] == place, "\(found)")
        #expect(line != "rules:" || found.text == "rules:")
    }

    @Test(
        arguments: [
            (.tenantUnknown, "serviceIssuers", "serviceIssuers", "serviceIssuers: true"),
            (.tenantSuspended, "suspended", "suspended", "suspended: true"),
            (.issuedTooEarly, "issuedBefore", "issuedBefore", "issuedBefore: 2026-11-01"),
            (.userDenied, "users: [u1", "\"u 2\"", "users: \"u 2\""),
            (.originNotAllowed, "origins", "origins", "origins: [https://app.acme.example]"),
            (.userMissing, "allowUsers", "allowUsers", "allowUsers: [u1]"),
            (.userNotAllowed, "allowUsers", "allowUsers", "allowUsers: [u1]"),
        ] as [(AccessError, String, String, String)])
    func `a caller whom the tenant refuses is found at the key that does`(
        error: AccessError, line: String, text: String, shown: String
    ) throws {
        let found = try #require(places.place(of: error, caller: try caller(key: "few"), user: "u 2"))
        let place = try Self.place(line, text)
        #expect([found.line, found.column] == place)
        #expect(found.text == shown)
    }

    @Test(arguments: [AccessError.userNamedByToken, .userInvalid])
    func `no line decides what only the request gets wrong`(error: AccessError) throws {
        #expect(places.place(of: error, caller: try caller(), user: "u1") == nil)
    }

    @Test func `a caller without a tenant is found at the aliases if they decide`() throws {
        let text = Self.text.replacing("serviceIssuers: true", with: "serviceIssuers: true\naliases: [x]")
        let system = RuleFileSystem.memory(["t/acme.yaml": text])
        let file = try UsableFiles.load("acme", folder: "t", service: ServiceSettings(), files: system).file
        var login = Issuer(pattern: IssuerPattern(exact: "https://login.example"), algorithms: [.es256], keySource: .pemFile("k"))
        login.audiences = ["up"]
        let caller = try AssumedToken(issuer: "https://login.example", user: "u1", tenant: "y").principal(
            of: login, owner: nil, at: Date(timeIntervalSince1970: 1_790_000_000))
        let found = try RuleFilePlaces(file, files: system).place(of: .tenantUnknown, caller: caller, user: nil)
        #expect(found?.text == "aliases: [x]")
        let other = places.place(of: .tenantUnknown, caller: caller, user: nil)
        #expect(other?.text == "the file has no aliases; the default is: the id")
    }

    @Test func `an entry that has ended is found`() throws {
        let issuer = try #require(files.file.issuers.first { $0.name == "a" })
        let ended = try #require(places.place(of: AuthenticationError.issuerEnded, issuer: issuer, keyID: nil))
        let place = try Self.place("- {issuer: https://a", "until")
        #expect([ended.line, ended.column] == place)
        #expect(ended.text == "until: 2026-12-31")
        let expired = try #require(places.place(of: .apiKeyExpired, issuer: nil, keyID: "few"))
        #expect(expired.text == "expires: 2026-12-31")
        let other = try #require(files.file.issuers.first { $0.name == "b" })
        let claim = places.place(of: .requiredClaimMismatch(claim: "use"), issuer: other, keyID: nil)
        #expect(claim?.text == "use: access")
        #expect(places.place(of: .issuedTooEarly, issuer: other, keyID: nil)?.text == "issuedBefore: 2026-11-01")
        #expect(places.place(of: .userMalformed, issuer: other, keyID: nil)?.text == "entry has no user; the default is: sub")
        #expect(places.place(of: .scopesMalformed, issuer: other, keyID: nil)?.text == "issuer: https://b.example")
        #expect(places.place(of: .issuerEnded, issuer: nil, keyID: nil) == nil)
    }

    @Test func `a file that has changed since it was loaded is not looked at`() throws {
        #expect(throws: RuleFilesError.self) {
            try RuleFilePlaces(files.file, files: .memory(["t/acme.yaml": Self.text + "\n"]))
        }
        #expect(throws: RuleFilesError.self) { try RuleFilePlaces(files.file, files: .memory([:])) }
    }

    @Test func `a long value is cut`() throws {
        let types = (0..<200).map { "image/x-\($0)" }.joined(separator: ", ")
        let text =
            "tenant: acme\nstore: {bucket: abc, region: eu-west-1}\nrules:\n  a: {keyPrefix: a/, maxSize: 1, contentTypes: [\(types)]}\n"
        let system = RuleFileSystem.memory(["t/acme.yaml": text])
        let file = try UsableFiles.load("acme", folder: "t", service: ServiceSettings(), files: system).file
        let refusal = Refusal.contentTypeNotAllowed(.malformed, allowed: [])
        let found = try RuleFilePlaces(file, files: system).place(
            of: refusal, by: file.tenant.rules[0], named: nil, caller: try caller())
        #expect(found.text.count < 200 && found.text.hasSuffix("…"))
    }
}
