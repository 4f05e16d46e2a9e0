// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import PosternServer
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern whoami`: what a token would be, check by check.
struct Whoami: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what a token or an API key would be, check by check.",
        discussion: """
            Reads the token or API key from standard input and judges it as 'serve' would with the same rule files: every check \
            in order, which one failed, and what to do. Fetches keys from the network where the files say so. Prints neither the \
            token's signature nor the key's secret.

            Example: pbpaste | postern whoami --tenants tenants

            Exit code 0: it would be let in; 1: it would not.
            """
    )

    /// Several words, so that none is ever printed back as an "unexpected argument".
    @Argument(
        help: ArgumentHelp(
            "The token or API key itself; better on standard input: other users of this machine see command lines.",
            valueName: "token"))
    var credential: [String] = []

    @OptionGroup var files: RuleFileOptions

    @Option(help: ArgumentHelp("Read the token or API key from this file.", valueName: "file"))
    var tokenFile: String?

    @Flag(help: "Answer in JSON.")
    var json = false

    func run() async throws {
        let options = try files.serving()
        let settings: ServiceSettings
        let identities: AuthenticationSetup
        do {
            settings = try SettingsResolver(options: options, environment: ProcessInfo.processInfo.environment).settings()
            identities = try await AuthenticationSetup.load(settings)
        } catch let error as SetupError {
            throw StartupError(error)
        }
        let credential = try CredentialInput.read(words: credential, file: tokenFile)
        let now = Date()
        let judgement = identities.authenticator.report(authorization: ["Bearer \(credential)"], at: now)
        let report = WhoamiReport(
            facts: UnverifiedClaims(credential, at: now),
            judgement: judgement,
            identities: identities
        )
        print(json ? report.json : report.text)
        if !report.isLetIn { throw ExitCode(1) }
    }
}
