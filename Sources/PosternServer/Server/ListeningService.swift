// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ServiceLifecycle
import TenantRules

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A listener whose failure to listen names its address.
struct ListeningService: Service, CustomStringConvertible {
    let app: any Service
    let address: ListenAddress
    /// The lifecycle logs its services: the name, not the contents.
    let description: String

    func run() async throws {
        do {
            try await app.run()
        } catch is SocketAddressError.UnknownHost {
            throw SetupProblems(["cannot listen on \(address): there is no such host"])
        } catch let error as IOError {
            throw SetupProblems(["cannot listen on \(address): \(Self.reason(error))"])
        }
    }

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case EADDRINUSE: "another process listens there"
        case EADDRNOTAVAIL: "this machine does not have that address"
        case EACCES: "this port needs more rights"
        default: error.description
        }
    }
}
