// SPDX-License-Identifier: Apache-2.0

import DevStore
import Testing

@Suite("The boundary in a Content-Type")
struct MultipartBoundaryTests {
    @Test(
        "is found, quoted or not, among other parameters, in any case of the names",
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"),
            ("multipart/form-data;boundary=abc", "abc"),
            ("Multipart/Form-Data; Boundary=\"a b'()+_,-./:=?c\"", "a b'()+_,-./:=?c"),
            ("multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundaryx", "----WebKitFormBoundaryx"),
            ("multipart/form-data; boundary=abc;", "abc"),
            ("multipart/form-data; boundary=\(String(repeating: "x", count: 70))", String(repeating: "x", count: 70)),
        ]
    )
    func found(contentType: String, boundary: String) {
        #expect(MultipartBoundary(contentType: contentType)?.bytes == Array(boundary.utf8))
    }

    @Test(
        "is refused when it is missing, twice, empty, too long or of other characters",
        arguments: [
            "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=a; boundary=b", "multipart/mixed; boundary=a", "application/json; boundary=a",
            "multipart/form-data; boundary=\(String(repeating: "x", count: 71))", "multipart/form-data; boundary=\"a ",
            "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=ä", "multipart/form-data; boundary=\"a\r\nb\"",
            "multipart/form-data; boundary=a\0", "multipart/form-data boundary=a", "multipart/form-data; =a", "; boundary=a",
        ]
    )
    func refused(contentType: String) {
        #expect(MultipartBoundary(contentType: contentType) == nil)
    }
}
