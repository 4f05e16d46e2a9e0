// SPDX-License-Identifier: Apache-2.0

import PortableFormats
import Testing

/// What it refuses is in `STSResponseTests`.
struct XMLReaderTests {
    @Test func `elements in one place are read in their order`() throws {
        let xml = "<t><s><g><k>a</k><v>1</v></g><g><k>b</k><v/></g></s></t>"
        let elements = try XMLReader(Array(xml.utf8)).elements
        #expect(elements.map(\.path) == ["t", "t/s", "t/s/g", "t/s/g/k", "t/s/g/v", "t/s/g", "t/s/g/k", "t/s/g/v"])
        #expect(elements.map(\.text) == ["", "", "", "a", "1", "", "b", ""])
    }

    @Test func `text beside elements is refused, also after several`() {
        #expect(throws: XMLReader.SyntaxError.self) { try XMLReader(Array("<t><a/><a/>x</t>".utf8)) }
    }
}
