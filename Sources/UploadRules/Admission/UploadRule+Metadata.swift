// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

extension UploadRule {
    /// The metadata a request sets.
    ///
    /// Values stay UTF-8 as they are: for browser-based uploads S3 asks for UTF-8, where a PUT would need ASCII.
    func metadataFields(_ request: UploadRequest) throws(Refusal) -> [FormField] {
        if request.metadata.isEmpty { return [] }
        var fields: [FormField] = []
        fields.reserveCapacity(request.metadata.count)
        var bytes = storage.metadataBytes
        for (name, value) in request.metadata {
            let lowercased = String(decoding: name.utf8.map(\.asciiLowercased), as: UTF8.self)
            guard let name = storage.metadata.allowed.first(where: { $0.hasSameBytes(as: lowercased) }) else {
                throw .metadataNotAllowed(allowed: storage.metadata.allowed)
            }
            let field = FormField(name: MetadataRule.prefix + name, value: value)
            // S3 joins headers of one name, whatever their case, into one value.
            if fields.contains(where: { $0.name.hasSameBytes(as: field.name) }) {
                throw .invalid("The metadata \"\(name)\" is there twice; send it once.")
            }
            if PlainText.hasControls(value) {
                throw .invalid("The metadata \"\(name)\" holds a control character or a line end; send plain text.")
            }
            if PlainText.expands(value) {
                throw .invalid("The metadata \"\(name)\" holds \"${\", which the store would expand; send it without.")
            }
            bytes += field.name.utf8.count + field.value.utf8.count
            fields.append(field)
        }
        guard bytes <= MetadataRule.limit else {
            throw .invalid("The metadata is larger than the \(MetadataRule.limit) bytes that S3 stores; send less.")
        }
        return fields
    }
}
