// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `profiles`: what the shared AWS files say.
struct Profiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what shared AWS files say, secrets as digests.",
        discussion: #"Answers {"profiles": {…}}, or {"error": "configuration"} where a file is broken."#
    )

    @Option(help: ArgumentHelp("The config file.", valueName: "file"))
    var configFile: String

    @Option(help: ArgumentHelp("The credentials file.", valueName: "file"))
    var credentialsFile: String

    func run() throws {
        var variables = ProcessInfo.processInfo.environment
        variables["AWS_CONFIG_FILE"] = configFile
        variables["AWS_SHARED_CREDENTIALS_FILE"] = credentialsFile
        let home = FileManager.default.homeDirectoryForCurrentUser.path
        do throws(CredentialError) {
            let configuration = try SharedConfiguration.load(variables: variables, home: home) { path throws(CredentialError) in
                FileManager.default.contents(atPath: path).map { Array($0) }
            }
            print(configuration.redactedJSON)
        } catch {
            print(#"{"error":"configuration"}"#)
        }
    }
}
