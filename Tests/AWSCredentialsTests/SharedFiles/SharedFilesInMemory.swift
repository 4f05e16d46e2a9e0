// SPDX-License-Identifier: Apache-2.0
import WireFormats

@testable import AWSCredentials

/// A configuration and a credentials file that live in memory.
struct SharedFilesInMemory {
    var config: String?
    var credentials: String?

    func load() throws(CredentialError) -> SharedConfiguration {
        try SharedConfiguration.load(variables: [:], home: "/home/u") { path throws(CredentialError) in
            switch path {
            case "/home/u/.aws/config": config.map { Array($0.utf8) }
            case "/home/u/.aws/credentials": credentials.map { Array($0.utf8) }
            default: nil
            }
        }
    }

    func plan(_ profile: String, variables: [String: String] = [:]) throws(CredentialError) -> ProfilePlan? {
        try load().plan(profile: profile, variables: variables)
    }
}

extension ProfileValues {
    /// A value that is text.
    func text(_ option: ExactString) -> String? {
        if case .text(let text) = self[option] { text } else { nil }
    }
}

extension SharedConfiguration {
    /// The names of all profiles.
    var sortedNames: [String] { profiles.keys.sorted().map(\.text) }
}
