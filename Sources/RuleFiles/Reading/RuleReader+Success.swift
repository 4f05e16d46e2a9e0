// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// What the store answers, and how often one may ask.
extension RuleReader {
    func readSuccess(_ section: Section) -> (status: Int, redirect: String?) {
        let status = section.value("successStatus") { text throws(ValueError) in
            try Choice.parse(text, of: ["200", "201", "204"], what: "a status S3 answers uploads with")
        }
        let redirect = section.value("successRedirect") { text throws(ValueError) in
            try PlainText.fieldValue(try WebURL.parse(text), what: "successRedirect", atMost: 2048)
        }
        if let status, redirect != nil {
            section.log.problem(
                at: status.position,
                "successStatus has no effect beside successRedirect",
                "keep one of the two"
            )
        }
        return (status.flatMap { Int($0.value) } ?? 201, redirect?.value)
    }

    func readLimits(_ section: Section) -> RuleLimits {
        guard let limits = section.section("limits", keys: ["perUser", "perTenant"]) else { return .none }
        let perUser = limits.value("perUser", RateLimit.parse)
        let perTenant = limits.value("perTenant", RateLimit.parse)
        if limits.all.isEmpty {
            section.log.problem(at: limits.position, "limits is empty", "write perUser: 60/1m, or remove it")
        }
        return RuleLimits(perUser: perUser?.value, perTenant: perTenant?.value)
    }

    /// A header's value: visible ASCII and blanks.
    static func headerValue(_ text: String, what: String) throws(ValueError) -> String {
        let text = try PlainText.fieldValue(text, what: what)
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { throw ValueError("\(what) is not ASCII", "write ASCII only") }
        return text
    }
}
