// SPDX-License-Identifier: Apache-2.0

private import WireFormats

/// The two commands that `postern dev` prints, for a POSIX shell with curl, sed and grep. They contain a token.
package struct CurlCommands: Sendable, Equatable {
    /// Requests a ticket, writes it to `ticket.json`, and prints it.
    package let ticket: String
    /// Uploads the file with the ticket in `ticket.json`.
    package let upload: String

    /// - Parameters:
    ///   - api: the address of Postern, without a trailing slash.
    ///   - store: the store's upload address, as in a ticket's `url`.
    ///   - token: a token that Postern accepts.
    ///   - rule: the rule's name.
    ///   - file: the name of a file in the current folder.
    ///   - contentType: one of the rule's types.
    package init(api: String, store: String, token: String, rule: String, file: String, contentType: String) {
        var body = JSONWriter()
        body.beginObject()
        for (name, value) in [("rule", rule), ("filename", file), ("contentType", contentType)] {
            body.key(name)
            body.string(value)
        }
        body.endObject()
        let json = String(decoding: body.bytes, as: UTF8.self)
        ticket = #"""
            curl -sS -o ticket.json \#(api)/v1/tickets \
              -H \#(Self.quoted("Authorization: Bearer \(token)")) \
              -H 'Content-Type: application/json' \
              -d \#(Self.quoted(json)) && cat ticket.json
            """#
        // curl's configuration files use the same escapes as JSON, so values need no conversion. The file must be the last
        // field.
        upload = #"""
            sed -E 's/.*"fields":\{(("([^"\\]|\\.)*"[:,]?)*)\}.*/\1/' ticket.json |
              grep -oE '"([^"\\]|\\.)*":"([^"\\]|\\.)*"' | sed -E 's/^"(.*)":"(.*)"$/form-string = "\1=\2"/' |
              curl -sS -i -K - -F \#(Self.quoted("file=@\(JSONWriter.quoted(file))")) \#(store)
            """#
    }

    /// Returns a text in single quotes for a POSIX shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
