// SPDX-License-Identifier: Apache-2.0

/// When credentials are fetched anew. Pure: seconds in, seconds out.
enum RefreshTiming {
    /// How long before their end credentials are renewed: 20 minutes, so that the usual tickets of 5 to 15 minutes are never
    /// cut short, or half of the time for which a shorter life is of use. The same credentials again (a metadata service hands
    /// out the old ones until it has new) are thereby asked for at half of what is left, again and again.
    /// - Parameters:
    ///   - remaining: seconds that they live
    ///   - useless: seconds before their end at which they are of no use any more
    ///   - jitter: 0 to 1
    static func lead(remaining: Double, useless: Double, jitter: Double) -> Double {
        // Many processes that started together must not ask together.
        max(min((remaining + useless) / 2, 20 * 60) * (1 + 0.1 * jitter), useless)
    }

    /// The least time to the next attempt after one that succeeded.
    /// - Parameter isSame: whether it brought what was there before
    static func rest(isSame: Bool) -> Double {
        isSame ? 4 : 2
    }

    /// How long to wait after a failure.
    /// - Parameters:
    ///   - failures: how many there were in a row; 1 after the first
    ///   - remaining: seconds that the present credentials still live; 0 where there are none
    ///   - isOutage: whether the source may be back at any moment; where it is not, somebody must change something first
    ///   - jitter: 0 to 1
    static func pause(failures: Int, remaining: Double, isOutage: Bool = true, jitter: Double) -> Double {
        let backoff = min(Double(1 << min(failures - 1, 6)), 60)
        // Every second without credentials counts: then the pause is short, so that a source that is back is found.
        let longest = max(isOutage ? 2 : 15, remaining / 8)
        return min(backoff, longest) * (1 - 0.25 * jitter)
    }
}
