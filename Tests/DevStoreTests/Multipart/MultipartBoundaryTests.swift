// SPDX-License-Identifier: Apache-2.0

import DevStore
import Testing

struct MultipartBoundaryTests {
    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"),
        ("multipart/form-data;boundary=abc", "abc"),
        ("Multipart/Form-Data; Boundary=\"a b'()+_,-./:=?c\"", "a b'()+_,-./:=?c"),
        ("multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundaryx", "----WebKitFormBoundaryx"),
        ("multipart/form-data; boundary=abc;", "abc"),
        ("multipart/form-data; boundary=\(String(repeating: "x", count: 70))", String(repeating: "x", count: 70)),
    ])
    func `the boundary is found, quoted or not, among other parameters and in any case`(contentType: String, boundary: String) {
        #expect(MultipartBoundary(contentType: contentType)?.bytes == Array(boundary.utf8))
    }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=a; boundary=b", "multipart/mixed; boundary=a", "application/json; boundary=a",
        "multipart/form-data; boundary=\(String(repeating: "x", count: 71))", "multipart/form-data; boundary=\"a ",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=ä", "multipart/form-data; boundary=\"a\r\nb\"",
        "multipart/form-data; boundary=a\0", "multipart/form-data boundary=a", "multipart/form-data; =a", "; boundary=a",
    ])
    func `a boundary that is missing, repeated, empty, too long or of other characters is refused`(contentType: String) {
        #expect(MultipartBoundary(contentType: contentType) == nil)
    }
}
