// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules

@Suite("Did you mean")
struct SpellingTests {
    @Test(
        "finds what was meant",
        arguments: [
            ("maxsize", "maxSize"), ("max_size", "maxSize"), ("max-size", "maxSize"), ("mxaSize", "maxSize"),
            ("maxSizes", "maxSize"),
            ("contentType", "contentTypes"), ("content_types", "contentTypes"), ("keyprefix", "keyPrefix"), ("exipry", "expiry"),
            ("tag", "tags"), ("Acl", "acl"), ("sucessStatus", "successStatus"), ("limit", "limits"),
        ]
    )
    func near(word: String, meant: String) {
        #expect(Spelling.nearest(to: word, in: RuleReader.keys) == meant)
    }

    @Test(
        "and stays silent where nothing is near",
        arguments: ["", "x", "prefix", "size", "types", "bucket", "zzzzzz", "\u{1F600}"])
    func far(word: String) {
        #expect(Spelling.nearest(to: word, in: RuleReader.keys) == nil)
    }
}
