// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Looks for widened access that ``RuleComparison`` does not report: makes pairs of rules and requests at random, and asks both.
package struct DiffOracle {
    /// How many pairs of rules are compared.
    let pairs: Int
    /// How many requests are tried with each pair.
    let requests: Int
    let seed: UInt64
    /// A key that counts as not compared, to see that this is noticed; nil for none. All pairs differ in it and in nothing else that
    /// widens access.
    let ignoring: String?

    package init(pairs: Int, requests: Int, seed: UInt64, ignoring: String? = nil) {
        (self.pairs, self.requests, self.seed, self.ignoring) = (pairs, requests, seed, ignoring)
    }

    package struct Report: Sendable {
        package var pairs = 0
        package var requests = 0
        /// Requests that the new rules take.
        package var granted = 0
        /// Requests to which the new rules give more than the old ones.
        package var widened = 0
        /// Changes that are said to widen access.
        package var widenings = 0
        package var witnesses = 0
        /// Changes that are said to widen access and were shown by no request.
        package var unshown: [String: Int] = [:]
        /// Widened access that no change reports, and witnesses that do not hold.
        package var failures: [String] = []
    }

    package func run() -> Report {
        var report = Report()
        for index in 0..<pairs {
            var random = RandomRules(seed: seed &+ UInt64(index) &* 0x1_0001)
            let pair = RulePair.random(&random, edits: ignoring == nil ? 1...4 : 1...1) { changes in
                let widening = changes.filter(\.widens)
                return ignoring == nil || (!widening.isEmpty && widening.allSatisfy(isIgnored))
            }
            check(pair, &random, &report, index)
        }
        return report
    }

    private func isIgnored(_ change: RuleChange) -> Bool {
        guard let ignoring else { return false }
        return change.key == ignoring || change.key.hasSuffix("." + ignoring) || change.key.hasPrefix(ignoring + ".")
    }

    private func check(_ pair: RulePair, _ random: inout RandomRules, _ report: inout Report, _ index: Int) {
        report.pairs += 1
        let changes = pair.changes.filter { !isIgnored($0) }
        let widening = changes.filter(\.widens)
        report.widenings += widening.count
        for change in widening {
            guard let witness = change.witness else {
                report.unshown[change.key, default: 0] += 1
                continue
            }
            report.witnesses += 1
            if !pair.new.verdict(on: witness.probe).exceeds(pair.old.verdict(on: witness.probe)) {
                report.failures.append("pair \(index): the witness does not hold: \(change.text)\n\(pair.text)")
            }
        }
        for _ in 0..<requests {
            let probe = pair.probe(&random)
            report.requests += 1
            let verdict = pair.new.verdict(on: probe)
            guard case .granted(let tenant, let grant) = verdict else { continue }
            report.granted += 1
            guard verdict.exceeds(pair.old.verdict(on: probe)) else { continue }
            report.widened += 1
            let isReported = widening.contains { change in
                (change.tenant == nil || change.tenant == tenant) && (change.rule == nil || change.rule == grant.rule)
            }
            if !isReported, report.failures.count < 20 {
                report.failures.append(
                    "pair \(index): not reported: tenant \(tenant), rule \(grant.rule), \(probe)\n"
                        + "old: \(pair.old.verdict(on: probe))\nnew: \(verdict)\n\(changes.map(\.text))\n\(pair.text)")
            }
        }
    }
}

/// Two sets of rules, of which one is an edit of the other.
private struct RulePair {
    let old: RuleJudge
    let new: RuleJudge
    let changes: [RuleChange]
    /// All files, to find out what is wrong.
    let text: String
    private let oldFiles: [TenantFile]
    private let newFiles: [TenantFile]
    private let oldService: [Issuer]
    private let newService: [Issuer]

    /// Makes files until they are right, and differ as is wanted.
    static func random(_ random: inout RandomRules, edits: ClosedRange<Int>, isWanted: ([RuleChange]) -> Bool) -> RulePair {
        while true {
            var tenants: [String: RandomValue] = [:]
            for id in ["acme", "beta"].prefix(random.happens(30) ? 2 : 1) {
                // Each file alone, so that most are right.
                for _ in 0..<200 {
                    let file = random.tenant(id)
                    guard Self.load([id: file], service: nil, "old") != nil else { continue }
                    tenants[id] = file
                    break
                }
            }
            let service = random.happens(50) ? random.service() : nil
            guard let before = load(tenants, service: service, "old") else { continue }
            for _ in 0..<100 {
                var (edited, editedService) = (tenants, service)
                for _ in 0..<Int.random(in: edits, using: &random) {
                    if let service = editedService, random.happens(15) {
                        editedService = random.editService(service)
                    } else if let id = edited.keys.sorted().randomElement(using: &random), let file = edited[id] {
                        edited[id] = random.edit(file)
                    }
                }
                if random.happens(3), edited.count > 1 { edited["beta"] = nil }
                guard let after = load(edited, service: editedService, "new") else { continue }
                let pair = RulePair(before, after, tenants, edited, service, editedService)
                if isWanted(pair.changes) { return pair }
            }
        }
    }

    private init(
        _ before: (files: [TenantFile], service: [Issuer]), _ after: (files: [TenantFile], service: [Issuer]),
        _ old: [String: RandomValue], _ new: [String: RandomValue], _ oldService: RandomValue?, _ newService: RandomValue?
    ) {
        (oldFiles, newFiles) = (before.files, after.files)
        (self.oldService, self.newService) = (before.service, after.service)
        self.old = RuleJudge(before.files, serviceIssuers: before.service)
        self.new = RuleJudge(after.files, serviceIssuers: after.service)
        let all = Self.paths(old, oldService, "old").merging(Self.paths(new, newService, "new")) { first, _ in first }
        let comparison = RuleComparison(
            from: .init(folder: "old", service: oldService.map { _ in "old.service" }),
            to: .init(folder: "new", service: newService.map { _ in "new.service" }),
            at: Date(timeIntervalSince1970: RandomRules.time), files: .memory(all))
        changes = comparison.changes
        text = all.sorted { $0.key < $1.key }.map { "--- \($0)\n\($1)" }.joined()
    }

    private static func paths(_ files: [String: RandomValue], _ service: RandomValue?, _ folder: String) -> [String: String] {
        var paths: [String: String] = [:]
        for (id, file) in files { paths["\(folder)/\(id).yaml"] = RandomRules.yaml(file) }
        paths["\(folder).service"] = service.map(RandomRules.yaml)
        return paths
    }

    /// - Returns: nil if the files are not right
    private static func load(
        _ files: [String: RandomValue], service: RandomValue?, _ folder: String
    ) -> (files: [TenantFile], service: [Issuer])? {
        let system = RuleFileSystem.memory(paths(files, service, folder))
        var settings = ServiceSettings()
        if service != nil {
            guard let read = try? ServiceSettings(file: "\(folder).service", files: system) else { return nil }
            settings = read
        }
        guard let book = try? RuleLoader.load(folder: folder, service: settings, files: system).result.get() else { return nil }
        return (book.files, settings.issuers)
    }

    // MARK: Requests

    /// A request that one of the two sides may take.
    func probe(_ random: inout RandomRules) -> Probe {
        let isNew = random.happens(75)
        let (files, service) = isNew ? (newFiles, newService) : (oldFiles, oldService)
        let file = random.choose(files)
        let time = Self.times(&random)
        let caller = caller(of: file, service, at: time, &random)
        let rules = (oldFiles + newFiles).filter { $0.tenant.id == file.tenant.id }.flatMap(\.tenant.rules)
        let rule = random.choose(rules)
        var origin: String?
        if random.happens(25) { origin = random.choose(RandomRules.origins) }
        return Probe(caller: caller, origin: origin, request: request(for: rule, rules, caller, &random), time: time)
    }

    /// Mostly now; sometimes around one of the dates in files.
    private static func times(_ random: inout RandomRules) -> Double {
        guard random.happens(30) else { return RandomRules.time }
        return random.choose(
            [0, 299, 300, 3599, 3600, 86_399, 86_400, 2_592_000, 2_591_999].map { RandomRules.time + $0 })
    }

    private func caller(of file: TenantFile, _ service: [Issuer], at time: Double, _ random: inout RandomRules) -> Probe.Caller {
        let issuers = file.issuers + service
        if let key = file.apiKeys.randomElement(using: &random), issuers.isEmpty || random.happens(30) {
            return .apiKey(tenant: file.tenant.id, id: key.id, sha256: key.sha256)
        }
        guard let issuer = issuers.randomElement(using: &random), var algorithm = issuer.algorithms.randomElement(using: &random)
        else {
            return .apiKey(tenant: file.tenant.id, id: "none", sha256: [])
        }
        var claims = ClaimTree.empty
        let directory = random.choose(RandomRules.aliases)
        if let template = issuer.pattern.template {
            claims.set(ClaimPath("iss"), .text(template.beginning + directory + template.end))
            claims.set(ClaimPath(template.claim), .text(directory))
        } else {
            claims.set(ClaimPath("iss"), .text(issuer.identifier))
        }
        if let audience = issuer.audiences.randomElement(using: &random) {
            claims.set(ClaimPath(issuer.audienceClaim), .text(audience))
            // Of a token that fits entries of two tenants nothing is promised.
            if random.happens(15), oldFiles.count + newFiles.count == 2 {
                claims.set(ClaimPath(issuer.audienceClaim), .list(RandomRules.audiences.map { .text($0) }))
            }
        }
        if let party = issuer.authorizedParties.randomElement(using: &random) { claims.set(ClaimPath("azp"), .text(party)) }
        for required in issuer.requiredClaims { claims.set(ClaimPath(required.name), .raw(required.value.description)) }
        if let tenantClaim = issuer.tenantClaim { claims.set(tenantClaim, .text(directory)) }
        claims.set(issuer.userClaim, .text(random.choose(RandomRules.users)))
        if random.happens(70), let claim = issuer.scopeClaims.randomElement(using: &random) {
            claims.set(claim, .text(random.choose(["read", "write", "read write"])))
        }
        for attribute in issuer.attributes where random.happens(80) {
            claims.set(attribute.claim, .text(random.choose(["one", "two"])))
        }
        let age = random.choose([0, 1, 60, 61, 299, 300, 3600])
        let lifetime = random.choose([300, 600, 601, 3600, 86_400, 86_401, 172_800])
        claims.set(ClaimPath("iat"), .number(Int(time) - age))
        claims.set(ClaimPath("exp"), .number(Int(time) - age + lifetime))
        for _ in 0..<random.choose([0, 0, 0, 0, 1, 1, 2]) { perturb(&claims, at: time, &random) }
        if random.happens(5) { algorithm = Algorithm(named: random.choose(RandomRules.algorithms)) ?? algorithm }
        var keys = PublishedKeys(of: issuer)
        if random.happens(5), let other = (oldFiles + newFiles).flatMap(\.issuers).randomElement(using: &random) {
            keys = PublishedKeys(of: other)
        }
        return .token(.init(claims: claims, algorithm: algorithm, keys: keys))
    }

    private func perturb(_ claims: inout ClaimTree, at time: Double, _ random: inout RandomRules) {
        let app = { (name: String) in ClaimPath("app", [name]) }
        switch Int.random(in: 0..<14, using: &random) {
        case 0: claims.set(ClaimPath("aud"), .text(random.choose(RandomRules.audiences)))
        case 1: claims.set(ClaimPath("client_id"), .text(random.choose(RandomRules.audiences)))
        case 2: claims.set(ClaimPath("azp"), .text(random.choose(RandomRules.parties)))
        case 3: claims.set(ClaimPath("role"), .text(random.choose(["x", "y"])))
        case 4: claims.set(ClaimPath("flag"), .raw(random.choose(["true", "\"true\""])))
        case 5: claims.set(ClaimPath("sub"), .text(random.choose(RandomRules.users)))
        case 6: claims.set(app("id"), .text(random.choose(RandomRules.users)))
        case 7: claims.set(ClaimPath("uid"), .text(random.choose(RandomRules.users)))
        case 8: claims.set(random.choose([ClaimPath("scope"), ClaimPath("scp"), app("roles")]), .text("read write"))
        case 9: claims.set(random.choose([ClaimPath("scope"), ClaimPath("scp"), app("roles")]), .number(17))
        case 10: claims.set(random.choose([ClaimPath("org"), app("org")]), .text(random.choose(RandomRules.aliases)))
        case 11: claims.set(ClaimPath("exp"), .number(Int(time) - random.choose([0, 1, 59, 60, 61, 299, 300])))
        case 12: claims.remove(random.choose(["iat", "azp", "aud", "role", "scope"].map { ClaimPath($0) }))
        default: claims.set(ClaimPath("tid"), .text(random.choose(RandomRules.aliases)))
        }
    }

    private func request(for rule: UploadRule, _ rules: [UploadRule], _ caller: Probe.Caller, _ random: inout RandomRules)
        -> UploadRequest
    {
        var request = UploadRequest(rule: random.happens(85) ? rule.name : nil)
        let other = rules.filter { $0.name == rule.name }.randomElement(using: &random) ?? rule
        request.contentType = random.choose([
            rule.contentTypes.example.type, random.choose(RandomRules.types), "", "application/dicom",
        ])
        if random.happens(50) { request.contentType = rule.contentTypes.example.type }
        if random.happens(50) {
            request.filename = random.choose(["a.png", "Grüße.csv", "x.dcm", "y.dicom", "b.pdf", "c.svg", "noending", "d.mp4"])
        }
        if random.happens(60) || rule.store.method == .put {
            let sizes = [rule.sizes, other.sizes].flatMap { [$0.lowerBound, $0.upperBound] }
            request.size = max(0, random.choose(sizes) + random.choose([0, 0, 0, 1, -1]))
        }
        if rule.checksum.isRequired || random.happens(20) {
            let algorithm = random.choose(random.happens(80) ? rule.checksum.algorithms : ChecksumAlgorithm.allCases)
            let zeros = [UInt8](repeating: 0, count: algorithm.byteCount)
            request.checksum = RequestedChecksum(algorithm: algorithm.rawValue, value: Base64.encode(zeros.span))
        }
        if random.happens(20) {
            request.metadata = [
                (random.choose(RandomRules.metadata), String(repeating: "x", count: random.choose([1, 200, 300])))
            ]
        }
        if random.happens(rule.parameters.isEmpty ? 3 : 90) {
            request.parameters = [("p1", random.choose(["7", "a", "0000000A-0000-4000-8000-00000000000B"]))]
        }
        if random.happens(20) { request.path = random.choose(["site/css/a.png", "a.png"]) }
        if case .apiKey = caller, random.happens(70) { request.user = random.choose(RandomRules.users) }
        return request
    }
}
