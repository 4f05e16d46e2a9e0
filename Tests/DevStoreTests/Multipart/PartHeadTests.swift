// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DevStore

struct PartHeadTests {
    @Test(
        arguments: [
            (#"form-data; name="key""#, "key", nil),
            (#"form-data; name=key"#, "key", nil),
            (#"FORM-DATA; NAME="Key""#, "Key", nil),
            (#"form-data; name="file"; filename="me.png""#, "file", "me.png"),
            (#"form-data; name="file"; filename="""#, "file", ""),
            (#"form-data; filename="a;b=c.png"; name="file""#, "file", "a;b=c.png"),
            (#"form-data; name="file"; filename="a \"b\" \\c.png""#, "file", #"a "b" \c.png"#),
            (#"form-data; name="file"; filename="C:\Users\me\a.png""#, "file", #"C:\Users\me\a.png"#),
            (#"form-data; name="file"; filename="a%22b%0D%0Ac%20%2e.png""#, "file", "a\"b\r\nc%20%2e.png"),
            (#"form-data; name="file"; filename="naïve.png"; filename*=UTF-8''other.png"#, "file", "naïve.png"),
            (#"form-data; name="x" ; "#, "x", nil),
        ] as [(String, String, String?)])
    func `name and file name are read as browsers and curl write them`(value: String, name: String, filename: String?) throws {
        let head = try PartHead(parsing: Array("Content-Type: image/png\r\ncontent-disposition:\(value)\r\nX:".utf8)[...])
        #expect(head.name.utf8.elementsEqual(name.utf8))
        #expect(head.filename.map { Array($0.utf8) } == filename.map { Array($0.utf8) })
    }
}
