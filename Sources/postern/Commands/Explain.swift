// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern explain`: whether a request would get a ticket, and which line of which file decides that.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether a request would get a ticket, and which line of which file decides that.",
        discussion: """
            Judges a request as the service would with the same rule files, without a token, credentials or a network. Says yes or no, \
            the line that decides, and what to do; for yes the key, the policy and the form. Limits are named and not counted.

            Leave out what the request leaves out. The caller is a user with a token, or with --api-key a back end.

            Example: postern explain tenants --tenant acme --rule avatars --user u1 --content-type image/png --size 48213

            Exit code 0: yes; 1: no, or the rule files have problems; 64: wrong usage.
            """
    )

    @OptionGroup var folder: RuleFolderOptions

    @Option(help: ArgumentHelp("The tenant.", valueName: "id"))
    var tenant: String

    @OptionGroup(title: "The request") var asked: RequestOptions

    @OptionGroup(title: "The caller") var caller: CallerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        try caller.validate(user: asked.user)
    }

    func run() throws {
        let request = try asked.json(namesUser: caller.apiKey != nil)
        let files = try folder.usableFiles(for: tenant)
        let issuers: [Issuer]
        let places: RuleFilePlaces
        do {
            issuers = try folder.settings()?.issuers ?? []
            places = try RuleFilePlaces(files.file)
        } catch let error as RuleFilesError {
            throw StartupError(SetupError(error.problems.map(\.description)))
        } catch {
            throw StartupError(error)
        }
        let now = Date()
        let caller = try caller.caller(user: asked.user, files.file, serviceIssuers: issuers)
        let judgement = try TicketJudgement(
            of: request, by: caller, from: asked.origin, in: files, places, at: now)
        let report = ExplainReport(judgement, tenant: files.file.tenant, caller: caller, rule: asked.rule)
        print(json ? report.json : report.text)
        if !judgement.isYes { throw ExitCode(1) }
    }
}

/// What is asked for.
struct RequestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The rule. (default: the only one that the caller may use)", valueName: "name"))
    var rule: String?

    @Option(help: ArgumentHelp("The user: that of the token, or whom an API key names.", valueName: "user"))
    var user: String?

    @Option(help: ArgumentHelp("The file's content type.", valueName: "type"))
    var contentType: String?

    @Option(help: ArgumentHelp("The file's size: 48213, or 5MiB.", valueName: "bytes"))
    var size: String?

    @Option(help: ArgumentHelp("The file's name.", valueName: "name"))
    var filename: String?

    @Option(help: ArgumentHelp("The file's path, with its name: site/css/a.png.", valueName: "path"))
    var path: String?

    @Option(help: ArgumentHelp("A parameter; may be repeated.", valueName: "name=value"))
    var parameter: [String] = []

    @Option(help: ArgumentHelp("Metadata; may be repeated.", valueName: "name=value"))
    var metadata: [String] = []

    @Option(help: ArgumentHelp("A checksum of the file: sha256:47DEQpj8…=", valueName: "algorithm:base64"))
    var checksum: String?

    @Option(help: ArgumentHelp("The origin of the page that asks: https://app.acme.example.", valueName: "origin"))
    var origin: String?

    /// The body of the request.
    /// - Parameter namesUser: whether the request names the user, or the token does
    func json(namesUser: Bool) throws -> JSONValue {
        let bytes = try size.map { text throws -> Int in
            do throws(ValueError) {
                return try Quantity.size.parse(text)
            } catch {
                throw ValidationError("--size: \(error.message.printable()); \(error.advice(suggesting: true).printable())")
            }
        }
        let parameters = try NameAndValue.all(parameter, "--parameter")
        let metadata = try NameAndValue.all(metadata, "--metadata")
        let checksum = try checksum.map { try NameAndValue($0, "--checksum", separator: ":", example: "sha256:47DEQpj8…=") }
        let body = JSONWriter.object { json in
            func string(_ name: String, _ value: String?) {
                if let value { json.member(name, value) }
            }
            func object(_ name: String, _ pairs: [NameAndValue]) {
                guard !pairs.isEmpty else { return }
                json.object(name) { json in
                    for pair in pairs { json.member(pair.name, pair.value) }
                }
            }
            string("rule", rule)
            string("filename", filename)
            string("contentType", contentType)
            if let bytes { json.member("size", bytes) }
            if namesUser { string("user", user) }
            if let checksum {
                json.object("checksum") { json in
                    json.member("algorithm", checksum.name)
                    json.member("value", checksum.value)
                }
            }
            object("metadata", metadata)
            object("parameters", parameters)
            string("path", path)
        }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: body)
        } catch {
            throw ValidationError("The options make no request: \(error).")
        }
    }
}

/// `name=value` of an option.
struct NameAndValue {
    let name: String
    let value: String

    init(_ text: String, _ option: String, separator: Unicode.Scalar = "=", example: String = "audit=4711") throws {
        let scalars = text.unicodeScalars
        guard let index = scalars.firstIndex(of: separator), index > scalars.startIndex else {
            throw ValidationError("\(option): \(text.quoted) is not NAME\(separator)VALUE, such as \(example).")
        }
        name = String(scalars[..<index])
        value = String(scalars[scalars.index(after: index)...])
    }

    /// - Throws: `ValidationError` also if a name is there twice
    static func all(_ texts: [String], _ option: String) throws -> [NameAndValue] {
        let pairs = try texts.map { try NameAndValue($0, option) }
        var seen: Set<ExactString> = []
        for pair in pairs where !seen.insert(ExactString(pair.name)).inserted {
            throw ValidationError("\(option): \(pair.name.quoted) is there twice; give it once.")
        }
        return pairs
    }
}
