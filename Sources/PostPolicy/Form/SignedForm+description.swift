// SPDX-License-Identifier: Apache-2.0

/// A form is a permission: whoever reads it may upload. Printing one shows the names of its fields only.
extension SignedForm: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the fields, in order.
    public var description: String { "SignedForm(\(fields.map(\.name).joined(separator: ", ")))" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
