// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct JSONStructureTests {
    @Test func `closures balance brackets, and each type has its member`() {
        let none: String? = nil
        let json = JSONWriter.object { json in
            json.member("string", "a\"")
            json.member("none", none)
            json.member("int", -1)
            json.member("noInt", Int?.none)
            json.member("bool", true)
            json.member("strings", ["a", "b"])
            json.member("empty", [String]())
            json.member("some", [none, "c"])
            json.object("object") { json in
                json.member("a", 1)
                json.object("b") { _ in }
            }
            json.array("list", of: 1...2) { json, number in
                json.object { $0.member("n", number) }
            }
            json.array("nothing", of: [Int]()) { $0.int($1) }
            json.member("last", false)
        }
        #expect(
            String(decoding: json, as: UTF8.self) == #"{"string":"a\"","none":null,"int":-1,"noInt":null,"bool":true,"#
                + #""strings":["a","b"],"empty":[],"some":[null,"c"],"object":{"a":1,"b":{}},"list":[{"n":1},{"n":2}],"#
                + #""nothing":[],"last":false}"#)
    }
}
