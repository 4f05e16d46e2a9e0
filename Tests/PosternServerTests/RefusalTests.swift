// SPDX-License-Identifier: Apache-2.0

import Testing
import UploadRules

@testable import PosternServer

struct RefusalTests {
    @Test func `every refusal has a stable code, its own detail, and the limit that was not met`() throws {
        let allowed: [ProblemDetails.Extra] = [.strings("allowed", ["a"])]
        let parameter = UploadParameter(name: "p", kind: .digits)
        let (type, name) = (try #require(MediaTypeName("A/B")), MetadataName("b"))
        let all: [(Refusal, String, [ProblemDetails.Extra])] = [
            (.ruleUnknown(allowed: ["a"]), "rule-unknown", allowed), (.ruleRequired(allowed: ["a"]), "invalid-request", allowed),
            (.scopeMissing("s"), "scope-missing", [.string("scope", "s")]), (.userRequired, "invalid-request", []),
            (.contentTypeNotAllowed(.unnamed(.none), allowed: ["a"]), "content-type-not-allowed", allowed),
            (.contentTypeNotAllowed(.malformed, allowed: ["a"]), "content-type-not-allowed", allowed),
            (
                .contentTypeNotAllowed(.type(type), allowed: ["a"]), "content-type-not-allowed",
                allowed + [.string("understood", "a/b")]
            ),
            (
                .contentTypeNotAllowed(.scriptCapable(type), allowed: ["a"]), "content-type-not-allowed",
                allowed + [.string("understood", "a/b")]
            ),
            (.sizeTooLarge(size: 3, max: 2), "size-too-large", [.int("maxSize", 2)]),
            (.sizeTooSmall(size: 0, min: 1), "size-too-small", [.int("minSize", 1)]),
            (.checksumRequired(allowed: [.sha256]), "checksum-required", [.strings("allowed", ["sha256"])]),
            (
                .checksumNotAllowed(.md5, allowed: [.sha256, .crc32c]), "checksum-not-allowed",
                [.strings("allowed", ["sha256", "crc32c"])]
            ),
            (.checksumMalformed(.sha1, .checksum, characters: 1), "invalid-request", []),
            (.metadataNotAllowed(name: nil, allowed: ["a"]), "metadata-not-allowed", allowed),
            (.metadataNotAllowed(name: name, allowed: ["a"]), "metadata-not-allowed", allowed + [.string("understood", "b")]),
            (.keyTooLong(bytes: 1025, hasFilename: true), "key-too-long", []), (.formTooLarge, "invalid-request", []),
            (
                .parameterInvalid(.missing(parameter)), "parameter-invalid",
                [.string("parameter", "p"), .strings("allowed", ["digits"])]
            ),
            (
                .parameterInvalid(.wrong(parameter)), "parameter-invalid",
                [.string("parameter", "p"), .strings("allowed", ["digits"])]
            ),
            (.parameterInvalid(.unknown(allowed: [parameter])), "parameter-invalid", [.strings("allowed", ["p"])]),
            (.invalid("No."), "invalid-request", []),
        ]
        for (refusal, code, extras) in all {
            let problem = ProblemDetails(refusal)
            #expect(problem.code.rawValue == code)
            #expect(problem.detail == refusal.detail)
            #expect(problem.extras == extras)
        }
    }
}
