// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WireFormats

/// Takes a token or an API key from standard input or a file, or, with a warning, from the command line: there it stays in the
/// shell's history and is seen by every user of the machine.
enum CredentialInput {
    /// More than any credential has.
    private static let limit = 64 * 1024

    /// The credential alone: white space around it, and `Authorization:` and `Bearer` before it, are taken away.
    /// - Parameters:
    ///   - words: what stands on the command line
    ///   - file: the file to read; nil or `-` for standard input
    static func read(words: [String], file: String?) throws -> String {
        let bytes: [UInt8]
        if !words.isEmpty {
            guard file == nil else { throw ValidationError("Give the token itself or --token-file, not both.") }
            say("warning: on a command line a token is seen by every user of this machine: give it on standard input.")
            bytes = Array(words.joined(separator: " ").utf8)
        } else if let file, file != "-" {
            // Just over the limit is enough to know that it is too much.
            guard let contents = StandardStream.read(path: file, atMost: limit + 1) else {
                throw ValidationError("\(file) cannot be read.")
            }
            bytes = contents
        } else {
            if StandardStream.inputIsTerminal { say("Paste the token or API key, then Enter and Ctrl-D:") }
            bytes = StandardStream.read(StandardStream.input, atMost: limit + 1) ?? []
        }
        guard bytes.count <= limit else { throw ValidationError("That is over \(limit) bytes: give one token or API key.") }
        var text = String(decoding: bytes, as: UTF8.self).trimmed
        for word in ["authorization:", "bearer "] where text.lowercased().hasPrefix(word) {
            text = text.dropFirst(word.count).trimmed
        }
        guard !text.isEmpty else {
            throw ValidationError("Give a token or an API key on standard input, or name its file with --token-file.")
        }
        return text
    }

    private static func say(_ line: String) {
        StandardStream.write("\(line)\n", to: StandardStream.error)
    }
}
