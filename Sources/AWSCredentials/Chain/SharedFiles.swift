// SPDX-License-Identifier: Apache-2.0

import LocalFiles

/// AWS's shared files, and which profile of them is in use.
struct SharedFiles: Sendable {
    let context: ProviderContext
    /// The profile that an operator named to Postern; nil for the one that the environment names, or `default`.
    let named: String?

    /// The profile in use.
    var profile: String { named ?? SharedConfiguration.profileName(in: context.variables) ?? "default" }

    /// Reads both files anew. What is there and cannot be read is an error: to take it for nothing could mean to sign with
    /// other credentials than the operator meant.
    func load() throws(CredentialProblem) -> SharedConfiguration {
        try SharedConfiguration.load(variables: context.variables, home: context.home) { path throws(CredentialProblem) in
            do throws(FileReadError) {
                return try context.readFile(LocalFile(path))
            } catch .notFound {
                return nil
            } catch .notRegular {
                // AWS_CONFIG_FILE=/dev/null is a usual way to say "none".
                return nil
            } catch {
                throw .configuration("the AWS file \(path) cannot be read: \(error)")
            }
        }
    }

    /// What the profile in use says beside credentials.
    func settings() throws(CredentialProblem) -> ProfileSettings { try load().settings(profile: profile) }
}
