// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Synchronization

/// AWS's shared files, and which profile of them is in use.
struct SharedFiles: Sendable {
    let context: ProviderContext
    /// The profile that an operator named to Postern; nil for the one that the environment names, or `default`.
    let named: String?

    /// The profile in use.
    var profile: String { named ?? SharedConfiguration.profileName(in: context.variables) ?? "default" }

    /// Reads both files anew. What is there and cannot be read is an error: to take it for nothing could mean to sign with
    /// other credentials than the operator meant.
    fileprivate func load() throws(CredentialError) -> SharedConfiguration {
        try SharedConfiguration.load(variables: context.variables, home: context.home) { path throws(CredentialError) in
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
}

/// One search for credentials, from the first provider to the last: what is read in it is read once, so that all providers act
/// on the same state of the shared files.
package final class CredentialRound: Sendable {
    private let files: SharedFiles
    private let loaded = Mutex<Result<SharedConfiguration, CredentialError>?>(nil)

    init(_ files: SharedFiles) {
        self.files = files
    }

    /// The shared files, read when a provider first needs them: where none does, a broken file does no harm.
    func configuration() throws(CredentialError) -> SharedConfiguration {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            let result = Result { () throws(CredentialError) in try files.load() }
            loaded = result
            return result
        }.get()
    }

    /// What the profile in use says in addition to credentials.
    func settings() throws(CredentialError) -> ProfileSettings {
        try configuration().settings(profile: files.profile)
    }
}

extension CredentialRound: CustomStringConvertible, CustomReflectable {
    /// Nothing of the files, which hold secrets.
    package var description: String { "CredentialRound" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
