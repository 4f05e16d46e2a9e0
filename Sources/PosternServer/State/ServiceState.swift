// SPDX-License-Identifier: Apache-2.0
package import AWSCredentials
import Synchronization

/// The current snapshot behind one lock; whoever reloads makes a new one beside it and swaps.
package final class ServiceState: Sendable {
    private let box: Mutex<ServiceSnapshot>
    /// What to sign with, refreshed on its own.
    package let credentials: CredentialStore

    package init(_ snapshot: ServiceSnapshot, credentials: CredentialStore) {
        self.box = Mutex(snapshot)
        self.credentials = credentials
    }

    package var current: ServiceSnapshot {
        box.withLock { $0 }
    }

    package func swap(_ snapshot: ServiceSnapshot) {
        box.withLock { $0 = snapshot }
    }
}
