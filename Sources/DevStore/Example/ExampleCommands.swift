// SPDX-License-Identifier: Apache-2.0

private import WireFormats

/// The two commands that `postern dev` prints, for a POSIX shell. They contain a token.
package struct ExampleCommands: Sendable, Equatable {
    /// Uploads the file.
    package let upload: String
    /// Requests a ticket with curl, and prints it.
    package let ticket: String

    /// - Parameters:
    ///   - program: how the shell finds Postern's program.
    ///   - api: the address of Postern, without a trailing slash.
    ///   - token: a token that Postern accepts.
    ///   - rule: the rule's name.
    ///   - file: the name of a file in the current folder.
    ///   - contentType: one of the rule's types.
    ///   - size: of the file in bytes, for a ticket that needs it: one for a `PUT`.
    package init(program: String, api: String, token: String, rule: String, file: String, contentType: String, size: Int?) {
        // In a variable: arguments can be seen by every user of the machine.
        upload = #"""
            POSTERN_TOKEN=\#(token.shellWord) \
              \#(program.shellWord) upload \#(file.shellWord) --rule \#(rule.shellWord) --url \#(api.shellWord)
            """#
        let json = JSONWriter.object { json in
            json.member("rule", rule)
            json.member("filename", file)
            json.member("contentType", contentType)
            if let size { json.member("size", size) }
        }
        ticket = #"""
            curl -sS \#(api)/v1/tickets \
              -H \#("Authorization: Bearer \(token)".shellWord) \
              -H 'Content-Type: application/json' \
              -d \#(String(decoding: json, as: UTF8.self).shellWord)
            """#
    }
}
