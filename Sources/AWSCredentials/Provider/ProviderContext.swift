// SPDX-License-Identifier: Apache-2.0

package import LocalFiles
package import OutgoingHTTP

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// All that a provider of credentials may look at: the environment, files, other services, the clock.
package struct ProviderContext: Sendable {
    /// The process's environment.
    package let variables: [String: String]
    /// The folder that `~` stands for.
    package let home: String
    /// Reads a file anew, bounded.
    package let readFile: @Sendable (LocalFile) throws(FileReadError) -> [UInt8]
    /// Sends a request, bounded in time and bytes.
    package let send: @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse
    /// The time.
    package let now: @Sendable () -> Date
    /// The time since some start, of a clock that never jumps.
    package let uptime: @Sendable () -> Duration

    /// - Parameters:
    ///   - variables: the process's environment
    ///   - home: nil for `HOME` of the environment, or else what the system knows
    package init(
        variables: [String: String],
        home: String? = nil,
        readFile: @escaping @Sendable (LocalFile) throws(FileReadError) -> [UInt8] = { file throws(FileReadError) in
            // More than any token, or any file of profiles, has.
            try file.contents(limit: 1 << 20)
        },
        send: @escaping @Sendable (OutgoingRequest) async throws(OutgoingError) -> OutgoingResponse = {
            request async throws(OutgoingError) in try await OutgoingHTTP.send(request)
        },
        now: @escaping @Sendable () -> Date,
        uptime: @escaping @Sendable () -> Duration
    ) {
        self.variables = variables
        self.home = home ?? variables.nonEmpty("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
        self.readFile = readFile
        self.send = send
        self.now = now
        self.uptime = uptime
    }

    /// Both clocks.
    var clock: @Sendable () -> Moment { { [now, uptime] in Moment(date: now(), uptime: uptime()) } }

    /// A variable of the environment; nil where it is not set or empty, which AWS's libraries take for the same.
    func variable(_ name: String) -> String? { variables.nonEmpty(name) }

    /// Whether a variable says `true`, in any case of letters.
    func isTrue(_ name: String) -> Bool { variable(name)?.lowercased() == "true" }
}

extension ProviderContext: CustomStringConvertible, CustomReflectable {
    /// Nothing of the environment, which holds secrets.
    package var description: String { "ProviderContext" }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension [String: String] {
    /// The value of a key; nil where there is none or it is empty.
    func nonEmpty(_ key: String) -> String? {
        guard let value = self[key], !value.isEmpty else { return nil }
        return value
    }
}
