// SPDX-License-Identifier: Apache-2.0

import Synchronization
import WireFormats

/// A bounded cache of signing keys. It evicts the least recently used key first.
///
/// A key is found by all that it was derived from: neither a new day nor a new secret under the same access key id yields an
/// outdated key.
final class SigningKeyCache: Sendable {
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many keys are kept, at least one.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// What a key is derived from.
    struct Identity: Sendable {
        let accessKeyID: String
        let secretAccessKey: String
        let scope: Scope
    }

    /// What a key can sign for.
    enum Scope: Sendable {
        /// One day, counted from 1970-01-01, and one region.
        case v4(dayNumber: Int, region: String)
        case v2
    }

    private struct State {
        var entries: [Identity: Entry] = [:]
        /// Counts the uses, as the clock of "least recently".
        var uses: UInt64 = 0
    }

    private struct Entry {
        let key: SigningKey
        var lastUse: UInt64
    }

    /// How many keys are kept now.
    var count: Int { state.withLock { $0.entries.count } }

    /// Returns the key of an identity, and derives it if it is not kept. Nil if it cannot be derived.
    func key<Failure>(
        _ identity: Identity, derive: () throws(Failure) -> SigningKey?
    ) throws(Failure) -> SigningKey? {
        let kept = state.withLock { state -> SigningKey? in
            state.uses += 1
            let use = state.uses
            return state.entries.updateIfPresent(identity) { $0.lastUse = use }?.key
        }
        // Derived outside of the lock: two tasks that miss at once both derive the key, and other tasks do not wait for them.
        if let kept { return kept }
        guard let key = try derive() else { return nil }
        insert(key, identity)
        return key
    }

    private func insert(_ key: SigningKey, _ identity: Identity) {
        state.withLock { state in
            // Keys of past days are not used again, except yesterday's: by a request that began before midnight.
            state.entries = state.entries.filter { !$0.key.isOfAnotherTime(than: identity) }
            while state.entries.count >= capacity, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[oldest.key] = nil
            }
            state.uses += 1
            state.entries[identity] = Entry(key: key, lastUse: state.uses)
        }
    }
}

extension SigningKeyCache.Identity: Hashable {
    static func == (left: Self, right: Self) -> Bool {
        left.accessKeyID.hasSameBytes(as: right.accessKeyID) && left.secretAccessKey.hasSameBytes(as: right.secretAccessKey)
            && left.scope == right.scope
    }

    func hash(into hasher: inout Hasher) {
        // Enough to spread: an id rarely has several regions, and never has two secrets for long.
        hasher.combine(accessKeyID)
        if case .v4(let dayNumber, _) = scope { hasher.combine(dayNumber) }
    }

    /// Whether both are SigV4 keys of days that are not the same and not adjacent.
    fileprivate func isOfAnotherTime(than other: Self) -> Bool {
        guard case .v4(let day, _) = scope, case .v4(let otherDay, _) = other.scope else { return false }
        return abs(otherDay - day) > 1
    }
}

extension SigningKeyCache.Scope: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.v4(let leftDay, let leftRegion), .v4(let rightDay, let rightRegion)):
            leftDay == rightDay && leftRegion.hasSameBytes(as: rightRegion)
        case (.v2, .v2): true
        default: false
        }
    }
}

extension Dictionary {
    /// Changes the value of a key and returns it; nil if the key is not in the dictionary.
    fileprivate mutating func updateIfPresent(_ key: Key, _ change: (inout Value) -> Void) -> Value? {
        guard let index = index(forKey: key) else { return nil }
        change(&values[index])
        return values[index]
    }
}
