// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct IndentedJSONTests {
    @Test func `each member and element has a line`() {
        let json = #"{"a":[1,{"b":"x"}],"c":{},"d":[],"e":null}"#
        #expect(
            String(indenting: json.utf8) == """
                {
                  "a": [
                    1,
                    {
                      "b": "x"
                    }
                  ],
                  "c": {},
                  "d": [],
                  "e": null
                }
                """)
    }

    @Test(arguments: [#"{"a":"{[,:]}"}"#, #"["\"","\\","\\\"{"]"#, #""{}""#, "[[[]]]", #"{"ü":"→ ,"}"#])
    func `texts stay as they are`(json: String) throws {
        let indented = String(indenting: json.utf8)
        #expect(try JSONValue(parsing: Array(indented.utf8)) == JSONValue(parsing: Array(json.utf8)), "\(indented)")
    }
}
