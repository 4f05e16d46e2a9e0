// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct ClosestMatchTests {
    private static let keys = [
        "keyPrefix", "keyName", "contentTypes", "maxSize", "minSize", "expiry", "acl", "storageClass", "encryption", "tags",
        "metadata", "cacheControl", "contentDisposition", "checksum", "successStatus", "successRedirect", "requireScope",
        "limits",
    ]

    @Test(arguments: [
        ("maxsize", "maxSize"), ("max_size", "maxSize"), ("max-size", "maxSize"), ("mxaSize", "maxSize"),
        ("maxSizes", "maxSize"),
        ("contentType", "contentTypes"), ("content_types", "contentTypes"), ("keyprefix", "keyPrefix"), ("exipry", "expiry"),
        ("tag", "tags"), ("Acl", "acl"), ("sucessStatus", "successStatus"), ("limit", "limits"),
        // So short that only one difference is allowed.
        ("tgas", "tags"), ("a_c-l", "acl"),
    ])
    func `a misspelt word has one match`(word: String, meant: String) {
        #expect(word.closestMatch(in: Self.keys) == meant)
    }

    @Test(arguments: ["", "x", "prefix", "size", "types", "bucket", "zzzzzz", "\u{1F600}"])
    func `a word that is close to none has no match`(word: String) {
        #expect(word.closestMatch(in: Self.keys) == nil)
    }
}
