// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules

extension Problem {
    /// What a rule refused, with the limit that was met.
    init(_ refusal: Refusal) {
        let code = ProblemCode(rawValue: refusal.code) ?? .invalidRequest
        let extras: [Extra] =
            switch refusal {
            case .ruleUnknown(let allowed), .ruleRequired(let allowed), .contentTypeNotAllowed(let allowed),
                .metadataNotAllowed(let allowed):
                [.strings("allowed", allowed)]
            case .sizeTooLarge(let max): [.int("maxSize", max)]
            case .sizeTooSmall(let min): [.int("minSize", min)]
            case .scopeMissing(let scope): [.string("scope", scope)]
            default: []
            }
        self.init(code, detail: refusal.detail, extras: extras)
    }
}
