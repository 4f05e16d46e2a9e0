// SPDX-License-Identifier: Apache-2.0

/// A problem of the YAML itself, before anything is known of its meaning.
struct YAMLFinding: Sendable, Hashable {
    let position: YAMLPosition
    let message: String
    let advice: String

    func advising(_ advice: String) -> YAMLFinding {
        YAMLFinding(position: position, message: message, advice: advice)
    }
}
