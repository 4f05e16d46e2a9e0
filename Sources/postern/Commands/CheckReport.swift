// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import WireFormats

/// What `check --json` prints.
struct CheckReport {
    let tenants: [String]
    let problems: [RuleFileProblem]
    let warnings: [RuleFileProblem]

    /// `{"ok": …, "tenants": […], "problems": [{file, line, column, message, advice}], "warnings": […]}`
    var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.key("ok")
        json.bool(problems.isEmpty)
        json.key("tenants")
        json.beginArray()
        for tenant in tenants { json.string(tenant) }
        json.endArray()
        write(problems, as: "problems", to: &json)
        write(warnings, as: "warnings", to: &json)
        json.endObject()
        return String(decoding: json.finish(), as: UTF8.self)
    }

    private func write(_ list: [RuleFileProblem], as name: String, to json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        for problem in list {
            json.beginObject()
            json.key("file")
            json.string(problem.file)
            json.key("line")
            json.int(problem.line)
            json.key("column")
            json.int(problem.column)
            json.key("message")
            json.string(problem.message)
            json.key("advice")
            json.string(problem.advice)
            json.endObject()
        }
        json.endArray()
    }
}
