// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UploadRules
import UserAuth

@testable import RuleFiles

/// Random edits of a few files that often contradict each other.
struct RuleFolderPropertyTests {
    private static let ids = ["a", "b", "c", "d", "e", "f"]

    private static func tenant(_ id: String, random: inout SplitMix64) -> String {
        func pick(_ choices: [String?]) -> String? { choices.randomElement(using: &random) ?? nil }
        let prefix = pick(["\(id)/", "\(id)/", "a/", "b/", "x/", "x/y/", "x/\(id)/", "\(id)-{uuid}/"])
        let issuer = pick([nil, nil, "https://\(id)", "https://i", "https://login.example", "https://i/{tid}/x", "https://i/7/x"])
        let audience = pick(["up", "up", id]) ?? "up"
        let lines = [
            pick([
                nil, nil, nil, "aliases: [\(Self.ids.randomElement(using: &random) ?? "a")]", "aliases: [org]",
                "aliases: [org-\(id)]",
            ]),
            pick([nil, nil, nil, "serviceIssuers: true", "serviceIssuers: [login]", "serviceIssuers: [partner]"]),
            pick([nil, nil, nil, nil, nil, "typo: 1"]),
        ]
        let keys = pick([nil, "cms", "app"]).map { [$0] } ?? []
        return FolderUnderTest.tenant(
            id, prefix: prefix, issuer: issuer, audience: audience, keys: keys,
            more: lines.compactMap(\.self).joined(separator: "\n"))
    }

    private static func service(random: inout SplitMix64) -> String {
        let names = [[], ["login"], ["partner"], ["login", "partner"]].randomElement(using: &random) ?? []
        let text = FolderUnderTest.service(names, audience: ["up", "other"].randomElement(using: &random) ?? "up")
        return Int.random(in: 0..<6, using: &random) == 0 ? text + "typo: 1\n" : text
    }

    private static func edit(_ system: MemoryFileSystem, random: inout SplitMix64) {
        let id = ids.randomElement(using: &random) ?? "a"
        switch Int.random(in: 0..<12, using: &random) {
        case 0: system.remove("t/\(id).yaml")
        case 1: system.write(service(random: &random), to: "postern.yaml")
        case 2:
            system.write(String(tenant(id, random: &random).prefix(Int.random(in: 0..<200, using: &random))), to: "t/\(id).yaml")
        case 3: system.move("t/\(id).yaml", to: "t/\(ids.randomElement(using: &random) ?? "a").yaml")
        default: system.replace("t/\(id).yaml", with: tenant(id, random: &random))
        }
    }

    private static func load(_ files: [String: String], _ service: ServiceSettings?) -> Result<RuleBook, RuleFilesError> {
        let paths = Dictionary(uniqueKeysWithValues: files.map { ("t/\($0).yaml", $1) })
        return RuleLoader.load(folder: "t", service: service, files: .memory(paths)).result
    }

    private static func isRight(_ files: [String: String], _ service: ServiceSettings?) -> Bool {
        if case .success = load(files, service) { true } else { false }
    }

    @Test(arguments: 0..<8)
    func `whatever is edited, what is in force is consistent, and is the newest that can be`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let start = ["a": FolderUnderTest.tenant("a"), "b": FolderUnderTest.tenant("b")]
        var test = try FolderUnderTest(
            Dictionary(uniqueKeysWithValues: start.map { ("\($0).yaml", $1) }), service: FolderUnderTest.service(["login"]))
        /// Every text that a file had, by tenant and digest.
        var texts: [String: String] = [:]
        func note(_ files: [String: String]) {
            for (id, text) in files { texts["\(id) \(SHA256Digest(hashing: Array(text.utf8)))"] = text }
        }
        note(start)
        var inForce = start
        var books: [String: [String: String]] = [:]

        for step in 0..<80 {
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.edit(test.system, random: &random) }
            let files = test.system.texts(in: "t")
            guard !files.isEmpty else { continue }
            note(files)
            let reload = test.reload()
            let before = inForce
            inForce = [:]
            for file in test.book.files { inForce[file.tenant.id] = texts["\(file.tenant.id) \(file.digest)"] }
            let comment: Comment = "seed \(seed), step \(step)"

            let heldBack = Set(reload.heldBack.compactMap(\.tenant))
            // What is in force could be loaded as a whole, and is the same book then; except for tenants that name an issuer which is
            // gone, and tenants that stay because none would be left.
            let unsound = heldBack.filter { id in
                guard let text = inForce[id] else { return false }
                return !Self.isRight([id: text], reload.service)
            }
            let sound = inForce.filter { !unsound.contains($0.key) }
            #expect(inForce.count == test.book.files.count, comment)
            if sound.isEmpty {
                #expect(inForce.keys.allSatisfy { before[$0] != nil }, comment)
            } else {
                let whole = try Self.load(sound, reload.service).get()
                #expect(whole.digest == test.book.digest || !unsound.isEmpty, comment)
                let files = test.book.files.filter { !unsound.contains($0.tenant.id) }
                #expect(whole.tenants.map(\.id) == files.map(\.tenant.id), comment)
                for (one, other) in zip(whole.files, files) { #expect(one.keyIssuers == other.keyIssuers, comment) }
            }
            // Equal contents have equal digests, and others have others.
            if let known = books[test.book.digest] { #expect(known == inForce, comment) }
            #expect(books.filter { $0.value == inForce }.allSatisfy { $0.key == test.book.digest }, comment)
            books[test.book.digest] = inForce

            // A tenant without a file is gone, unless none would be left. All others have the newest content, or what they had and a
            // reason.
            let stayed = heldBack.subtracting(files.keys)
            #expect(stayed.isEmpty || inForce.keys.allSatisfy(stayed.contains), comment)
            #expect(Set(files.keys).union(stayed) == Set(inForce.keys).union(heldBack), comment)
            for (id, text) in files {
                if heldBack.contains(id) {
                    #expect(inForce[id] == before[id] && (inForce[id] != text || unsound.contains(id)), comment)
                    #expect(Self.hasReason(id, files, before, reload), comment)
                } else {
                    #expect(inForce[id] == text, comment)
                }
            }
            #expect(
                reload.heldBack.allSatisfy {
                    !$0.problems.isEmpty && $0.isServed == ($0.tenant.map { inForce[$0] != nil } ?? true)
                })
            // Files that could be loaded as a whole are all in force.
            if let service = try? ServiceSettings(file: "postern.yaml", files: test.system.files), Self.isRight(files, service) {
                #expect(reload.heldBack.isEmpty && inForce == files && reload.service.fileDigest == service.fileDigest, comment)
            }
        }
    }

    /// Whether a file has a problem of its own, or with another one that is or was in the folder.
    private static func hasReason(
        _ id: String, _ files: [String: String], _ before: [String: String], _ reload: RuleReload
    ) -> Bool {
        guard let text = files[id], isRight([id: text], reload.service) else { return true }
        func isConflict(_ other: String, _ otherText: String) -> Bool {
            let alone = problems([other: otherText], reload.service)
            return other != id && !problems([id: text, other: otherText], reload.service).isSubset(of: alone)
        }
        // What is in force may have a problem by now, which is none of this file.
        return before.contains { isConflict($0, $1) }
            || files.contains { isRight([$0: $1], reload.service) && isConflict($0, $1) }
    }

    private static func problems(_ files: [String: String], _ service: ServiceSettings?) -> Set<Diagnostic> {
        if case .failure(let error) = load(files, service) { Set(error.problems) } else { [] }
    }
}
