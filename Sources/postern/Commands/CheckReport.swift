// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import WireFormats

/// What `check --json` prints.
struct CheckReport {
    let tenants: [String]
    let problems: [Diagnostic]
    let warnings: [Diagnostic]

    /// `{"ok": …, "tenants": […], "problems": [{file, line, column, message, advice}], "warnings": […]}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("ok", problems.isEmpty)
            json.member("tenants", tenants)
            json.array("problems", of: problems) { write($1, to: &$0) }
            json.array("warnings", of: warnings) { write($1, to: &$0) }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private func write(_ problem: Diagnostic, to json: inout JSONWriter) {
        json.object { json in
            json.member("file", problem.file)
            json.member("line", problem.line)
            json.member("column", problem.column)
            json.member("message", problem.message)
            json.member("advice", problem.advice)
        }
    }
}
