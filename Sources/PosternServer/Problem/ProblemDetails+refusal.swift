// SPDX-License-Identifier: Apache-2.0

import UploadRules

extension ProblemDetails {
    /// A refusal by a rule, with the limit that was not met.
    init(_ refusal: Refusal) {
        let (code, extras): (ProblemCode, [Extra]) =
            switch refusal {
            case .ruleUnknown(let allowed): (.ruleUnknown, [.strings("allowed", allowed)])
            case .ruleRequired(let allowed): (.invalidRequest, [.strings("allowed", allowed)])
            case .scopeMissing(let scope): (.scopeMissing, [.string("scope", scope)])
            case .contentTypeNotAllowed(let allowed): (.contentTypeNotAllowed, [.strings("allowed", allowed)])
            case .sizeTooLarge(let max): (.sizeTooLarge, [.int("maxSize", max)])
            case .sizeTooSmall(let min): (.sizeTooSmall, [.int("minSize", min)])
            case .checksumRequired: (.checksumRequired, [])
            case .metadataNotAllowed(let allowed): (.metadataNotAllowed, [.strings("allowed", allowed)])
            case .keyTooLong: (.keyTooLong, [])
            case .userRequired, .checksumMalformed, .formTooLarge, .invalid: (.invalidRequest, [])
            }
        self.init(code, detail: refusal.detail, extras: extras)
    }
}
