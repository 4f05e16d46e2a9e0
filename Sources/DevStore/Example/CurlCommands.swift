// SPDX-License-Identifier: Apache-2.0

private import WireFormats

/// The two commands that `postern dev` prints, for a POSIX shell with curl, sed and grep. They contain a token.
package struct CurlCommands: Sendable, Equatable {
    /// How the store takes a file.
    package enum Upload: Sendable {
        /// As the last part of a form.
        case form
        /// As the body of a `PUT`, for which the request names the size in bytes.
        case put(size: Int)
    }

    /// Requests a ticket, writes it to `ticket.json`, and prints it.
    package let ticket: String
    /// Uploads the file with the ticket in `ticket.json`.
    package let upload: String

    /// - Parameters:
    ///   - api: the address of Postern, without a trailing slash.
    ///   - token: a token that Postern accepts.
    ///   - rule: the rule's name.
    ///   - file: the name of a file in the current folder.
    ///   - contentType: one of the rule's types.
    ///   - upload: how the rule's store takes the file.
    package init(api: String, token: String, rule: String, file: String, contentType: String, by upload: Upload) {
        let json = JSONWriter.object { json in
            json.member("rule", rule)
            json.member("filename", file)
            json.member("contentType", contentType)
            if case .put(let size) = upload { json.member("size", size) }
        }
        ticket = #"""
            curl -sS -o ticket.json \#(api)/v1/tickets \
              -H \#(Self.quoted("Authorization: Bearer \(token)")) \
              -H 'Content-Type: application/json' \
              -d \#(Self.quoted(String(decoding: json, as: UTF8.self))) && cat ticket.json
            """#
        self.upload =
            switch upload {
            // The file must be the last field.
            case .form:
                Self.upload(
                    member: "fields", as: #"form-string = "\1=\2""#, file: "-F \(Self.quoted("file=@\(JSONWriter.quoted(file))"))"
                )
            case .put: Self.upload(member: "headers", as: #"header = "\1: \2""#, file: "-T \(Self.quoted(file))")
            }
    }

    /// Returns a command that makes options of curl from the ticket.
    ///
    /// curl's configuration files use the same escapes as JSON, so values need no conversion.
    /// - Parameters:
    ///   - member: the ticket's member that has names and values
    ///   - option: the option for a name `\1` and a value `\2`
    ///   - file: the option for the file
    private static func upload(member: String, as option: String, file: String) -> String {
        #"""
        { grep -oE '"url":"([^"\\]|\\.)*"' ticket.json | sed 's/"url":/url = /'
          sed -E 's/.*"\#(member)":\{(("([^"\\]|\\.)*"[:,]?)*)\}.*/\1/' ticket.json |
          grep -oE '"([^"\\]|\\.)*":"([^"\\]|\\.)*"' | sed -E 's/^"(.*)":"(.*)"$/\#(option)/'; } |
          curl -sS -i -K - \#(file)
        """#
    }

    /// Returns a text in single quotes for a POSIX shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
