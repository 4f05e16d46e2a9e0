// SPDX-License-Identifier: Apache-2.0

import UploadRules

/// The upload that the printed commands of `postern dev` make.
struct ExampleUpload: Sendable {
    let rule: UploadRule
    /// The file's name, which fits the type.
    let file: String
    /// A type that the rule allows.
    let contentType: String
    /// The file's size in bytes, which the rule allows.
    let size: Int

    /// An upload by the first rule that the user of the token can use for a text, or else for another file.
    ///
    /// Rules that want more of a request than these commands send come last.
    /// - Returns: nil if there is no rule
    init?(of rules: [UploadRule]) {
        let simple = rules.filter(\.isForAnyone)
        guard let rule = simple.first(where: { $0.contentTypes.example.type == Self.text }) ?? simple.first ?? rules.first else {
            return nil
        }
        self.rule = rule
        let example = rule.contentTypes.example
        contentType = example.type
        file = "hello.\(example.ending)"
        size = min(max(Self.content.utf8.count + 1, rule.sizes.lowerBound), rule.sizes.upperBound)
    }

    private static let text = "text/plain"
    private static let content = "hello"

    /// The command that makes the file.
    var makeFile: String {
        size == Self.content.utf8.count + 1 ? "echo \(Self.content) > \(file)" : "head -c \(size) /dev/zero > \(file)"
    }
}

extension UploadRule {
    /// Whether a token without scopes and attributes is enough, and a name, a type and a size.
    fileprivate var isForAnyone: Bool {
        requireScope == nil && issuers == nil && !apiKeysOnly && attributes.isEmpty && parameters.isEmpty && !checksum.isRequired
    }
}
