// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import UploadRules
import WireFormats

/// `GET /v1/rules`: what the caller may upload, for `<input accept>` and for checks before the upload.
struct RulesRoute: Sendable {
    func respond(_ context: TenantContext) -> Response {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.key("tenant")
        json.string(context.tenant.id)
        json.key("rules")
        json.beginArray()
        for rule in context.usableRules { write(rule, to: &json) }
        json.endArray()
        json.endObject()
        return Response(status: 200, shared: PublicInterface.jsonFields, body: .bytes(json.finish()))
    }

    private func write(_ rule: UploadRule, to json: inout JSONWriter) {
        json.beginObject()
        json.key("name")
        json.string(rule.name)
        json.key("contentTypes")
        write(rule.contentTypes.patterns, to: &json)
        json.key("minSize")
        json.int(rule.sizes.lowerBound)
        json.key("maxSize")
        json.int(rule.sizes.upperBound)
        json.key("expiry")
        json.int(rule.expiry)
        json.key("checksum")
        json.string(rule.checksumRequired ? "required" : "optional")
        json.key("metadata")
        write(rule.storage.metadata.allowed, to: &json)
        json.key("filename")
        json.bool(rule.usesFilename)
        json.endObject()
    }

    private func write(_ names: [String], to json: inout JSONWriter) {
        json.beginArray()
        for name in names { json.string(name) }
        json.endArray()
    }
}
