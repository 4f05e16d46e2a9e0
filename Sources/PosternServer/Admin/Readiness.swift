// SPDX-License-Identifier: Apache-2.0
import AWSCredentials
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Whether this process should be sent requests, and why not.
final class Readiness: Sendable {
    private let draining = Atomic(false)
    private let state: ServiceState

    init(state: ServiceState) {
        self.state = state
    }

    /// The service has been told to stop.
    func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    /// Every reason not to be ready at `now`; empty when ready.
    func reasons(at now: Date) -> [String] {
        var reasons: [String] = []
        if draining.load(ordering: .relaxed) { reasons.append("the service is stopping") }
        for (_, problem) in state.credentials.problems(at: now) { reasons.append(problem.description) }
        return reasons
    }
}
