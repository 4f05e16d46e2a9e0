// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file of Wycheproof's vectors, beside the repository: `../shared/vectors/wycheproof`.
struct WycheproofFile: Sendable {
    let cases: [Case]

    struct Case: Sendable {
        let id: Int
        /// The public key or set; the private one where there is no public one (symmetric keys).
        let key: JSONValue
        let jws: String
        let isValid: Bool
    }

    /// The comment of the tests that need the files, where they are not there.
    static let absence: Comment = "SKIPPED: Wycheproof's vectors are not in ../shared/vectors/wycheproof"

    /// Whether the vectors are there.
    static let isPresent: Bool = {
        let isPresent = path("json_web_signature_test.json") != nil && path("json_web_key_test.json") != nil
        if !isPresent { print(absence) }
        return isPresent
    }()

    init(_ name: String) throws {
        let path = try #require(Self.path(name))
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        var cases: [Case] = []
        for group in try #require(JSONValue(parsing: bytes)["testGroups"]?.elements) {
            let key = try #require(group["public"] ?? group["private"])
            for test in try #require(group["tests"]?.elements) {
                guard case .number(let id)? = test["tcId"], case .string(let jws)? = test["jws"] else { continue }
                cases.append(Case(id: id.integer ?? 0, key: key, jws: jws, isValid: test["result"] == .string("valid")))
            }
        }
        self.cases = cases
    }

    private static func path(_ name: String) -> String? {
        var folder = #filePath[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            let path = "\(folder)/shared/vectors/wycheproof/\(name)"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return nil
    }
}
