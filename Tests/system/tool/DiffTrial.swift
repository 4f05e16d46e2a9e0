// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternTestSupport

/// `diff`: compares rules at random, and looks for widened access that is not reported.
struct DiffTrial: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Make pairs of rules and requests at random, and look for widened access that 'postern diff' does not report.",
        discussion: "Prints what was tried, and each failure. Exit code 1: there is a failure."
    )

    @Option(help: "How many pairs of rules.")
    var pairs = 200

    @Option(help: "How many requests for each pair.")
    var requests = 10_000

    @Option(help: "The same seed makes the same rules and requests.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Count this key as not compared: the run must then fail.", valueName: "key"))
    var ignore: String?

    func run() throws {
        let report = DiffOracle(pairs: pairs, requests: requests, seed: seed, ignoring: ignore).run()
        print("\(report.pairs) pairs, \(report.requests) requests: \(report.granted) granted, \(report.widened) of them widened")
        print("\(report.widenings) widenings reported, \(report.witnesses) with a witness")
        for (key, count) in report.unshown.sorted(by: { $0.key < $1.key }) { print("no witness: \(key): \(count)") }
        for failure in report.failures { print(failure) }
        if !report.failures.isEmpty { throw ExitCode(1) }
    }
}
