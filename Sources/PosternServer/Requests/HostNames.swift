// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// The `Host` names that a listener accepts: loopback names, any IP address, and those that the operator lists.
///
/// A web page can point its own name at an address of this machine or network (DNS rebinding). Its requests then carry that
/// name, and never an address.
package struct HostNames: Sendable {
    private let listed: Set<String>

    /// - Parameter listed: names in any case, without ports
    package init(_ listed: [String] = []) {
        self.listed = Set(listed.map { $0.lowercased() })
    }

    /// Returns the problem if the `Host` of a request is not accepted.
    /// - Parameter setting: the setting that lists further names, for the message; nil if there is none
    func problem(of head: RequestHead, setting: String?) -> ProblemDetails? {
        guard let host = head.first("host"), !contains(authority: host) else { return nil }
        let advice = setting.map { ", or list the name under '\($0)'" } ?? ""
        return ProblemDetails(
            .invalidRequest, detail: "This listener does not accept that Host: use an address or localhost\(advice).")
    }

    /// Whether the value of a `Host` field, with or without a port, is accepted.
    package func contains(authority: String) -> Bool {
        if let host = try? HostPort(authority).host, host.address != nil || host.isLoopback { return true }
        return listed.contains(authority.prefix { $0 != ":" }.lowercased())
    }
}
