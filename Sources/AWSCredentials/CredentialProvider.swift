// SPDX-License-Identifier: Apache-2.0

package import LocalFiles
package import OutgoingHTTP
package import PostPolicy
import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A place that AWS's tools read credentials from.
protocol CredentialProvider: Sendable {
    /// The provider's name for operators; see ``ProvidedCredentials/provider``.
    var name: String { get }

    /// Tries once to get credentials, in bounded time.
    /// - Throws: `notConfigured` if the provider is not set up, so that the next one is tried. Every other error ends the
    ///   search: no ticket may be signed with credentials that the operator did not intend
    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials
}

/// Credentials and the provider that they come from. Printing shows no secret.
package struct ProvidedCredentials: Sendable, CustomStringConvertible {
    package let credentials: SigningCredentials
    /// For operators: `environment`, `profile acme`, `web identity`, `container`, `instance metadata`, or one of them with
    /// `, role arn:…` if a role was assumed.
    package let provider: String

    package init(credentials: SigningCredentials, provider: String) {
        self.credentials = credentials
        self.provider = provider
    }

    package var description: String { "\(credentials) of \(provider)" }
}

/// The external dependencies of providers: the environment, files, other services and clocks.
package struct ProviderContext: Sendable {
    /// The process's environment.
    package let variables: [String: String]
    /// The folder that `~` stands for.
    package let home: String
    /// The proxy for STS, and the hosts that are requested without it. Metadata services and container endpoints are never
    /// requested through a proxy.
    package let proxies: ProxySettings
    /// Reads a file of bounded size.
    package let readFile: @Sendable (LocalFile) throws(FileReadError) -> [UInt8]
    /// Sends a request, bounded in time and bytes.
    package let send: @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse
    /// The wall clock.
    package let now: @Sendable () -> Date
    /// The time of a monotonic clock, since an arbitrary start.
    package let uptime: @Sendable () -> Duration

    /// - Parameters:
    ///   - variables: the process's environment
    ///   - home: nil for `HOME` of the environment, or else the home folder of the process's user
    ///   - proxies: the proxy for STS
    package init(
        variables: [String: String],
        home: String? = nil,
        proxies: ProxySettings = .none,
        readFile: @escaping @Sendable (LocalFile) throws(FileReadError) -> [UInt8] = { file throws(FileReadError) in
            // Far larger than any token or profile file.
            try file.contents(limit: 1 << 20)
        },
        send: @escaping @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse = {
            request async throws(OutgoingError) in try await request.send()
        },
        now: @escaping @Sendable () -> Date,
        uptime: @escaping @Sendable () -> Duration
    ) {
        self.variables = variables
        self.home = home ?? variables.nonEmpty("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
        self.proxies = proxies
        self.readFile = readFile
        self.send = send
        self.now = now
        self.uptime = uptime
    }

    /// Reads both clocks.
    func moment() -> Moment { Moment(date: now(), uptime: uptime()) }

    /// An environment variable; nil if it is unset or empty, which AWS's libraries treat alike.
    func variable(_ name: String) -> String? { variables.nonEmpty(name) }

    /// Whether a variable is `true`, ignoring case.
    func isTrue(_ name: String) -> Bool { variable(name)?.lowercased() == "true" }

    /// The profile in use: the given one, the one that the environment names, or `default`.
    func profile(_ name: String?) -> String { name ?? SharedConfiguration.profileName(in: variables) ?? "default" }
}

extension ProviderContext: CustomStringConvertible, CustomReflectable {
    /// Does not show the environment, which contains secrets.
    package var description: String { "ProviderContext" }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension [String: String] {
    /// The value of a key; nil if there is none or it is empty.
    func nonEmpty(_ key: String) -> String? {
        guard let value = self[key], !value.isEmpty else { return nil }
        return value
    }
}

/// One search for credentials, from the first provider to the last. It reads the shared files at most once, so that all
/// providers see the same contents.
final class CredentialSearch: Sendable {
    private let context: ProviderContext
    private let profile: String
    private let loaded = Mutex<Result<SharedConfiguration, CredentialError>?>(nil)

    /// - Parameter profile: nil for the profile that the environment names, or `default`
    init(_ context: ProviderContext, profile: String? = nil) {
        self.context = context
        self.profile = context.profile(profile)
    }

    /// Returns the shared files, read when a provider first needs them, so a broken file has no effect if no provider does.
    /// - Throws: `configuration` if a file exists and cannot be read. If such a file were treated as empty, tickets could be
    ///   signed with credentials that the operator did not intend
    func configuration() throws(CredentialError) -> SharedConfiguration {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            let result = Result { () throws(CredentialError) in
                try SharedConfiguration.load(variables: context.variables, home: context.home, readFile: readFile)
            }
            loaded = result
            return result
        }.get()
    }

    /// Returns the settings of the profile in use, apart from its credentials.
    func settings() throws(CredentialError) -> ProfileSettings {
        try ProfileSettings(of: profile, in: try configuration())
    }

    private func readFile(_ path: String) throws(CredentialError) -> [UInt8]? {
        do throws(FileReadError) {
            return try context.readFile(LocalFile(path))
        } catch .notFound {
            return nil
        } catch .notRegular {
            // AWS_CONFIG_FILE=/dev/null is a common way to use no file.
            return nil
        } catch {
            throw .configuration(
                "the AWS file \(path) cannot be read: \(error). Correct it, or name another by AWS_CONFIG_FILE and "
                    + "AWS_SHARED_CREDENTIALS_FILE")
        }
    }
}

extension CredentialSearch: CustomStringConvertible, CustomReflectable {
    /// Does not show the files, which contain secrets.
    var description: String { "CredentialSearch" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
