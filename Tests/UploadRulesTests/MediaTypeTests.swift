// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UploadRules

struct MediaTypeTests {
    @Test(arguments: [
        ("image/png", "image/png"), ("Image/PNG", "image/png"), ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("text/plain;charset=UTF-8", "text/plain; charset=utf-8"),
        ("TEXT/PLAIN ; Charset=\"UTF-8\" ", "text/plain; charset=utf-8"),
        ("video/webm;codecs=vp8,opus", "video/webm"), ("video/mp4; codecs=\"avc1.42E01E, mp4a.40.2\"", "video/mp4"),
        ("text/csv; header=present; charset=iso-8859-1", "text/csv; charset=iso-8859-1"), ("image/svg+xml", "image/svg+xml"),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        ),
        ("text/plain;", "text/plain"), ("text/plain; ;", "text/plain"), ("a/b; x=\"\"", "a/b"),
    ])
    func `a content type is normalised`(text: String, value: String) {
        #expect(MediaType(text)?.value == value)
    }

    @Test(arguments: [
        "", "image", "image/", "/png", "image/png/x", "image png", " image/png", "image/*", "*/*", "image/p*", "image/png\n",
        "image/png\u{0}",
        "image/pn\u{301}g", "imagé/png", "text/plain; charset", "text/plain; charset=", "text/plain; charset=a b",
        "text/plain charset=a",
        "text/plain; charset=a; charset=b", "text/plain; charset=\"a", "text/plain; =a", "text/plain; x=\"\\\"\"",
        "text/plain; x=\u{e9}",
        "text/html,image/png", "image/png, text/html", "a/b; x=\r\ny", "-a/b", "a/.b", "a/${filename}",
        String(repeating: "a", count: 300) + "/b",
        String(repeating: "a", count: 128) + "/b",
    ])
    func `an invalid content type is refused`(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test func `a content type has at most 255 bytes, including its parameters`() {
        let longest = String(repeating: "a", count: 127) + "/" + String(repeating: "b", count: 127)
        #expect(longest.utf8.count == 255)
        #expect(MediaType(longest)?.essence == longest)
        #expect(MediaType(longest.uppercased())?.essence == longest)
        #expect(MediaType(longest + ";") == nil)
        #expect(MediaType(longest + "b") == nil)
        for (start, value) in [
            ("image/png; x=", "image/png"), ("text/plain; charset=utf-8; x=", "text/plain; charset=utf-8"),
            ("image/png; x=\"\"; y=", "image/png"),
        ] {
            let fitting = start + String(repeating: "y", count: 255 - start.utf8.count)
            #expect(MediaType(fitting)?.value == value)
            #expect(MediaType(fitting + "y") == nil)
            #expect(MediaType(fitting + String(repeating: "y", count: 10_000)) == nil)
        }
    }

    @Test(
        arguments: [
            (nil, "attachment"), ("", "attachment"), ("me.png", "attachment; filename=\"me.png\"; filename*=UTF-8''me.png"),
            ("My résumé.pdf", "attachment; filename=\"My resume.pdf\"; filename*=UTF-8''My%20r%C3%A9sum%C3%A9.pdf"),
            ("a\"b\\c%d;e.txt", "attachment; filename=\"c_d;e.txt\"; filename*=UTF-8''c%25d%3Be.txt"),
            ("x\"y.txt", "attachment; filename=\"x_y.txt\"; filename*=UTF-8''x%22y.txt"),
            ("€ rates", "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"),
            ("e\u{301}ß報.txt", "attachment; filename=\"ess_.txt\"; filename*=UTF-8''e%CC%81%C3%9F%E5%A0%B1.txt"),
            ("\u{301}", "attachment; filename=\"_\"; filename*=UTF-8''%CC%81"),
            ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"), ("..", "attachment"),
            ("a/", "attachment"),
            ("a\r\nSet-Cookie: x", "attachment; filename=\"aSet-Cookie: x\"; filename*=UTF-8''aSet-Cookie%3A%20x"),
            ("${filename}", "attachment; filename=\"_{filename}\"; filename*=UTF-8''%24%7Bfilename%7D"),
            ("gpj.\u{202E}exe", "attachment; filename=\"gpj.exe\"; filename*=UTF-8''gpj.exe"), (" \u{200B}\u{0} ", "attachment"),
        ] as [(String?, String)])
    func `Content-Disposition has the name for old and new clients`(name: String?, value: String) {
        #expect(ContentDisposition.value(.attachment, filename: name) == value)
    }

    @Test func `a long name is shortened before its extension, between characters`() {
        let value = ContentDisposition.value(.inline, filename: String(repeating: "é", count: 500) + ".jpeg")
        #expect(value.hasSuffix("%C3%A9.jpeg"))
        #expect(value.hasPrefix("inline; filename=\"ee"))
        #expect(value.utf8.count < 800)
    }

    @Test func `a name has at most 200 bytes, and keeps an ending of up to 16 characters with its dot`() {
        func value(_ name: String) -> String { ContentDisposition.value(.inline, filename: name) }
        func expected(_ name: String) -> String { "inline; filename=\"\(name)\"; filename*=UTF-8''\(name)" }
        let stem = String(repeating: "a", count: 200)
        let ending = "." + String(repeating: "e", count: 15)
        #expect(value(stem) == expected(stem))
        #expect(value(stem + "a") == expected(stem))
        #expect(value("\(stem.prefix(184))\(ending)") == expected("\(stem.prefix(184))\(ending)"))
        #expect(value("\(stem.prefix(185))\(ending)") == expected("\(stem.prefix(184))\(ending)"))
        #expect(value("\(stem)\(ending)") == expected("\(stem.prefix(184))\(ending)"))
        #expect(value("\(stem)\(ending)e") == expected(stem))
    }
}
