// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import RuleFiles
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern check`: reads rule files as `serve` would and lists every problem.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a folder of rule files, or one of its files.",
        discussion: """
            Lists every problem of every file, each with file, line, column and what to write instead. With one file, lists the \
            problems in it and those between it and the other files of its folder.

            Exit code 0: fine, perhaps with warnings; 1: there are problems, or, with --strict, warnings; 64: wrong usage.
            """
    )

    @Argument(
        help: ArgumentHelp("The folder of rule files, or one file of it.", valueName: "path"),
        completion: .file(extensions: ["yaml"]))
    var path: String

    @Option(
        help: ArgumentHelp("The service-wide file that these tenants are served with.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var config: String?

    @Flag(help: "Count warnings as problems.")
    var strict = false

    @Option(help: "What to print; sarif is SARIF 2.1.0, for code scanning. (default: text)")
    var format: CheckReport.Format?

    @Flag(help: "The same as --format json.")
    var json = false

    func validate() throws {
        if json, let format, format != .json { throw ValidationError("Give --json or --format \(format.rawValue), not both.") }
    }

    func run() throws {
        var problems: [Diagnostic] = []
        var service: ServiceSettings?
        if let config {
            do throws(RuleFilesError) {
                service = try ServiceSettings(file: config)
            } catch {
                problems = error.problems
            }
        }
        let check = RuleFileCheck(path, service: service)
        let deployment = check.isFolder ? service?.deploymentWarnings(at: Date()) ?? [] : []
        let report = CheckReport(
            tenants: problems.isEmpty ? check.tenants : [], problems: problems + check.problems,
            warnings: (check.warnings + deployment).sorted(), isStrict: strict, folderWithProblems: check.folderWithProblems)
        print(report.written(as: format ?? (json ? .json : .text), in: FileManager.default.currentDirectoryPath))
        if !report.isFine { throw ExitCode(1) }
    }
}

/// What `postern check` prints.
struct CheckReport {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text
        case json
        case sarif
    }

    /// The tenants whose files are right.
    let tenants: [String]
    /// With `--strict`, also the warnings.
    let problems: [Diagnostic]
    let warnings: [Diagnostic]
    /// How many of the problems, at their end, are warnings that count as problems.
    private let strictCount: Int
    /// The folder of the file that was checked, if its other files have problems.
    let folderWithProblems: String?

    init(
        tenants: [String], problems: [Diagnostic], warnings: [Diagnostic], isStrict: Bool = false,
        folderWithProblems: String? = nil
    ) {
        self.problems = isStrict ? problems + warnings : problems
        self.warnings = isStrict ? [] : warnings
        self.tenants = self.problems.isEmpty ? tenants : []
        strictCount = isStrict ? warnings.count : 0
        self.folderWithProblems = folderWithProblems
    }

    var isFine: Bool { problems.isEmpty }

    /// - Parameter folder: the current folder, to which the paths in SARIF are relative
    func written(as format: Format, in folder: String) -> String {
        switch format {
        case .text: text
        case .json: json
        case .sarif: sarif(in: folder)
        }
    }

    /// A line for each problem and warning, and a summary.
    var text: String {
        (problems.map { "error: \($0)" } + warnings.map { "warning: \($0)" } + [summary]).joined(separator: "\n")
    }

    private var summary: String {
        let others = folderWithProblems.map { "; other files in \($0.printable()) have problems" } ?? ""
        guard isFine else { return "\(problems.count) problem\(problems.count == 1 ? "" : "s")" + others }
        let more = tenants.count > 20 ? ", and \(tenants.count - 20) more" : ""
        let names = tenants.prefix(20).joined(separator: ", ") + more
        return "fine: \(tenants.count) tenant\(tenants.count == 1 ? "" : "s") (\(names))" + others
    }

    /// `{"ok": …, "tenants": […], "problems": [{file, line, column, message, advice}], "warnings": […]}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("ok", isFine)
            json.member("tenants", tenants)
            json.array("problems", of: problems) { $1.write(to: &$0) }
            json.array("warnings", of: warnings) { $1.write(to: &$0) }
        }
        return String(decoding: json, as: UTF8.self)
    }

}

extension ServiceSettings {
    /// Warnings about the listeners, and about the certificate if it is on this machine.
    fileprivate func deploymentWarnings(at now: Date) -> [Diagnostic] {
        var warnings = warningsOfSettings.map { warning(at: $0.key, $0.message, $0.advice) }
        if let tlsCert, let found = CertificateValidity(file: tlsCert)?.warning(at: now) {
            warnings.append(warning(at: "tlsCert", "is \(tlsCert): \(found.message)", found.advice))
        }
        return warnings
    }
}

extension Diagnostic {
    /// `{"file", "line", "column", "message", "advice"}`
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("file", file)
            json.member("line", line)
            json.member("column", column)
            json.member("message", message)
            json.member("advice", advice)
        }
    }
}

// MARK: SARIF

extension CheckReport {
    /// The two rules of the log. Their ids never change: code scanning recognises a result by them.
    private enum SARIFRule: Int, CaseIterable {
        case problem
        case warning

        var id: String {
            switch self {
            case .problem: "problem"
            case .warning: "warning"
            }
        }

        var level: String {
            switch self {
            case .problem: "error"
            case .warning: "warning"
            }
        }

        var sentence: String {
            switch self {
            case .problem: "The service does not start with this rule file."
            case .warning: "The rule file is valid, but may not do what is intended."
            }
        }
    }

    /// Static Analysis Results Interchange Format, version 2.1.0 (OASIS).
    private func sarif(in folder: String) -> String {
        let strict = problems.suffix(strictCount)
        let results =
            problems.dropLast(strictCount).map { ($0, SARIFRule.problem, "error") } + strict.map { ($0, .warning, "error") }
            + warnings.map { ($0, .warning, "warning") }
        let json = JSONWriter.object { json in
            json.member("$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
            json.member("version", "2.1.0")
            json.array("runs", of: [results]) { json, results in
                json.object { json in
                    json.object("tool") { json in
                        json.object("driver") { json in
                            json.member("name", "Postern")
                            json.member("version", PosternVersion.current)
                            json.array("rules", of: SARIFRule.allCases) { json, rule in
                                json.object { json in
                                    json.member("id", rule.id)
                                    json.object("shortDescription") { $0.member("text", rule.sentence) }
                                    json.object("defaultConfiguration") { $0.member("level", rule.level) }
                                }
                            }
                        }
                    }
                    json.member("columnKind", "unicodeCodePoints")
                    json.array("results", of: results) { json, result in
                        let (diagnostic, rule, level) = result
                        Self.write(diagnostic, rule, level: level, folder, to: &json)
                    }
                }
            }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private static func write(
        _ diagnostic: Diagnostic, _ rule: SARIFRule, level: String, _ folder: String, to json: inout JSONWriter
    ) {
        json.object { json in
            json.member("ruleId", rule.id)
            json.member("ruleIndex", rule.rawValue)
            json.member("level", level)
            json.object("message") { $0.member("text", "\(diagnostic.message); \(diagnostic.advice)".printable()) }
            json.array("locations", of: [diagnostic]) { json, diagnostic in
                json.object { json in
                    json.object("physicalLocation") { json in
                        json.object("artifactLocation") { $0.member("uri", uri(of: diagnostic.file, in: folder)) }
                        guard diagnostic.line > 0 else { return }
                        json.object("region") { json in
                            json.member("startLine", diagnostic.line)
                            json.member("startColumn", diagnostic.column)
                        }
                    }
                }
            }
        }
    }

    /// A reference relative to the current folder, for a path in it, or a file URI.
    private static func uri(of path: String, in folder: String) -> String {
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        var path = path
        if path.utf8.starts(with: prefix.utf8) { path = String(path.utf8.dropFirst(prefix.utf8.count)) ?? path }
        while path.utf8.starts(with: "./".utf8) { path = String(path.utf8.dropFirst(2)) ?? path }
        // Not even a colon is kept: in the first segment it would end a scheme.
        let encoded = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "-._~/")).encode(path)
        return path.utf8.first == UInt8(ascii: "/") ? "file://" + encoded : encoded
    }
}
