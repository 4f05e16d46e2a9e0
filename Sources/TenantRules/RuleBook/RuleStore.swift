// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Holds the current rule book. Readers take an immutable snapshot once a request; a swap never waits for them.
package final class RuleStore: Sendable {
    private let book: Mutex<RuleBook>

    package init(_ book: RuleBook) {
        self.book = Mutex(book)
    }

    /// The snapshot in force.
    package var current: RuleBook {
        book.withLock { $0 }
    }

    /// Puts a new snapshot in force.
    ///
    /// - Returns: The one it replaced.
    @discardableResult
    package func swap(_ new: RuleBook) -> RuleBook {
        book.withLock { current in
            defer { current = new }
            return current
        }
    }
}
