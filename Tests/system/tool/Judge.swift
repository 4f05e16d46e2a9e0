// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `judge`: judges forms as S3 would, one JSON object a line.
struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge POST forms as S3 would.",
        discussion: """
            Reads lines {"fields": [["name", "value"], …], "fileSize": 1, "credentials": {"accessKeyId": "…", "secretAccessKey": "…", \
            "sessionToken": null}} and answers each with {"status": 204, "code": null, "message": null}.
            """
    )

    @Option(help: ArgumentHelp("The bucket that the form is posted to.", valueName: "name"))
    var bucket: String

    @Option(help: ArgumentHelp("The bucket's region.", valueName: "region"))
    var region = "us-east-1"

    @Option(help: ArgumentHelp("The instant of the judgement, ISO 8601. (default: now)", valueName: "instant"))
    var at: String?

    func run() throws {
        var instant = Date()
        if let at {
            guard let parsed = try? Date(at, strategy: .iso8601) else {
                throw ValidationError("--at is an instant such as 2026-01-01T00:00:00Z, not '\(at)'.")
            }
            instant = parsed
        }
        let evaluator = PolicyEvaluator(region: region)
        while let line = readLine() {
            let form = try JudgedForm(line)
            let refusal = evaluator.evaluate(
                form: form.fields, filename: form.filename, fileSize: form.fileSize, bucket: bucket, at: instant
            ) {
                form.credentials($0)
            }
            var json = JSONWriter()
            json.beginObject()
            json.key("status")
            json.int(refusal?.status ?? 204)
            json.key("code")
            if let code = refusal?.code { json.string(code) } else { json.null() }
            json.key("message")
            if let message = refusal?.message { json.string(message) } else { json.null() }
            json.endObject()
            print(String(decoding: json.finish(), as: UTF8.self))
        }
    }
}
