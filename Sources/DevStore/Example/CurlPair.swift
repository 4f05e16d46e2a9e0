// SPDX-License-Identifier: Apache-2.0

private import WireFormats

/// The two commands that `postern dev` prints: take a ticket, upload with it. For a POSIX shell with curl, sed and grep.
package struct CurlPair: Sendable, Equatable {
    /// Asks for a ticket, keeps it in `ticket.json`, shows it.
    package let ticket: String
    /// Uploads the file with the ticket in `ticket.json`.
    package let upload: String

    /// - Parameters:
    ///   - api: where Postern answers, without a slash at the end.
    ///   - store: the store's upload address, as in a ticket's `url`.
    ///   - token: a token that Postern accepts.
    ///   - rule: the rule's name.
    ///   - file: the file in the current folder.
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
        // curl's own option files escape as JSON does, so a field's value goes from one to the other as it is. The file comes last.
        upload = #"""
            sed -E 's/.*"fields":\{(("([^"\\]|\\.)*"[:,]?)*)\}.*/\1/' ticket.json |
              grep -oE '"([^"\\]|\\.)*":"([^"\\]|\\.)*"' | sed -E 's/^"(.*)":"(.*)"$/form-string = "\1=\2"/' |
              curl -sS -i -K - -F \#(Self.quoted("file=@\(JSONWriter.quoted(file))")) \#(store)
            """#
    }

    /// In single quotes, as a POSIX shell reads them.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
