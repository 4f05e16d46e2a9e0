// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The largest `maximumDepth`, at which a thread's stack still suffices.
    package static let deepestNesting = 512

    /// Parses exactly one JSON value (RFC 8259), and refuses text that only some parsers accept.
    ///
    /// It refuses syntax errors and also: a member name that appears twice in an object (byte for byte after unescaping), half a
    /// surrogate pair, invalid UTF-8, a byte order mark, anything but white space after the value, and deeper nesting than
    /// `maximumDepth`.
    /// - Parameters:
    ///   - bytes: the text as UTF-8.
    ///   - maximumDepth: how many arrays and objects may be open at once; ``deepestNesting`` at most.
    package init(parsing bytes: Span<UInt8>, maximumDepth: Int = 32) throws(JSONSyntaxError) {
        self = try JSONParser.parse(bytes, maximumDepth: maximumDepth).get()
    }

    /// The same for an array.
    package init(parsing bytes: [UInt8], maximumDepth: Int = 32) throws(JSONSyntaxError) {
        try self.init(parsing: bytes.span, maximumDepth: maximumDepth)
    }
}
