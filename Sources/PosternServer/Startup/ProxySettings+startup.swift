// SPDX-License-Identifier: Apache-2.0

import Logging
import OutgoingHTTP

extension ProxySettings {
    /// Reads the variables of a proxy.
    /// - Throws: `SetupError` if one names something other than an HTTP proxy
    static func load(_ environment: [String: String]) throws(SetupError) -> ProxySettings {
        do throws(ProxySettingsError) {
            return try ProxySettings(environment: environment)
        } catch {
            throw SetupError([error.description])
        }
    }

    /// Logs which proxy is used, so that an operator who did not expect one sees it. Without a proxy nothing is logged, unless a
    /// variable is set that is not used.
    func log(to logger: Logger, environment: [String: String]) {
        if let variable = Self.unusedVariable(in: environment) {
            logger.notice(
                "this variable is not used: keys and credentials are fetched over https, for which HTTPS_PROXY names the proxy",
                metadata: ["variable": "\(variable)"])
        }
        guard let proxy, let variable else { return }
        var metadata: Logger.Metadata = [
            "proxy": "\(proxy.name)", "variable": "\(variable)", "user": proxy.hasCredentials ? "set" : "none",
            "noProxy": "\(exceptions.text)",
        ]
        if !exceptions.ignored.isEmpty { metadata["ignored"] = "\(exceptions.ignored.joined(separator: ","))" }
        logger.notice(
            "key sets, discovery documents and STS are fetched through a proxy; metadata services and container endpoints are not",
            metadata: metadata)
    }
}
