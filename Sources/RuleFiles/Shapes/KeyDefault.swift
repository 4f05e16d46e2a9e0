// SPDX-License-Identifier: Apache-2.0

/// What holds if a file does not have a key.
enum KeyDefault: Sendable, Hashable {
    /// Nothing: the file must have it.
    case required
    /// A value as one would write it, and a remark about it for the reference.
    case value(String, String? = nil)
    /// Words for the reference.
    case words(String)

    var isRequired: Bool { self == .required }

    /// The text of the reference.
    var markdown: String {
        switch self {
        case .required: "required"
        case .value(let text, nil): "`\(text)`"
        case .value(let text, let remark?): "`\(text)`: \(remark)"
        case .words(let text): text
        }
    }

    /// The end of the help of a flag.
    var help: String {
        if case .value(let text, _) = self { " (default: \(text))" } else { "" }
    }
}

extension KeyDefault: ExpressibleByStringLiteral {
    init(stringLiteral text: String) {
        self = .words(text)
    }
}
