// SPDX-License-Identifier: Apache-2.0

import HTTPServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a request is judged with: its instant, its credentials, its origin, and the one snapshot for all of it.
final class RequestInfo: Sendable {
    let snapshot: ServiceSnapshot
    let time: Date
    /// Every value of `Authorization`, in order.
    let authorization: [String]
    /// Every value of `Origin`; a browser sends one at most.
    let origins: [String]
    let requestID: String
    let peer: ClientAddress

    var origin: String? { origins.first }

    init(
        snapshot: ServiceSnapshot, time: Date, authorization: [String] = [], origins: [String] = [], requestID: String,
        peer: ClientAddress
    ) {
        self.snapshot = snapshot
        self.time = time
        self.authorization = authorization
        self.origins = origins
        self.requestID = requestID
        self.peer = peer
    }
}
