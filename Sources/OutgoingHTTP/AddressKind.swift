// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// Kinds of addresses that a request can be forbidden to go to; see ``OutgoingRequest/forbidden``.
package enum AddressKind: Sendable, Hashable, CaseIterable {
    /// 169.254.0.0/16 and fe80::/10, where clouds serve instance metadata.
    case linkLocal
    /// This machine: the loopback addresses, `localhost` and the names under it, and the unspecified addresses, which lead here.
    case loopback

    /// Nil for an address of neither kind.
    package init?(_ address: IPAddress) {
        if address.isLinkLocal {
            self = .linkLocal
        } else if address.isLoopback || address.isUnspecified {
            self = .loopback
        } else {
            return nil
        }
    }

    /// What a URL itself says, before any name is resolved.
    package init?(_ host: Host) {
        if let address = host.address {
            self.init(address)
        } else if host.isLoopback {
            self = .loopback
        } else {
            return nil
        }
    }
}
