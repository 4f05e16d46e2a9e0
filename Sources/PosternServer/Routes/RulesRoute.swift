// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import UploadRules
import WireFormats

/// `GET /v1/rules`: what the caller may upload, for `<input accept>` and for checks before the upload.
struct RulesRoute: Sendable {
    func respond(_ context: TenantContext) -> Response {
        let json = JSONWriter.object(capacity: 1024) { json in
            json.member("tenant", context.tenant.id)
            json.array("rules", of: context.usableRules) { write($1, to: &$0) }
        }
        return Response(status: 200, shared: context.info.snapshot.fields.json, body: .bytes(json))
    }

    private func write(_ rule: UploadRule, to json: inout JSONWriter) {
        json.object { json in
            json.member("name", rule.name)
            json.member("method", rule.store.method == .put ? "PUT" : "POST")
            json.member("contentTypes", rule.contentTypes.patterns)
            json.member("accept", rule.contentTypes.accept)
            json.member("minSize", rule.sizes.lowerBound)
            json.member("maxSize", rule.sizes.upperBound)
            json.member("expiresIn", rule.expiry)
            json.member("checksum", rule.checksum.isRequired ? "required" : "optional")
            json.member("checksumAlgorithms", rule.checksum.algorithms.map(\.rawValue))
            json.member("metadata", rule.storage.metadata.allowed)
            json.member("usesFilename", rule.usesFilename)
            json.member("usesPath", rule.usesPath)
            json.object("parameters") { json in
                for parameter in rule.parameters { json.member(parameter.name, parameter.kind.rawValue) }
            }
        }
    }
}
