// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A profile's values as credentials need them: single lines of text. What it throws names options, never their values.
struct ProfileReader {
    let name: ExactString
    let values: ProfileValues

    /// Whether the option is written, with whatever value.
    func has(_ option: ExactString) -> Bool { values[option] != nil }

    /// The option's text; nil where it is not written.
    func text(_ option: ExactString) throws(CredentialError) -> String? {
        switch values[option] {
        case nil: return nil
        case .nested: throw problem("its \(option.text) begins on the line below the name: write the value on the same line")
        case .text(let text): return text
        }
    }

    /// The option's text, which is one line; nil where it is not written. A second line is an option that was indented by
    /// mistake: it must neither be sent nor shown, for it may be a key.
    func line(_ option: ExactString) throws(CredentialError) -> String? {
        guard let text = try text(option) else { return nil }
        if text.utf8.contains(where: \.isASCIIControl) {
            throw problem(
                "its \(option.text) goes on over the next line, or holds a control: "
                    + "write the lines of a profile without indentation"
            )
        }
        return text
    }

    /// An access key or a token, which is one word.
    func word(_ option: ExactString) throws(CredentialError) -> String? {
        guard let text = try text(option) else { return nil }
        let isBare = text.utf8.allSatisfy { $0.isVisibleASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
        guard isBare else {
            throw problem(
                "its \(option.text) holds white space, a quote or a control: "
                    + "write the bare value, and comments on lines of their own"
            )
        }
        return text
    }

    /// A problem of this profile.
    func problem(_ sentence: String) -> CredentialError {
        .configuration("the AWS profile \(Self.shown(name)) is wrong: \(sentence)")
    }

    /// A profile's name for a sentence; one that holds a line break or is long may be something else.
    static func shown(_ name: ExactString) -> String {
        let isName = name.text.utf8.count <= 128 && name.text.isPrintable
        return isName ? "\"\(name.text)\"" : "(a name of \(name.text.utf8.count) bytes)"
    }
}
