// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RuleFiles
import UploadRules
import WireFormats

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

    @Flag(help: "Print JSON.")
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
        let report = CheckReport(tenants: tenants, problems: problems, warnings: warnings)
        print(json ? report.json : report.text)
        if !problems.isEmpty { throw ExitCode(1) }
    }
}

/// What `postern check` prints.
struct CheckReport {
    let tenants: [String]
    let problems: [Diagnostic]
    let warnings: [Diagnostic]

    /// A line for each problem and warning, and a summary.
    var text: String {
        (problems.map { "error: \($0)" } + warnings.map { "warning: \($0)" } + [summary]).joined(separator: "\n")
    }

    private var summary: String {
        guard problems.isEmpty else { return "\(problems.count) problem\(problems.count == 1 ? "" : "s")" }
        let more = tenants.count > 20 ? ", and \(tenants.count - 20) more" : ""
        let names = tenants.prefix(20).joined(separator: ", ") + more
        return "fine: \(tenants.count) tenant\(tenants.count == 1 ? "" : "s") (\(names))"
    }

    /// `{"ok": …, "tenants": […], "problems": [{file, line, column, message, advice}], "warnings": […]}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("ok", problems.isEmpty)
            json.member("tenants", tenants)
            json.array("problems", of: problems) { write($1, to: &$0) }
            json.array("warnings", of: warnings) { write($1, to: &$0) }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private func write(_ problem: Diagnostic, to json: inout JSONWriter) {
        json.object { json in
            json.member("file", problem.file)
            json.member("line", problem.line)
            json.member("column", problem.column)
            json.member("message", problem.message)
            json.member("advice", problem.advice)
        }
    }
}
