// SPDX-License-Identifier: Apache-2.0

@testable import RuleFiles
@testable import UploadRules

extension YAMLNode {
    /// The tree with its places, in one line: `1:1{a@1:1=1:4“x”}`.
    var outline: String {
        let place = "\(position.line):\(position.column)"
        return switch content {
        case .text(let text): "\(place)“\(text)”"
        case .list(let items): "\(place)[\(items.map(\.outline).joined(separator: " "))]"
        case .mapping(let entries):
            "\(place){\(entries.map { "\($0.key)@\($0.keyPosition.line):\($0.keyPosition.column)=\($0.value.outline)" }.joined(separator: " "))}"
        case .reported: "\(place)reported"
        }
    }

    /// Levels of lists and mappings.
    var depth: Int {
        switch content {
        case .text, .reported: 0
        case .list(let items): 1 + (items.map(\.depth).max() ?? 0)
        case .mapping(let entries): 1 + (entries.map(\.value.depth).max() ?? 0)
        }
    }
}
