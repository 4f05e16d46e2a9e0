// SPDX-License-Identifier: Apache-2.0

/// A key set as an issuer published it just now.
package struct FetchedKeys: Sendable {
    package let set: KeySet
    /// How long the provider says that it stays the same, within ``KeyLifetime/bounds``.
    package let lifetime: Duration

    package init(set: KeySet, lifetime: Duration = KeyLifetime.usual) {
        self.set = set
        self.lifetime = lifetime
    }
}
