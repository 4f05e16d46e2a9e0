// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Reads a token or an API key from standard input or a file: on a command line it would stay in the shell's history and be seen
/// by every user of the machine.
enum CredentialInput {
    /// More than any credential has.
    private static let limit = 64 * 1024

    /// The credential alone: white space around it, and `Authorization:` and `Bearer` before it, are taken away.
    static func read(file: String?) throws -> String {
        let bytes: Data
        if let file, file != "-" {
            guard let handle = FileHandle(forReadingAtPath: file) else { throw ValidationError("\(file) cannot be read.") }
            do {
                // Nil is an empty file.
                bytes = try handle.read(upToCount: limit + 1) ?? Data()
            } catch {
                throw ValidationError("\(file) cannot be read.")
            }
        } else {
            if isatty(STDIN_FILENO) != 0 {
                FileHandle.standardError.write(Data("Paste the token or API key, then Enter and Ctrl-D:\n".utf8))
            }
            bytes = (try? FileHandle.standardInput.read(upToCount: limit + 1)) ?? Data()
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
}
