// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import Testing

@Suite("Reading a received form")
struct ReceivedFormTests {
    @Test(
        "${filename} is the last part of the file's path, in every field",
        arguments: [
            ("a.png", "a.png"), ("dir/a.png", "a.png"), (#"C:\Program Files\directory1\file.txt"#, "file.txt"), ("a/b\\c", "c"),
            ("a/", ""),
            ("", ""), ("é\u{301}.png", "é\u{301}.png"), ("${filename}", "${filename}"),
        ])
    func filename(filename: String, expected: String) {
        let form = ReceivedForm(
            [
                FormField(name: "key", value: "u/${filename}"),
                FormField(name: "x-amz-meta-n", value: "${filename}${filename}|${filenam}"),
            ],
            filename: filename)
        #expect(form["key"]?.utf8.elementsEqual("u/\(expected)".utf8) == true)
        #expect(form["X-AMZ-META-N"]?.utf8.elementsEqual("\(expected)\(expected)|${filenam}".utf8) == true)
    }

    @Test("without a filename parameter the variable stays as it is")
    func withoutFilename() {
        #expect(ReceivedForm([FormField(name: "key", value: "u/${filename}")], filename: nil)["key"] == "u/${filename}")
    }

    @Test("a combining mark behind the variable does not hide it")
    func combining() {
        let form = ReceivedForm([FormField(name: "key", value: "${filename}\u{301}")], filename: "e")
        #expect(form["key"]?.utf8.elementsEqual("e\u{301}".utf8) == true)
    }

    @Test("fields of the same name are joined by commas, in the place and the spelling of the first")
    func duplicates() {
        let form = ReceivedForm(
            [("x-amz-meta-tag", "Ninja"), ("key", "k"), ("X-Amz-Meta-Tag", "Stallman")].map {
                FormField(name: $0.0, value: $0.1)
            },
            filename: "f")
        #expect(
            form.fields == [FormField(name: "x-amz-meta-tag", value: "Ninja,Stallman"), FormField(name: "key", value: "k")])
        #expect(form["none"] == nil)
    }
}
