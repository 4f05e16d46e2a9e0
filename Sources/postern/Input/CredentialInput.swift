// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WireFormats

/// Reads a token or an API key from standard input or a file, or, with a warning, from the command line: there it remains in the
/// shell's history, and every user of the machine can see it.
enum CredentialInput {
    /// More bytes than any token or API key has.
    static let limit = 64 * 1024

    /// Returns the credential without white space around it, and without `Authorization:` and `Bearer` before it.
    /// - Parameters:
    ///   - words: the arguments of the command line
    ///   - file: the file to read; nil or `-` for standard input
    static func read(words: [String], file: String?) throws -> String {
        let bytes: [UInt8]
        if !words.isEmpty {
            guard file == nil else { throw ValidationError("Give the token itself or --token-file, not both.") }
            say("warning: every user of this machine can see a token on a command line: give it on standard input.")
            bytes = Array(words.joined(separator: " ").utf8)
        } else if let file, file != "-" {
            bytes = try contents(of: file)
        } else {
            if StandardStream.inputIsTerminal { say("Paste the token or API key, then Enter and Ctrl-D:") }
            bytes = StandardStream.read(StandardStream.input, atMost: limit + 1) ?? []
        }
        return try credential(in: bytes)
    }

    /// Reads a file, which may be a pipe; one byte over the limit shows that there are too many.
    static func contents(of file: String) throws -> [UInt8] {
        guard let contents = StandardStream.read(path: file, atMost: limit + 1) else {
            throw ValidationError("\(file.printable()) cannot be read: check its path and permissions.")
        }
        return contents
    }

    /// Returns the credential in a text; see ``read(words:file:)``.
    static func credential(in bytes: [UInt8]) throws -> String {
        guard bytes.count <= limit else { throw ValidationError("The input is over \(limit) bytes: give one token or API key.") }
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
