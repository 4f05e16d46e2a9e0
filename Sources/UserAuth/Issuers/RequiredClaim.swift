// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// A claim that an issuer's tokens must have, with its exact value.
package struct RequiredClaim: Sendable, Hashable {
    /// The name of a member of the claims.
    package let name: String
    package let value: Value

    /// A claim of another JSON type has another value: `"true"` is not `true`.
    package enum Value: Sendable, Hashable {
        /// Compared by its bytes.
        case string(ExactString)
        /// Compared as a number: `2` equals `2.0`.
        case number(Double)
        case bool(Bool)
    }

    package init(name: String, value: Value) {
        self.name = name
        self.value = value
    }
}

extension RequiredClaim.Value {
    /// The value of a claim that can be required; nil for null, arrays, objects, and numbers out of a double's range.
    init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self = .string(ExactString(text))
        case .number(let number):
            guard let double = number.double else { return nil }
            self = .number(double)
        case .bool(let flag): self = .bool(flag)
        case .null, .array, .object: return nil
        }
    }
}

extension RequiredClaim.Value: CustomStringConvertible {
    /// As JSON has it.
    package var description: String {
        switch self {
        case .string(let text): JSONWriter.quoted(text.text)
        case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
        case .bool(let flag): String(flag)
        }
    }
}
