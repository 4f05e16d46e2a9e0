// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

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
        let bytes: Data
        if !words.isEmpty {
            guard file == nil else { throw ValidationError("Give the token itself or --token-file, not both.") }
            say("warning: on a command line a token is seen by every user of this machine: give it on standard input.")
            bytes = Data(words.joined(separator: " ").utf8)
        } else if let file, file != "-" {
            guard let handle = FileHandle(forReadingAtPath: file), let contents = read(handle) else {
                throw ValidationError("\(file) cannot be read.")
            }
            bytes = contents
        } else {
            if isatty(STDIN_FILENO) != 0 { say("Paste the token or API key, then Enter and Ctrl-D:") }
            bytes = read(FileHandle.standardInput) ?? Data()
        }
        guard bytes.count <= limit else { throw ValidationError("That is over \(limit) bytes: give one token or API key.") }
        var text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        for word in ["authorization:", "bearer "] where text.lowercased().hasPrefix(word) {
            text = String(text.dropFirst(word.count)).trimmingCharacters(in: .whitespaces)
        }
        guard !text.isEmpty else {
            throw ValidationError("Give a token or an API key on standard input, or name its file with --token-file.")
        }
        return text
    }

    /// All there is, or just over the limit; a pipe gives it in pieces. Nil where it cannot be read.
    private static func read(_ handle: FileHandle) -> Data? {
        var bytes = Data()
        do {
            while bytes.count <= limit {
                guard let piece = try handle.read(upToCount: limit + 1 - bytes.count), !piece.isEmpty else { break }
                bytes += piece
            }
        } catch {
            return nil
        }
        return bytes
    }

    private static func say(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
