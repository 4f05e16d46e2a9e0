// SPDX-License-Identifier: Apache-2.0

/// What is wrong with one value and what to write instead; the reader adds where.
package struct ValueError: Error, Hashable {
    package let message: String
    package let advice: String

    package init(_ message: String, _ advice: String) {
        self.message = message
        self.advice = advice
    }
}
