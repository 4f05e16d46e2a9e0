// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules
@testable import UserAuth

struct TextFormTests {
    /// A form, what reads the values, and texts of which some are read.
    struct Reader: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let form: TextForm
        let takes: @Sendable (String) -> Bool
        let seeds: [String]

        init(_ name: String, _ form: TextForm, _ seeds: [String], _ read: @escaping @Sendable (String) throws -> Void) {
            testDescription = name
            self.form = form
            self.seeds = seeds
            takes = { text in (try? read(text)) != nil }
        }
    }

    private static let readers: [Reader] = [
        Reader("identifier", .identifier, ["acme", "a-1", "0"]) { _ = try Identifier.parse($0, what: "") },
        Reader("identifier with _", .underscoredIdentifier, ["a_b-1"]) {
            _ = try Identifier.parse($0, what: "", underscores: true)
        },
        Reader("attribute", .attributeName, ["org_id", "a-b"]) { try need(KeyTemplate.Placeholder.isAttributeName($0)) },
        Reader("parameter", .parameterName, ["audit", "user1", "rule_s"]) {
            try need(KeyTemplate.Placeholder.isParameterName($0))
        },
        Reader("scope", .scope, ["uploads:write", "a!#[]~"]) { _ = try Scope.parse($0) },
        Reader("plain", .plain(), ["uploads", "é {} 1", "1.50", "true"]) { _ = try PlainText.parse($0, what: "") },
        Reader("path", .path, ["keys/a.pem", "/etc/x"]) { _ = try FilePath.resolve($0, in: "t") },
        Reader("date", .date, ["2026-12-31", "2026-12-31T18:00:00Z", "2024-02-29t00:59:01.25+01:30"]) {
            _ = try Date(dayOrInstant: $0)
        },
        Reader("ending", .fileExtension, ["dcm", "7z", "001"]) { _ = try ContentTypeList.parseEnding($0, of: "text/html") },
        Reader("type", .contentTypePattern, ["image/png", "image/*", "*/*", "application/vnd.ms-excel", "a/b+c"]) {
            _ = try ContentTypeList.parsePattern($0)
        },
        Reader("rate", .rate, ["60/1m", "1/1s", "1000000000/7d", "5/168h"]) { _ = try RateLimit.parse($0) },
        Reader("metadata", .metadataValue(), ["app", "{user}", "a {{b} {claim.org}", "$"]) {
            let text = try PlainText.parse($0, what: "", atMost: MetadataRule.limit)
            _ = try FieldTemplate(parsing: text, what: "", tenant: "acme", rule: "r", parameters: parameters)
        },
        Reader("tag", .tagValue(), ["", "{user}", "a {{b} {audit}", "$"]) {
            _ = try FieldTemplate(parsing: $0, what: "", tenant: "acme", rule: "r", parameters: parameters)
        },
        Reader("keyPrefix", .keyPrefix(), ["avatars/{user}/", "{issuer}/{claim.org}/x-{yyyy}/", "{path}/{audit}/", "{tenant}a/"])
        {
            _ = try KeyTemplate(parsing: $0, as: .keyPrefix, tenant: "acme", parameters: parameters)
        },
        Reader("keyName", .keyName(), ["{uuid}.{ext}", "{path}/{filename}", "{user}", "a/..b/{audit}", "12"]) {
            _ = try KeyTemplate(parsing: $0, as: .keyName, tenant: "acme", parameters: parameters)
        },
        Reader("keyPrefix without parameters", .keyPrefix(parameters: false), ["avatars/{user}/", "{path}/{claim.a}/{ext}/"]) {
            _ = try KeyTemplate(parsing: $0, as: .keyPrefix, tenant: "acme")
        },
        Reader("keyName without parameters", .keyName(parameters: false), ["{uuid}.{ext}", "{path}/{filename}"]) {
            _ = try KeyTemplate(parsing: $0, as: .keyName, tenant: "acme")
        },
        Reader("tag without parameters", .tagValue(parameters: false), ["{rule} {user}", "{claim.a}"]) {
            _ = try FieldTemplate(parsing: $0, what: "", tenant: "acme", rule: "r")
        },
        Reader("bucket of AWS", .awsBucket, ["acme-uploads", "a.b.c", "1-2", "abc"]) {
            _ = try StoreEndpoint(bucket: $0, region: "eu-west-1")
        },
        Reader("older bucket", .olderBucket, ["acme-uploads", "Old_Name", "..."]) {
            _ = try StoreEndpoint(bucket: $0, region: "us-east-1")
        },
        Reader("region of AWS", .awsRegion, ["eu-west-1", "us-gov-east-1", "eusc-de-east-1"]) {
            _ = try StoreEndpoint(bucket: "acme-uploads", region: $0)
        },
        Reader("plain without braces", .plain(atMost: 512, except: "{}"), ["https://id.acme.example", "é 1"]) {
            _ = try PlainText.parse($0, what: "", atMost: 512)
            try need(!$0.contains("{") && !$0.contains("}"))
        },
        Reader("issuer", .issuerPattern, ["https://a.example/{tid}/v2.0", "https://a.example/b/{tid}", "a: é"]) {
            _ = try IssuerPattern(parsing: try PlainText.parse($0, what: "", atMost: 512))
        },
        Reader("URL", .webURL(), ["https://a.example/p?q=1", "http://localhost:80/", "http://127.0.0.1", "https://[::1]:8/x"]) {
            _ = try WebURL.parse($0)
        },
        Reader(
            "origin", .webOrigin, ["https://app.acme.example:8443", "http://dev.localhost:3000", "app://Ab:1", "https://[::1]"]
        ) {
            _ = try WebOrigin.parse($0)
        },
        Reader("endpoint", .endpoint, ["https://s3.example.net", "HTTP://a_b:9000/x/y/", "http://[::1]:9000"]) {
            _ = try StoreEndpoint(bucket: "acme-uploads", region: "r", endpoint: $0)
        },
        Reader("bucket", .bucket, ["acme-uploads", "a.b.c", "Old_Name", "t1:acme"]) {
            _ = try StoreEndpoint(bucket: $0, region: "r", endpoint: "https://s3.example.net", addressing: .path)
        },
        Reader("region", .region, ["eu-west-1", "garage", "A_b.c"]) {
            _ = try StoreEndpoint(bucket: "acme-uploads", region: $0, endpoint: "https://s3.example.net")
        },
        Reader(
            "role", .roleARN,
            ["arn:aws:iam::123456789012:role/a", "arn:aws-cn:iam:::role/p/a", "arn:aws:iam::RGW12345678901234567:role/a"]
        ) {
            try need(RoleARN($0)?.isIAMRole ?? false)
        },
        Reader("external id", .externalID, ["acme-7f3a", "a:/="]) { try need(AssumedRole.isExternalID($0)) },
        Reader("listener", .listenAddress, ["127.0.0.1:8080", "[::1]:0", "localhost:65535"]) { _ = try ListenAddress.parse($0) },
        Reader("range", .addressRange, ["10.0.0.0/8", "::1", "2001:db8::/32", "127.0.0.1"]) { _ = try AddressRange.parse($0) },
        Reader("host", .hostName, ["postern.internal", "a_b"]) { _ = try SettingValue.hostName.parse($0) },
        Reader("size", .quantity(.size, 1...5 << 30), ["5MiB", "1", "5GiB", "5368709120", "5242880KiB"]) {
            try need((1...5 << 30).contains(try Quantity.size.parse($0)))
        },
        Reader("duration", .quantity(.duration, 0...300), ["0s", "5m", "300s", "0h"]) {
            try need((0...300).contains(try Quantity.duration.parse($0)))
        },
        Reader("interval", .quantity(.interval, 100...300_000, orZero: true), ["0", "100ms", "5m", "300s"]) {
            _ = try SettingValue<Duration>.interval(100...300_000, "").parse($0)
        },
        Reader("count", .whole(1...1_000_000), ["1", "16384", "1000000"]) {
            _ = try SettingValue<Int>.count(1...1_000_000, "").parse($0)
        },
    ]

    private struct Refused: Error {}

    private static func need(_ condition: Bool) throws {
        if !condition { throw Refused() }
    }

    private static let parameters = [UploadParameter(name: "audit", kind: .digits)]

    /// Texts that the core schema of YAML takes for something else.
    private static let numbers = [
        "0", "-1", "+1", "7", "12", "007", "010", "1.5", "-2.5", ".5", "5.", "1e3", "1E-5", "+1e+2", "0x1f", "0o17", ".inf",
        "-.inf", ".nan",
        "12345678901234567890123", "0.0.1e5",
    ]

    @Test(arguments: readers)
    func `a form has every text that is read`(reader: Reader) throws {
        let patterns = try [reader.form.pattern, reader.form.bounds].compactMap { $0 }.map {
            try NSRegularExpression(pattern: "^(?:\($0))\\z")
        }
        var random = SplitMix64(seed: 13)
        let characters = Array("abczAZ019-_./:{}[]$*+~ @!#\"\\%é\u{7}\u{2028}TZ,").map(String.init)
        let pieces =
            characters + ["//", "..", "{user}", "{path}/", "{claim.x}", "{{", "KiB", "443", "localhost", "http://", "s", "00"]
        var texts = reader.seeds + Self.numbers + ["true", "false", "True", "null", ""]
        for _ in 0..<4000 {
            var text = Array(texts.randomElement(using: &random) ?? "").map(String.init)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0...text.count, using: &random)
                if place < text.count, Bool.random(using: &random) { text.remove(at: place) }
                if Bool.random(using: &random) {
                    text.insert(pieces.randomElement(using: &random) ?? "", at: min(place, text.count))
                }
            }
            // What is read is changed further.
            if reader.takes(text.joined()) { texts.append(text.joined()) }
        }
        var taken = 0
        for text in texts where reader.takes(text) {
            taken += 1
            #expect(patterns.allSatisfy { matches($0, text) }, "\(text.debugDescription)")
            if let length = reader.form.length { #expect(length.contains(text.unicodeScalars.count), "\(text.debugDescription)") }
            if ["true", "false", "True"].contains(text) { #expect(reader.form.allowsBooleans) }
            guard Self.numbers.contains(text), let number = Double(text) else { continue }
            switch reader.form.numbers {
            case .none: Issue.record("\(text) is read")
            case .whole(let range): #expect(range.contains(Int(number)))
            case .unsigned: #expect(number >= 0)
            case .all: break
            }
        }
        #expect(taken > 20)
    }

    private func matches(_ pattern: NSRegularExpression, _ text: String) -> Bool {
        pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    @Test func `a pattern of templates takes no time that grows with the power of their length`() throws {
        let templates = [String(repeating: "{uuid}/", count: 60) + "$", String(repeating: "{uuid}{ext}-", count: 40) + "}/"]
        for form in [TextForm.keyPrefix(), .keyName(), .keyPrefix(parameters: false), .metadataValue(), .tagValue()] {
            let pattern = try NSRegularExpression(pattern: "^(?:\(form.pattern))\\z")
            // It would not end.
            for text in templates { _ = matches(pattern, text) }
        }
    }

    @Test(arguments: [0...0, 0...9, 1...12, 7...7, 99...101, 1...1000, 256...16_384, 38...4021, 100...3000])
    func `a pattern of whole numbers has those of its range and no others`(range: ClosedRange<Int>) throws {
        let pattern = try NSRegularExpression(pattern: "^\(WholeNumberPattern.of(range))\\z")
        for number in 0...20_000 { #expect(matches(pattern, "\(number)") == range.contains(number)) }
        for text in ["", "00", "01", "1 ", "-1", "1.0"] { #expect(!matches(pattern, text)) }
    }

    @Test func `a pattern of whole numbers can end at the largest`() throws {
        let pattern = try NSRegularExpression(pattern: "^\(WholeNumberPattern.of(5...Int.max))\\z")
        #expect(matches(pattern, "\(Int.max)") && !matches(pattern, "9223372036854775808") && !matches(pattern, "4"))
    }

    @Test(arguments: [
        ("5GiB", true), ("6GiB", false), ("5368709121", false), ("0", false), ("5 MiB", false), ("5M", false), ("05MiB", false),
        ("5000MB", true),
        ("5369MB", false),
    ])
    func `sizes out of bounds or of another form do not fit`(text: String, fits: Bool) throws {
        let bounds = try #require(TextForm.quantity(.size, 1...5 << 30).bounds)
        #expect(matches(try NSRegularExpression(pattern: "^(?:\(bounds))\\z"), text) == fits)
    }

    @Test func `a text of another form breaks one pattern only, which is short`() throws {
        let json = JSONWriter.object { TextForm.quantity(.size, 1...5 << 30).writeMembers(to: &$0) }
        let schema = try JSONValue(parsing: json)
        let form = try #require(schema["pattern"]?.string)
        let bounds = try #require(schema["allOf"]?.elements?.first?["pattern"]?.string)
        #expect(form.utf8.count < 80)
        for (text, isForm, isInBounds) in [("5M", false, true), ("6GiB", true, false), ("5MiB", true, true), ("0", true, false)] {
            #expect(matches(try NSRegularExpression(pattern: form), text) == isForm, "\(text)")
            #expect(matches(try NSRegularExpression(pattern: bounds), text) == isInBounds, "\(text)")
        }
    }
}
