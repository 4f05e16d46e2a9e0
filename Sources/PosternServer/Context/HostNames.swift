// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// The names under which a listener may be asked: loopback's, any IP address, and those that the operator lists.
///
/// A page on the web can make its own name point at an address of this machine or network (DNS rebinding), and its requests
/// then carry that name. They never carry an address.
package struct HostNames: Sendable {
    private let listed: Set<String>

    /// - Parameter listed: names in any case, without ports
    package init(_ listed: [String] = []) {
        self.listed = Set(listed.map { $0.lowercased() })
    }

    /// Why a request is refused; nil where its `Host` is one of these names.
    /// - Parameter setting: where an operator lists further names; nil where none can be listed
    func problem(of head: RequestHead, setting: String?) -> ProblemDetails? {
        guard let host = head.first("host"), !contains(authority: host) else { return nil }
        let advice = setting.map { ", or list the name under '\($0)'" } ?? ""
        return ProblemDetails(
            .invalidRequest, detail: "This listener is not asked by that Host: use an address or localhost\(advice).")
    }

    /// Whether a `Host` field, with a port or without, names this listener.
    package func contains(authority: String) -> Bool {
        if let host = try? HostPort(authority).host, host.address != nil || host.isLoopback { return true }
        return listed.contains(authority.prefix { $0 != ":" }.lowercased())
    }
}
