// SPDX-License-Identifier: Apache-2.0

extension RateLimit {
    /// `60/1m`: a count, a slash, a duration of at most 7 days.
    static func parse(_ text: String) throws(Complaint) -> RateLimit {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw Complaint("\(text.quoted) is not a limit", "write a count and a duration: 60/1m")
        }
        let count = try WholeNumber.parse(parts[0], what: "a count", example: "60/1m")
        let seconds = try Measure.duration.parse(String(parts[1]))
        guard (1...1_000_000_000).contains(count), (1...7 * 86_400).contains(seconds) else {
            throw Complaint("\(text.quoted) is not a limit", "write at least 1 in 1s, at most 1000000000 in 7d: 60/1m")
        }
        return RateLimit(count: count, seconds: seconds)
    }
}
