// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalFiles
import OutgoingHTTP
import PosternClient
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern upload`: files to the store, with tickets.
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload files with tickets of a running Postern.",
        discussion: """
            Takes a ticket for each file and sends the file to the store, three files at a time. What can succeed later is tried \
            again: networks that fail, servers that are busy, tickets that expire. Files are never in memory as a whole.

            The token or API key is that of \(UploadToken.variable), or of --token-file. With --token, other users of this machine can \
            see it in the list of processes.

            Example: POSTERN_TOKEN=… postern upload *.jpg --rule photos --url https://uploads.example.com

            Standard output has a line for each stored file, with its key; standard error what was refused.

            Exit code 0: every file was stored; 1: one or more were not; 64: wrong usage.
            """
    )

    @Argument(help: ArgumentHelp("The files to upload. Symbolic links are followed.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("The rule. (default: the only one that the token may use)", valueName: "name"))
    var rule: String?

    @Option(help: ArgumentHelp("The address of Postern.", valueName: "url"))
    var url: String

    @Option(
        help: ArgumentHelp(
            "The token or API key. Other users of this machine can see it: prefer POSTERN_TOKEN.", valueName: "token"))
    var token: String?

    @Option(
        help: ArgumentHelp(
            "Read the token or API key from this file, again when Postern refuses it.", valueName: "file"), completion: .file())
    var tokenFile: String?

    @Option(help: ArgumentHelp("The name to upload the file under. (default: the file's own)", valueName: "name"))
    var filename: String?

    @Option(
        help: ArgumentHelp(
            "The type of the files, such as image/png. (default: Postern decides by the name's ending)", valueName: "type"))
    var contentType: String?

    @Option(help: ArgumentHelp("Metadata to store with the files; can be repeated.", valueName: "name=value"))
    var metadata: [String] = []

    @Option(help: ArgumentHelp("A parameter of the rule; can be repeated.", valueName: "name=value"))
    var parameter: [String] = []

    @Option(
        help: ArgumentHelp(
            "The file's path, for a rule that keeps folders, such as site/css/a.css. (default: none)", valueName: "path"))
    var path: String?

    @Option(help: ArgumentHelp("The user, if an API key asks on a user's behalf.", valueName: "id"))
    var user: String?

    @Option(
        help: ArgumentHelp("Trust the certificate authorities of this PEM file instead of the system's.", valueName: "file"),
        completion: .file())
    var ca: String?

    @Option(help: ArgumentHelp("How many files are sent at the same time, 1 to 16.", valueName: "number"))
    var concurrency = 3

    @Option(help: ArgumentHelp("How often a file is tried, 1 to 100.", valueName: "number"))
    var attempts = 5

    @Option(help: ArgumentHelp("Give up on a server that takes or sends nothing for this long.", valueName: "duration"))
    var timeout = "60s"

    @Flag(help: "Print a line of JSON for each file.")
    var json = false

    func validate() throws {
        guard let address = try? HTTPURL(url), address.query == nil, address.fragment == nil else {
            throw ValidationError("--url must be an address such as https://uploads.example.com, not \(url.quoted).")
        }
        if files.contains("-") {
            throw ValidationError("Standard input cannot be uploaded: a ticket is for a known size. Write it to a file first.")
        }
        guard files.count == 1 || (filename == nil && path == nil) else {
            throw ValidationError("--filename and --path are for one file, and there are \(files.count).")
        }
        guard (1...16).contains(concurrency) else { throw ValidationError("--concurrency must be 1 to 16.") }
        guard (1...100).contains(attempts) else { throw ValidationError("--attempts must be 1 to 100.") }
        guard let seconds = try? Quantity.duration.parse(timeout), (1...86_400).contains(seconds) else {
            throw ValidationError("--timeout must be a duration such as 30s or 5m, not \(timeout.quoted).")
        }
        _ = try Self.pairs(metadata, of: "--metadata")
        _ = try Self.pairs(parameter, of: "--parameter")
    }

    func run() async throws {
        SignalGuard.setDefaults()
        let environment = ProcessInfo.processInfo.environment
        let token = try UploadToken(text: token, file: tokenFile, environment: environment)
        let proxies: ProxySettings
        do {
            proxies = try ProxySettings(environment: environment)
        } catch {
            throw StartupError(error)
        }
        guard let endpoint = URL(string: url) else { throw ValidationError("--url must be an address, not \(url.quoted).") }
        if (try? HTTPURL(url))?.isProtected == false {
            Remark.write("warning: \(url) is not encrypted: others on the way can read the token. Use https.")
        }
        var configuration = PosternClient.Configuration()
        configuration.attempts = attempts
        configuration.stallTimeout = .seconds((try? Quantity.duration.parse(timeout)) ?? 60)
        configuration.requestTimeout = min(configuration.requestTimeout, configuration.stallTimeout)
        let client = PosternClient(
            endpoint: endpoint, token: { try token.current(refresh: $0) },
            transport: OutgoingTransport(authorities: ca, proxies: proxies), configuration: configuration)
        guard await upload(with: client, options: try options(), term: environment["TERM"]) else { throw ExitCode(1) }
    }

    private func options() throws -> UploadOptions {
        UploadOptions(
            filename: filename, contentType: contentType, metadata: try Self.pairs(metadata, of: "--metadata"),
            parameters: try Self.pairs(parameter, of: "--parameter"), path: path, user: user)
    }

    /// - Returns: whether every file was stored
    private func upload(with client: PosternClient, options: UploadOptions, term: String?) async -> Bool {
        let sizes = files.map { LocalFile($0).stamp.size }
        let display = UploadDisplay(format: json ? .json : .text, sizes: sizes, term: term)
        let drawing = Task { await display.draw() }
        let areStored = await withTaskGroup(of: Bool.self) { group in
            var areStored = true
            for (number, file) in files.enumerated() {
                if number >= concurrency, await group.next() == false { areStored = false }
                group.addTask { await upload(file, number, with: client, options: options, display) }
            }
            for await isStored in group where !isStored { areStored = false }
            return areStored
        }
        drawing.cancel()
        await drawing.value
        return areStored
    }

    private func upload(
        _ file: String, _ number: Int, with client: PosternClient, options: UploadOptions, _ display: UploadDisplay
    ) async -> Bool {
        display.began(number, file)
        let upload = client.upload(file: URL(fileURLWithPath: file), rule: rule, options: options)
        for await progress in upload.progress { display.progress(number, progress.sent) }
        do throws(UploadError) {
            display.ended(number, file, .success(try await upload.result))
            return true
        } catch {
            display.ended(number, file, .failure(error))
            return false
        }
    }

    /// Reads `name=value` options.
    private static func pairs(_ texts: [String], of option: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ValidationError("\(option) must be name=value, not \(text.quoted).")
            }
            guard pairs.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw ValidationError("\(option) \(parts[0].printable()) is given twice.")
            }
        }
        return pairs
    }
}
