// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AWSCredentials

@Suite struct CredentialDateTests {
    @Test(
        "Z and offsets name one instant",
        arguments: [
            ("2026-01-01T00:05:00Z", 1_767_225_900.0),
            ("2026-01-01T00:05:00.250Z", 1_767_225_900.25),
            ("2026-01-01T01:05:00+01:00", 1_767_225_900),
            ("2025-12-31T19:05:00-0500", 1_767_225_900),
            ("2026-01-01T00:05:00.5+00:00", 1_767_225_900.5),
        ])
    func zAndOffsetsNameOneInstant(text: String, seconds: Double) {
        #expect(CredentialDate.date(text)?.timeIntervalSince1970 == seconds)
    }

    @Test(
        "Other forms are no dates",
        arguments: [
            "", "2026-01-01", "2026-01-01T00:05:00", "2026-01-01 00:05:00Z", "2026-02-30T00:05:00Z", "2026-01-01T00:05:00+1:00",
            "2026-01-01T00:05:00+24:00", "2026-01-01T00:05:00+0:000", "1767225900", "2026-01-01T00:05:00+01:00Z", "-", "+0000",
        ])
    func otherFormsAreNoDates(text: String) {
        #expect(CredentialDate.date(text) == nil)
    }
}
