// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct IssuerPatternTests {
    private static let entra = "https://login.microsoftonline.com/{tid}/v2.0"

    @Test(arguments: [
        (
            entra, "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "9188040d-6c67-4c5b-b112-36a304b66dad"
        ),
        (entra, "https://login.microsoftonline.com/A/v2.0", "A"),
        (
            entra, "https://login.microsoftonline.com/" + String(repeating: "a", count: 64) + "/v2.0",
            String(repeating: "a", count: 64)
        ),
        (entra, "https://login.microsoftonline.com/" + String(repeating: "a", count: 65) + "/v2.0", nil),
        (entra, "https://login.microsoftonline.com//v2.0", nil),
        (entra, "https://login.microsoftonline.com/a/v2.0/", nil),
        (entra, "https://login.microsoftonline.com/a/v2", nil),
        (entra, "https://login.microsoftonline.com/a/b/v2.0", nil),
        (entra, "https://login.microsoftonline.com/a%2Fb/v2.0", nil),
        (entra, "https://login.microsoftonline.com/a_b/v2.0", nil),
        (entra, "https://login.microsoftonline.com/é/v2.0", nil),
        (entra, "https://login.microsoftonline.com/{tid}/v2.0", nil),
        (entra, "https://login.microsoftonline.com.evil.example/a/v2.0", nil),
        (entra, "http://login.microsoftonline.com/a/v2.0", nil),
        ("https://sts.windows.net/{tid}/", "https://sts.windows.net/a/", "a"),
        ("https://sts.windows.net/{tid}/", "https://sts.windows.net/a", nil),
        ("https://id.example/{org}", "https://id.example/a", "a"),
        ("https://id.example/{org}", "https://id.example/a/", nil),
        ("https://id.example", "https://id.example", nil),
    ])
    func `a placeholder stands for one segment of letters, digits and hyphens`(
        pattern: String, issuer: String, value: String?
    ) throws {
        let pattern = try IssuerPattern(parsing: pattern)
        #expect(pattern.placeholderValue(in: issuer) == value)
        #expect(pattern.matches(issuer) == (value != nil || pattern.text == issuer && pattern.template == nil))
    }

    @Test(arguments: [
        "https://{host}/v2.0", "https://{host}.example/a", "{all}", "https://id.example/a{b}/c", "https://id.example/{b}c/d",
        "https://id.example/{a}/{b}", "https://id.example/{}", "https://id.example/{a", "https://id.example/a}",
        "http://id.example/{a}",
        "https:///{a}", "https://id.example/{a{b}}/c", "https://id.example{a}",
    ])
    func `braces anywhere else are refused`(text: String) {
        #expect(throws: ValueError.self) { try IssuerPattern(parsing: text) }
    }

    @Test(arguments: [
        ("https://a.example", "https://a.example", true), ("https://a.example", "https://a.example/", false),
        (entra, "https://login.microsoftonline.com/x/v2.0", true), ("https://login.microsoftonline.com/x/v1.0", entra, false),
        (entra, "https://login.microsoftonline.com/{org}/v2.0", true), (entra, "https://sts.windows.net/{tid}/", false),
        ("https://a.example/{x}/b", "https://a.example/b/{y}", true),
        ("https://a.example/{x}/b", "https://a.example/{x}/c", false),
    ])
    func `issuers overlap if some iss is of both`(left: String, right: String, overlap: Bool) throws {
        let (left, right) = (try IssuerPattern(parsing: left), try IssuerPattern(parsing: right))
        #expect(left.overlaps(right) == overlap && right.overlaps(left) == overlap)
    }
}
