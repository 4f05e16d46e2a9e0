// SPDX-License-Identifier: Apache-2.0

import CMalloc
import RuleFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Times and memory of a folder of many rule files: the first load, a look at rest, a reload of one changed file, a comparison.
///
/// Arguments: the number of files, and a folder for them, which is kept. If it has some already, these are used.
@main
struct ManyTenants {
    private let path: String
    private let count: Int

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.first.flatMap { Int($0) } ?? 100_000
        if let path = arguments.dropFirst().first {
            try ManyTenants(path: path, count: count).run()
        } else {
            let path = FileManager.default.temporaryDirectory.appending(path: "postern-many-tenants-\(getpid())").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try ManyTenants(path: path, count: count).run()
        }
    }

    private func run() throws {
        if !FileManager.default.fileExists(atPath: path + "/tenants") {
            try FileManager.default.createDirectory(atPath: path + "/tenants", withIntermediateDirectories: true)
            try write(Self.service(["login", "partner"]), to: "postern.yaml")
            for index in 0..<count { try write(Self.tenant(index), to: Self.name(index)) }
        }
        print("\(count) files; processor time, time, resident memory, and how much it has grown at most meanwhile\n")

        let settings = try ServiceSettings(file: path + "/postern.yaml")
        var folder = try measure("first load") {
            let (outcome, folder) = RuleFolder.load(path + "/tenants", service: settings, at: later())
            print("\(try outcome.result.get().files.count) tenants, \(outcome.warnings.count) warnings")
            return folder
        }
        malloc_trim(0)
        for _ in 0..<3 { measure("look at rest") { expect(folder.look(at: later()), .unchanged) } }
        measure("look that reads everything") { expect(folder.look(everything: true, at: later()), .unchanged) }

        let place = count / 2
        for (what, text) in [
            ("one file changed", Self.tenant(place, maxSize: "2MiB")), ("one bad file", "tenant: x"),
            ("one file in conflict", Self.tenant(place).replacing("b\(place)/", with: "b\(place + 8)/")),
            ("one file mended", Self.tenant(place)),
        ] {
            try write(text, to: Self.name(place))
            try reload(&folder, what)
        }
        try write(Self.tenant(count), to: Self.name(count))
        try reload(&folder, "one file more")
        unlink(path + "/" + Self.name(count))
        try reload(&folder, "one file less")
        try write(Self.service(["login", "partner", "third"]), to: "postern.yaml")
        try reload(&folder, "another service-wide issuer")
        try write(Self.service(["partner", "third"]), to: "postern.yaml")
        try reload(&folder, "one service-wide issuer less, which a tenant names")
        for index in 0..<(count / 2) { try write(Self.tenant(index, maxSize: "3MiB"), to: Self.name(index)) }
        try reload(&folder, "half of the files changed")
        for index in 0..<(count / 2) { try write(Self.tenant(index), to: Self.name(index)) }
        try write(Self.service(["login", "partner"]), to: "postern.yaml")
        try compare()
    }

    /// Compares the files with a copy of them, in which none, one or all are changed.
    private func compare() throws {
        print("")
        try FileManager.default.createDirectory(atPath: path + "/changed", withIntermediateDirectories: true)
        for (what, changed) in [("no file", 0), ("one file", 1), ("every file", count)] {
            for index in 0..<count {
                try write(
                    Self.tenant(index, maxSize: index < changed ? "10MiB" : "5MiB"),
                    to: Self.name(index).replacing("tenants/", with: "changed/"))
            }
            let comparison = measure("diff, \(what) changed") {
                RuleComparison(
                    from: .init(folder: path + "/tenants", service: path + "/postern.yaml"),
                    to: .init(folder: path + "/changed", service: path + "/postern.yaml"), at: .now)
            }
            let widenings = comparison.changes.count(where: \.widens)
            let witnesses = comparison.changes.count { $0.witness != nil }
            print("    \(comparison.changes.count) changes, \(widenings) widen access, \(witnesses) with a witness")
            malloc_trim(0)
        }
        try FileManager.default.removeItem(atPath: path + "/changed")
    }

    private func reload(_ folder: inout RuleFolder, _ what: String) throws {
        measure("\(what): two looks") {
            expect(folder.look(at: later()), .unsettled)
            expect(folder.look(at: later()), .settled)
        }
        let reload = measure("\(what): a book") { folder.makeBook() }
        let counts = "\(reload.added.count) added, \(reload.changed.count) changed, \(reload.removed.count) removed"
        print("    \(reload.isChanged ? counts : "nothing changed"), \(reload.heldBack.count) held back")
        malloc_trim(0)
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }

    /// A time at which no file is racy.
    private func later() -> Date { Date.now + 3600 }

    private func expect(_ look: RuleFolder.Look, _ expected: RuleFolder.Look) {
        if look != expected { print("UNEXPECTED: \(look), not \(expected)") }
    }

    // MARK: Measuring

    @discardableResult
    private func measure<Result>(_ what: String, _ body: () throws -> Result) rethrows -> Result {
        // Sets the highest resident memory to the present one (proc(5)).
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = Self.memory("VmRSS")
        let (start, used) = (ContinuousClock.now, Self.processorTime)
        let result = try body()
        let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
        let most = Self.memory("VmHWM")
        print("\(what): \(Self.processorTime - used) ms, \(milliseconds) ms; \(Self.memory("VmRSS")) MB, +\(most - before) MB")
        fflush(nil)
        return result
    }

    /// In milliseconds.
    private static var processorTime: Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }

    /// In megabytes.
    private static func memory(_ name: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) / 1000
    }

    // MARK: Files

    private static func name(_ index: Int) -> String { "tenants/tenant-\(index).yaml" }

    private static func service(_ names: [String]) -> String {
        "issuers:\n"
            + names.map {
                "  - {issuer: \"https://\($0).example\", name: \($0), audience: up, algorithms: [ES256], keys: {discovery: true}, tenantClaim: org}\n"
            }.joined()
    }

    /// A file as tenants have them: issuers of their own or shared ones, aliases, API keys; buckets of their own or shared ones.
    private static func tenant(_ index: Int, maxSize: String = "5MiB") -> String {
        let id = "tenant-\(index)"
        func issuer(_ url: String, _ more: String) -> String {
            "    - {issuer: \"\(url)\", name: staff, \(more), algorithms: [RS256], keys: {jwks: \"\(url)/jwks.json\"}, attributes: {team: team}}\n"
        }
        let hash = String(index, radix: 16)
        let keys = ["cms", "app"].map { key in
            "    - {id: \(key), sha256: \(String(repeating: key == "cms" ? "a" : "b", count: 64 - hash.count))\(hash)}\n"
        }
        let auth: String
        var rest = ""
        switch index % 5 {
        case 0: auth = "  issuers:\n" + issuer("https://id.\(id).example", "audience: uploads")
        case 1: auth = "  issuers:\n" + issuer("https://acme.example/auth", "audience: \(id)") + "  apiKeys:\n" + keys[0]
        case 2: auth = "  issuers:\n" + issuer("https://acme.example/auth", "audience: uploads, claims: {org_id: org_\(index)}")
        case 3:
            auth = "  apiKeys:\n" + keys.joined()
            rest = "aliases: [org_\(index)]\nserviceIssuers: [login]\n"
        default: auth = "  apiKeys:\n" + keys.joined()
        }
        let bucket = index % 2 == 0 ? "uploads-\(index % 8)" : "\(id)-uploads"
        let user = index % 5 < 3 ? "{user}/" : ""
        return """
            # Uploads of \(id).
            tenant: \(id)
            store: {bucket: \(bucket), region: eu-west-1}
            auth:
            \(auth)origins: ["https://app.\(id).example", "https://admin.\(id).example"]
            \(rest)rules:
              avatars:
                keyPrefix: "b\(index)/avatars/\(user)"
                contentTypes: [image/png, image/jpeg, image/webp]
                maxSize: \(maxSize)
                limits: {perUser: 60/1m, perTenant: 1000/1h}
              documents:
                keyPrefix: "b\(index)/documents/{yyyy}/{mm}/\(user)"
                keyName: "{uuid}-{filename}"
                contentTypes: [application/pdf]
                maxSize: 50MiB
                contentDisposition: attachment
                metadata: {fixed: {source: web}}
              raw:
                keyPrefix: "b\(index)/raw/\(user)"
                contentTypes: [image/tiff]
                maxSize: 500MiB
                tags: {kind: raw}

            """
    }
}
