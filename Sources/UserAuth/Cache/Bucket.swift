// SPDX-License-Identifier: Apache-2.0

extension TokenCache {
    /// A few places for tokens.
    struct Bucket {
        static let ways = 8

        private var places: [Place?]
        /// Where the search for a place to give up goes on.
        private var hand = 0

        private struct Place {
            let hash: TokenDigest
            let token: VerifiedToken
            var wasUsed: Bool
        }

        init(ways: Int) {
            places = Array(repeating: nil, count: ways)
        }

        var count: Int {
            places.count { $0 != nil }
        }

        /// The token with this hash, if it still holds. One that does not is dropped.
        mutating func find(_ hash: TokenDigest, at now: Double) -> VerifiedToken? {
            for index in places.indices where places[index]?.hash == hash {
                guard let token = places[index]?.token, token.holds(at: now) else {
                    places[index] = nil
                    return nil
                }
                places[index]?.wasUsed = true
                return token
            }
            return nil
        }

        mutating func keep(_ token: VerifiedToken, _ hash: TokenDigest, at now: Double) {
            let index =
                places.firstIndex { $0?.hash == hash }
                ?? places.firstIndex { $0 == nil }
                ?? places.firstIndex { !($0?.token.holds(at: now) ?? false) }
                ?? nextToGiveUp()
            places[index] = Place(hash: hash, token: token, wasUsed: false)
        }

        /// The first place from the hand on that was not used since the hand last passed it.
        private mutating func nextToGiveUp() -> Int {
            while true {
                let index = hand
                hand = (hand + 1) % places.count
                guard places[index]?.wasUsed ?? false else { return index }
                places[index]?.wasUsed = false
            }
        }
    }
}
