// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A value that a request gives for the key, by a name that its rule declares. It is only a name: nothing proves that the caller may
/// use it.
package struct UploadParameter: Sendable, Hashable {
    /// What the values are.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case digits
        case uuid
        case name
    }

    /// The most parameters of one rule.
    package static let limit = 16

    /// `[a-z0-9][a-z0-9_-]{0,62}`.
    package let name: String
    package let kind: Kind

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

extension UploadParameter.Kind {
    /// What a value must be, for messages.
    package var description: String {
        switch self {
        case .digits: "1 to 20 digits (0-9)"
        case .uuid: "a UUID of 8-4-4-4-12 hexadecimal digits"
        case .name: "1 to 64 letters, digits, \"_\" and \"-\" (A-Z, a-z, 0-9)"
        }
    }

    /// Whether the bytes are a value of this kind. A UUID may be in either case.
    package func allows(_ text: some Collection<UInt8>) -> Bool {
        switch self {
        case .digits: return (1...20).contains(text.count) && text.allSatisfy { $0.isASCIIDigit }
        case .name:
            return (1...64).contains(text.count)
                && text.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        case .uuid:
            // RFC 9562, section 4.
            guard text.count == 36 else { return false }
            return text.enumerated().allSatisfy { place, byte in
                [8, 13, 18, 23].contains(place) ? byte == UInt8(ascii: "-") : byte.hexDigitValue != nil
            }
        }
    }
}

extension UploadRule {
    /// Checks that a request has exactly the declared parameters, each with a value of its kind.
    func checkParameters(_ request: UploadRequest) throws(Refusal) {
        if parameters.isEmpty, request.parameters.isEmpty { return }
        for parameter in parameters {
            guard let given = request.parameters.first(where: { $0.0.hasSameBytes(as: parameter.name) }) else {
                throw .parameterInvalid(.missing(parameter))
            }
            guard parameter.kind.allows(given.1.utf8) else { throw .parameterInvalid(.wrong(parameter)) }
        }
        // Names are unique in a JSON object, so any other is unknown.
        guard request.parameters.count == parameters.count else { throw .parameterInvalid(.unknown(allowed: parameters)) }
    }
}
