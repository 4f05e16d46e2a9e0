// SPDX-License-Identifier: Apache-2.0

/// What is wrong with one value and what to write instead; the reader adds where.
struct Complaint: Error, Hashable {
    let message: String
    let advice: String

    init(_ message: String, _ advice: String) {
        self.message = message
        self.advice = advice
    }
}
