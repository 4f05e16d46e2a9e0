// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import UploadRules
import UserAuth
import WireFormats

@testable import RuleFiles

/// Whatever rule files pass the checks: the keys of two tenants, of users of two issuers and of two values of a claim are never in
/// each other's folders, by their bytes.
struct KeyOwnershipTests {
    private struct Caller {
        let issuer: String
        let uploader: Uploader
    }

    private static let names = [
        "staff", "web", "a", "b", "shared", "2026", "acme", "~", "..", ".", "a/b", "A", "é", "e\u{301}", "a\n", "%",
    ]
    private static let pieces = [
        "a/", "b/", "shared/", "web/", "{tenant}/", "{user}/", "{user}/", "{issuer}/", "{issuer}/{user}/", "{claim.org}/",
        "{yyyy}/",
        "{uuid}/", "x-{yyyy}/", "{claim.team}/{user}/", "{audit}/", "{user}/{path}/", "{path}/", "{path}/a/", "{filename}/",
    ]
    /// What a path of some length can reach.
    private static let reachable = [
        "{tenant}/a/b/{user}/", "{tenant}/{path}/", "{tenant}/a/{path}/", "{tenant}/a/{user}/", "{tenant}/{user}/{path}/",
    ]
    private static let fileNames = [
        "{uuid}.{ext}", "{uuid}.{ext}", "{filename}", "{path}/{filename}", "{user}/{filename}", "{audit}",
    ]

    private static func caller(_ tenant: String, random: inout SplitMix64) -> Caller {
        func name() -> String { names.randomElement(using: &random) ?? "" }
        let issuer = Bool.random(using: &random) ? "staff" : "web"
        return Caller(
            issuer: issuer,
            uploader: Uploader(tenant: tenant, user: name(), issuer: issuer, attributes: [("org", name()), ("team", name())]))
    }

    private static func file(_ tenant: String, random: inout SplitMix64) -> String {
        func prefix(_ rule: String) -> String {
            if Int.random(in: 0..<4, using: &random) == 0 { return reachable.randomElement(using: &random) ?? "" }
            // Most files need a folder of their own to pass.
            return (Int.random(in: 0..<8, using: &random) == 0 ? "" : "{tenant}/")
                + (Bool.random(using: &random) ? "\(rule)/" : "")
                + (0...Int.random(in: 0...2, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        }
        func rule(_ name: String) -> String {
            let restriction = ["", ", issuers: [staff]", ", issuers: [web]"].randomElement(using: &random) ?? ""
            let template = prefix(name)
            let fileName = fileNames.randomElement(using: &random) ?? ""
            let parameters = (template + fileName).contains("{audit}") ? ", parameters: {audit: name}" : ""
            let form = Bool.random(using: &random) ? ", filenames: unicode" : ""
            return
                "  \(name): {keyPrefix: \"\(template)\", keyName: \"\(fileName)\", contentTypes: [image/png], maxSize: 1\(restriction)\(parameters)\(form)}\n"
        }
        let issuers = ["staff", "web"].map { name in
            "    - {issuer: https://\(name).\(tenant).example, name: \(name), audience: x, algorithms: [RS256], keys: {jwksFile: k}, attributes: {org: o, team: t}}\n"
        }.joined()
        return """
            tenant: \(tenant)
            store: {bucket: files, region: eu-west-1}
            auth:
              issuers:
            \(issuers)
            rules:
            \(rule("one"))\(rule("two"))
            """
    }

    /// The key's segments, and for each the owner that its placeholder stands for.
    private struct Key {
        let segments: [ArraySlice<UInt8>]
        let owners: [Int: ExactString]
    }

    private static func key(_ rule: UploadRule, _ caller: Caller, random: inout SplitMix64) throws -> Key? {
        if let issuers = rule.issuers, !issuers.contains(caller.issuer) { return nil }
        let uuid = "0193-\(UInt32.random(in: 0 ... .max, using: &random))"
        func name() -> String { names.randomElement(using: &random) ?? "a" }
        // Folders that are other users' names, encoded or not.
        let folders = (0..<Int.random(in: 0...4, using: &random))
            .map { _ in ["a", "b", "one", "two", name()].randomElement(using: &random) ?? "a" }
            .filter { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("/") }
        let request = UploadRequest(
            rule: rule.name, filename: name(), contentType: "image/png", size: 1,
            parameters: rule.parameters.map {
                ($0.name, ["a", "b", "shared", "staff", "acme"].randomElement(using: &random) ?? "a")
            },
            path: folders.isEmpty ? nil : (folders + ["x"]).joined(separator: "/"))
        let admission = try rule.admit(
            request, uploader: caller.uploader, uuid: uuid, at: Date(timeIntervalSince1970: 1_780_000_000))
        let template = (rule.keyPrefix.segments.dropLast() + rule.keyName.segments).flatMap { segment in
            segment == [.placeholder(.path)] ? Array(repeating: segment, count: folders.count) : [segment]
        }
        var owners: [Int: ExactString] = [:]
        let issuerPlace = template.firstIndex(of: [.placeholder(.issuer)]) ?? 0
        for (index, segment) in template.enumerated() {
            guard segment.count == 1, case .placeholder(let placeholder) = segment[0] else { continue }
            switch placeholder {
            // A user is a pair, also if the issuer is not in the key. If {issuer} follows, the user's folder ends there.
            case .user: owners[max(index, issuerPlace)] = ExactString("\(caller.issuer)\n\(caller.uploader.user ?? "")")
            case .issuer: if owners[index] == nil { owners[index] = ExactString(caller.issuer) }
            case .claim(let name):
                let value = caller.uploader.attributes.first { $0.name == name }?.value
                owners[index] = ExactString("\(name)\n\(value ?? "")")
            default: break
            }
        }
        let segments = Array(admission.key.text.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        #expect(segments.count == template.count)
        return Key(segments: segments, owners: owners)
    }

    @Test(arguments: 0..<6)
    func `nobody's keys are in the folder of another tenant, user, issuer or claim`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var loaded = 0
        for _ in 0..<600 {
            let files = ["acme", "beta"].map { ($0, Self.file($0, random: &random)) }
            let outcome = Example.load(Dictionary(uniqueKeysWithValues: files.map { ("\($0.0).yaml", $0.1) }))
            guard let book = try? outcome.result.get() else { continue }
            loaded += 1
            var keys: [(tenant: String, key: Key)] = []
            for tenant in book.tenants {
                for rule in tenant.rules {
                    for _ in 0..<12 {
                        let caller = Self.caller(tenant.id, random: &random)
                        if let key = try Self.key(rule, caller, random: &random) { keys.append((tenant.id, key)) }
                    }
                }
            }
            for (tenant, owner) in keys {
                for (place, name) in owner.owners where place < owner.segments.count - 1 {
                    let folder = owner.segments[...place]
                    for (otherTenant, other) in keys
                    where other.segments.count > place + 1 && other.segments[...place].elementsEqual(folder) {
                        #expect(tenant == otherTenant && other.owners[place] == name, "\(files) \(owner) \(other)")
                    }
                }
            }
        }
        #expect(loaded >= 20, "enough files pass the checks to say something")
    }
}
