// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RuleFiles
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern diff`: says what a change of rule files changes, and what of it widens access.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare two folders of rule files, and mark what widens access.",
        discussion: """
            Says in words what differs, for each tenant and rule. What widens access is marked, with a request that the new rules \
            take and the old ones do not: both have been asked. For a git repository, check out the old revision beside the new \
            one: git worktree add ../old origin/main.

            Files that are the same are not read: what is wrong in one folder, or between its files, is found by 'postern check'. \
            Key files are not compared, nor the settings of the service-wide file other than issuers.

            Exit code 0: compared; 1: the rule files have problems, or, with --deny-widening, something widens access; \
            64: wrong usage.
            """
    )

    @Argument(help: ArgumentHelp("The folder of rule files as it was.", valueName: "old"), completion: .directory)
    var old: String

    @Argument(help: ArgumentHelp("The folder of rule files as it is to be.", valueName: "new"), completion: .directory)
    var new: String

    @Option(
        help: ArgumentHelp("The service-wide file that these tenants are served with.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(
        help: ArgumentHelp("The service-wide file as it is to be; --config is then the one as it was.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var newConfig: String?

    @Flag(help: "Exit with 1 if something widens access.")
    var denyWidening = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if newConfig != nil, config == nil {
            throw ValidationError("Give --config too: --new-config is compared with it.")
        }
    }

    func run() throws {
        let comparison = RuleComparison(
            from: .init(folder: old, service: config), to: .init(folder: new, service: newConfig ?? config), at: .now)
        let report = DiffReport(comparison)
        print(json ? report.json : report.text)
        if !comparison.problems.isEmpty || (denyWidening && report.widenings > 0) { throw ExitCode(1) }
    }
}

/// What `postern diff` prints.
struct DiffReport {
    private let changes: [RuleChange]
    private let problems: [Diagnostic]

    init(_ comparison: RuleComparison) {
        (changes, problems) = (comparison.changes, comparison.problems)
    }

    /// How many changes widen access.
    var widenings: Int { changes.count(where: \.widens) }

    /// A line for each change, more for one with a witness, and a summary; or a line for each problem.
    var text: String {
        if !problems.isEmpty {
            let count = "\(problems.count) problem\(problems.count == 1 ? "" : "s"): nothing was compared"
            return (problems.map { "error: \($0)" } + [count]).joined(separator: "\n")
        }
        return (changes.map(\.text) + [summary]).joined(separator: "\n")
    }

    private var summary: String {
        guard !changes.isEmpty else { return "nothing has changed" }
        let tenants = Set(changes.compactMap { $0.tenant.map { ExactString($0) } }).count
        let subject = tenants == 1 ? "1 tenant" : "\(tenants) tenants"
        let number = changes.count == 1 ? "1 change" : "\(changes.count) changes"
        let widening = widenings == 1 ? "1 widens access" : widenings == 0 ? "none widens access" : "\(widenings) widen access"
        return "\(number) of \(subject), \(widening)"
    }

    /// `{"changes": […], "widenings": 1, "problems": []}`
    var json: String {
        let json = JSONWriter.object { json in
            json.array("changes", of: changes) { $1.write(to: &$0) }
            json.member("widenings", widenings)
            json.array("problems", of: problems) { $1.write(to: &$0) }
        }
        return String(decoding: json, as: UTF8.self)
    }
}
