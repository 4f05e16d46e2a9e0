// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireFormats

struct ShellWordTests {
    @Test(arguments: [
        ("tenants", "tenants"), ("/etc/postern/tenants", "/etc/postern/tenants"),
        ("https://a.example:9000/b/", "https://a.example:9000/b/"),
        ("", "''"), ("my rules", "'my rules'"), ("a'b", "'a'\\''b'"), ("$(id)", "'$(id)'"), ("a&b;c", "'a&b;c'"),
        ("~root", "'~root'"),
        ("ü", "'ü'"), ("a\\b", "'a\\b'"), ("x\u{1B}[31m'\\", "$'x\\x1b[31m\\'\\\\'"), ("a\nb", "$'a\\x0ab'"),
        ("'\u{301}; id", "''\\''\u{301}; id'"), ("\u{202E}", "$'\\xe2\\x80\\xae'"),
    ])
    func `a word is quoted if the shell would change it, and printable`(text: String, word: String) throws {
        #expect(text.shellWord == word)
        #expect(text.shellWord.isPrintable)
    }

    @Test(arguments: ["a b", "'\u{301}; echo x", "x\u{1B}[31m'\\", "a\nb", "$HOME `id` \"", "\u{202E}é\t'"])
    func `a shell gets the text back`(text: String) throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", "printf %s \(text.shellWord)"]
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        #expect(Array(said) == Array(text.utf8))
    }
}
