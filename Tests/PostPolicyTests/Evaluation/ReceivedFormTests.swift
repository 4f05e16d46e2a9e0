// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import Testing

struct ReceivedFormTests {
    @Test(arguments: [
        ("a.png", "a.png"), ("dir/a.png", "a.png"), (#"C:\Program Files\directory1\file.txt"#, "file.txt"), ("a/b\\c", "c"),
        ("a/", ""),
        ("", ""), ("é\u{301}.png", "é\u{301}.png"), ("${filename}", "${filename}"),
    ])
    func `the variable ${filename} is replaced by the last part of the file's path, in every field`(
        filename: String, expected: String
    ) {
        let form = ReceivedForm(
            [
                FormField(name: "key", value: "u/${filename}"),
                FormField(name: "x-amz-meta-n", value: "${filename}${filename}|${filenam}"),
            ],
            filename: filename)
        #expect(form["key"]?.utf8.elementsEqual("u/\(expected)".utf8) == true)
        #expect(form["X-AMZ-META-N"]?.utf8.elementsEqual("\(expected)\(expected)|${filenam}".utf8) == true)
    }

    @Test func `without a filename parameter the variable is not replaced`() {
        #expect(ReceivedForm([FormField(name: "key", value: "u/${filename}")], filename: nil)["key"] == "u/${filename}")
    }

    @Test func `a variable followed by a combining mark is replaced`() {
        let form = ReceivedForm([FormField(name: "key", value: "${filename}\u{301}")], filename: "e")
        #expect(form["key"]?.utf8.elementsEqual("e\u{301}".utf8) == true)
    }

    @Test func `fields of the same name are joined with commas, at the place and in the spelling of the first`() {
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
