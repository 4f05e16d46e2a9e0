// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// One text field of a POST form: a name and a value, as they are sent.
///
/// Equality is byte-exact: values that only look alike ("é" and "e" with a combining accent) are different to S3, too.
public struct FormField: Sendable, Hashable {
    /// The field's name, in the spelling in which it is sent.
    public let name: String
    /// The field's value.
    public let value: String

    /// Takes a name and a value as they are; nothing is checked here.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Compares names and values byte for byte.
    public static func == (left: FormField, right: FormField) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.value.hasSameBytes(as: right.value)
    }

    /// Hashes name and value.
    public func hash(into hasher: inout Hasher) {
        // Equal bytes hash alike under String's own hash; what it maps together besides is told apart by `==`.
        hasher.combine(name)
        hasher.combine(value)
    }
}
