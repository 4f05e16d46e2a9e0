// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a request is judged with: its instant, its credentials, its origin, and the one snapshot for all of it.
///
/// A class, because the framework copies contexts freely and a reference is copied at a blow.
final class Arrival: Sendable {
    let snapshot: ServiceSnapshot
    let time: Date
    /// Every value of `Authorization`, in order.
    let authorization: [String]
    /// The value of `Origin`, where a browser sent one.
    let origin: String?
    let requestID: String
    let peer: Peer

    init(snapshot: ServiceSnapshot, time: Date, authorization: [String], origin: String?, requestID: String, peer: Peer) {
        self.snapshot = snapshot
        self.time = time
        self.authorization = authorization
        self.origin = origin
        self.requestID = requestID
        self.peer = peer
    }
}
