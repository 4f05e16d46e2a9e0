// SPDX-License-Identifier: Apache-2.0

import Testing
import UploadRules

@testable import PosternServer

struct RefusalTests {
    @Test func `every refusal has a stable code, its own detail, and the limit that was not met`() {
        let allowed: [ProblemDetails.Extra] = [.strings("allowed", ["a"])]
        let all: [(Refusal, String, [ProblemDetails.Extra])] = [
            (.ruleUnknown(allowed: ["a"]), "rule-unknown", allowed), (.ruleRequired(allowed: ["a"]), "invalid-request", allowed),
            (.scopeMissing("s"), "scope-missing", [.string("scope", "s")]), (.userRequired, "invalid-request", []),
            (.contentTypeNotAllowed(allowed: ["a"]), "content-type-not-allowed", allowed),
            (.sizeTooLarge(max: 2), "size-too-large", [.int("maxSize", 2)]),
            (.sizeTooSmall(min: 1), "size-too-small", [.int("minSize", 1)]), (.checksumRequired, "checksum-required", []),
            (.checksumMalformed, "invalid-request", []), (.metadataNotAllowed(allowed: ["a"]), "metadata-not-allowed", allowed),
            (.keyTooLong, "key-too-long", []), (.formTooLarge, "invalid-request", []), (.invalid("No."), "invalid-request", []),
        ]
        for (refusal, code, extras) in all {
            let problem = ProblemDetails(refusal)
            #expect(problem.code.rawValue == code)
            #expect(problem.detail == refusal.detail)
            #expect(problem.extras == extras)
        }
    }
}
