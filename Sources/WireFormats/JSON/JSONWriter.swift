// SPDX-License-Identifier: Apache-2.0

/// Writes compact JSON straight into bytes and sets the commas by itself.
///
/// Strings are escaped as RFC 8259 section 7 requires and no further: the quote, the backslash and the controls U+0000 to
/// U+001F. Everything else, `/` and U+2028 too, is written as raw UTF-8. The order of calls is the caller's: the writer balances
/// no brackets.
package struct JSONWriter: ~Copyable, Sendable {
    private var output: ByteOutput
    private var needsComma = false

    /// - Parameter capacity: how many bytes to reserve.
    package init(capacity: Int = 256) {
        output = ByteOutput(capacity: capacity)
    }

    /// A copy of the bytes written so far; ``finish()`` makes no copy.
    package var bytes: [UInt8] { output.bytes }

    /// Returns the bytes written, and ends the writer.
    package consuming func finish() -> [UInt8] { output.finish() }

    /// Opens an object, as a value.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array, as a value.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the innermost array.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; its value follows.
    package mutating func key(_ name: String) {
        output.appendQuoted(name, after: needsComma ? UInt8(ascii: ",") : nil, before: UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member's name, a constant of the program that needs no escapes; its value follows.
    package mutating func key(constant name: StaticString) {
        output.appendQuoted(constant: name, after: needsComma ? UInt8(ascii: ",") : nil, before: UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member with a string as its value; the name is a constant of the program that needs no escapes.
    package mutating func member(constant name: StaticString, _ value: String) {
        key(constant: name)
        string(value)
    }

    /// Writes a member with a string as its value.
    package mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Writes a string as a value, which first is transformed unless all of it is visible ASCII and spaces.
    package mutating func string(_ value: String, transformedUnlessPlain transform: (String) -> String) {
        separate()
        if !output.appendPlainText(value) { output.appendQuoted(transform(value), after: nil, before: nil) }
    }

    /// Writes a string as a value.
    package mutating func string(_ value: String) {
        output.appendQuoted(value, after: needsComma ? UInt8(ascii: ",") : nil, before: nil)
        needsComma = true
    }

    /// Writes an integer as a value.
    package mutating func int(_ value: Int) {
        separate()
        output.append(value)
    }

    /// Writes `true` or `false` as a value.
    package mutating func bool(_ value: Bool) {
        separate()
        output.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes `null` as a value.
    package mutating func null() {
        separate()
        output.append(contentsOf: "null".utf8)
    }

    /// Writes bytes that are a whole JSON value.
    package mutating func raw(_ value: some Collection<UInt8>) {
        separate()
        output.append(contentsOf: value)
    }

    /// The string as JSON, e.g. for an error's sentence.
    package static func quoted(_ value: String) -> String {
        var writer = JSONWriter(capacity: value.utf8.count + 2)
        writer.string(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        output.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        output.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { output.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
