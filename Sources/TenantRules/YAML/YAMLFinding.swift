// SPDX-License-Identifier: Apache-2.0

/// A problem of the YAML itself, before anything is known of its meaning.
struct YAMLFinding: Sendable, Hashable {
    let position: YAMLPosition
    let message: String
    let advice: String

    /// `keyName: {uuid}.{ext}` without quotes.
    static func textBehindBracket(_ position: YAMLPosition) -> YAMLFinding {
        YAMLFinding(
            position: position,
            message: "nothing can stand behind a closed bracket",
            advice: "put the whole value in quotes: \"{user}/\""
        )
    }
}
