// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RuleFiles
import UploadRules

/// `postern check`: reads rule files as `serve` would and lists every problem.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a folder of rule files.",
        discussion:
            "Lists every problem of every file, each with file, line, column and what to write instead. Exit code 0: fine; 1: there are problems."
    )

    @Argument(help: "The folder of rule files.")
    var dir: String

    @Option(help: ArgumentHelp("The service-wide file that these tenants are served with.", valueName: "file"))
    var config: String?

    @Flag(help: "Answer in JSON.")
    var json = false

    func run() throws {
        var problems: [Diagnostic] = []
        var warnings: [Diagnostic] = []
        var service: ServiceSettings?
        if let config {
            do throws(RuleFilesError) {
                service = try ServiceSettings(file: config)
            } catch {
                problems += error.problems
            }
        }
        let outcome = RuleLoader.load(folder: dir, generation: 1, service: service)
        warnings += outcome.warnings
        var tenants: [String] = []
        switch outcome.result {
        case .success(let book): tenants = book.tenants.map(\.id)
        case .failure(let found): problems += found.problems
        }
        if json {
            print(CheckReport(tenants: tenants, problems: problems, warnings: warnings).json)
        } else {
            for problem in problems { print("error: \(problem)") }
            for warning in warnings { print("warning: \(warning)") }
            if problems.isEmpty {
                let more = tenants.count > 20 ? ", and \(tenants.count - 20) more" : ""
                let names = tenants.prefix(20).joined(separator: ", ") + more
                print("fine: \(tenants.count) tenant\(tenants.count == 1 ? "" : "s") (\(names))")
            } else {
                print("\(problems.count) problem\(problems.count == 1 ? "" : "s")")
            }
        }
        if !problems.isEmpty { throw ExitCode(1) }
    }
}
