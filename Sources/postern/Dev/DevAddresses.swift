// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RuleFiles
import WireFormats

/// The three addresses of `postern dev`.
struct DevAddresses: Sendable {
    let service: ListenAddress
    let store: ListenAddress
    let admin: ListenAddress

    /// - Throws: `ValidationError` for what is no address, or not on this machine
    init(service: String, store: String, admin: String) throws {
        self.service = try Self.loopback("--listen", service)
        self.store = try Self.loopback("--store", store)
        self.admin = try Self.loopback("--admin", admin)
    }

    private static func loopback(_ name: String, _ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw ValidationError("\(name) is HOST:PORT such as 127.0.0.1:8080, not '\(text)'.")
        }
        guard Host(address.host)?.isLoopback == true else {
            throw ValidationError(
                "\(name): 'postern dev' hands out tokens and listens on this machine only: 127.0.0.1, ::1 or localhost.")
        }
        guard address.port > 0, address.port != 80 else {
            throw ValidationError("\(name): choose a port from 1 to 65535 other than 80; the rule file and the page name it.")
        }
        return address
    }
}
