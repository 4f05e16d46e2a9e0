// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UserAuth
import WireFormats

@testable import RuleFiles

/// The index of issuers' entries, compared with a search through all of them.
struct IssuerDeclarationsTests {
    /// An entry of one issuer. It requires some of a few claims, so that there are entries with the same claims, entries with
    /// others, and, with many claims, more sets of claims than the index keeps apart.
    private static func entry(_ number: Int, claims: Int, _ random: inout SplitMix64) -> IssuerEntry {
        let pattern = IssuerPattern(exact: "https://id.example")
        var issuer = Issuer(
            pattern: pattern, algorithms: Int.random(in: 0..<8, using: &random) == 0 ? [.hs256] : [.rs256],
            keySource: .remote(.discovery))
        issuer.audiences =
            Int.random(in: 0..<4, using: &random) == 0 ? ["a", "b"] : ["app\(Int.random(in: 0..<40, using: &random))"]
        for claim in 0..<claims where Int.random(in: 0..<3, using: &random) == 0 {
            let value = ExactString("v\(Int.random(in: 0..<3, using: &random))")
            issuer.requiredClaims.append(RequiredClaim(name: "claim\(claim)", value: .string(value)))
        }
        let name = "t\(number % 90)"
        return IssuerEntry(
            issuer, file: "tenants/\(name).yaml", tenant: name, position: YAMLPosition(line: number + 1, column: 1))
    }

    @Test(arguments: [1, 3, 9], [UInt64(1), 2, 3])
    func `an entry's first conflict is that of a search through all entries`(claims: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var declarations = IssuerDeclarations()
        var all: [IssuerEntry] = []
        for number in 0..<240 {
            let entry = Self.entry(number, claims: claims, &random)
            declarations.add(entry)
            all.append(entry)
            if Int.random(in: 0..<4, using: &random) == 0 {
                declarations.remove(all.remove(at: Int.random(in: 0..<all.count, using: &random)))
            }
            guard number.isMultiple(of: 60) else { continue }
            all.sort { $0.precedes($1) }
            for entry in all {
                let isOther = { (other: IssuerEntry) in other.tenant != entry.tenant }
                let expected = all.first { isOther($0) && !$0.issuer.excludes(entry.issuer) }
                #expect(declarations.firstConflict(of: entry, where: isOther) === expected)
            }
        }
        for entry in all { declarations.remove(entry) }
        let last = Self.entry(0, claims: claims, &random)
        #expect(declarations.firstConflict(of: last) { _ in true } == nil)
    }
}
