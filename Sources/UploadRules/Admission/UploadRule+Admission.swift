// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

extension UploadRule {
    /// Judges a request by this rule.
    ///
    /// - Parameters:
    ///   - request: What the client asks for.
    ///   - uploader: Who asks.
    ///   - uuid: What `{uuid}` becomes: `[0-9A-Za-z-]`, chosen by the caller and never used twice.
    ///   - date: What `{yyyy}`, `{mm}` and `{dd}` become, in UTC.
    /// - Throws: The first reason to refuse, in the order scope, content type, size, checksum, metadata, key.
    package func admit(
        _ request: UploadRequest,
        uploader: Uploader,
        uuid: String,
        at date: Date
    ) throws(Refusal) -> Admission {
        try checkScope(uploader)
        let type = try mediaType(request)
        let sizes = try sizes(request)
        let checksum = try checksum(request)
        let metadata = try metadataFields(request)
        let key = try key(
            KeyTemplate.Values(
                user: uploader.user,
                uuid: uuid,
                contentType: type.essence,
                filename: request.filename,
                day: CivilTime(clamping: date)
            )
        )

        let typeField = FormField(name: "Content-Type", value: type.value)
        let disposition = contentDisposition.map {
            FormField(name: "Content-Disposition", value: ContentDisposition.value($0, filename: request.filename))
        }
        var fields: [FormField] = []
        fields.reserveCapacity(16)
        fields.append(typeField)
        fields += storage.fieldsBeforeDisposition
        if let disposition { fields.append(disposition) }
        fields += storage.fieldsAfterDisposition
        fields += metadata
        fields += checksum
        fields.append(storage.successField)
        guard FormBudget.hasRoom(for: fields, key: key) else {
            throw .invalid("The form would be larger than the 20 KB that S3 reads; send less metadata or a shorter file name.")
        }
        return Admission(rule: name, key: key, contentType: type.value, sizes: sizes, fields: fields)
    }

    private func checkScope(_ uploader: Uploader) throws(Refusal) {
        guard let requireScope else { return }
        guard uploader.scopes.contains(where: { $0.hasSameBytes(as: requireScope) }) else {
            throw .scopeMissing(requireScope)
        }
    }

    private func mediaType(_ request: UploadRequest) throws(Refusal) -> MediaType {
        guard let type = MediaType(request.contentType), contentTypes.allows(type.essence) else {
            throw .contentTypeNotAllowed(allowed: contentTypes.patterns)
        }
        return type
    }

    /// A declared size is pinned: the store then takes no other.
    private func sizes(_ request: UploadRequest) throws(Refusal) -> ClosedRange<Int> {
        guard let size = request.size else { return sizes }
        if size > sizes.upperBound { throw .sizeTooLarge(max: sizes.upperBound) }
        if size < sizes.lowerBound { throw .sizeTooSmall(min: sizes.lowerBound) }
        return size...size
    }

    private func checksum(_ request: UploadRequest) throws(Refusal) -> [FormField] {
        guard let checksum = request.checksumSHA256 else {
            if checksumRequired { throw .checksumRequired }
            return []
        }
        guard checksum.utf8.count == 44, Base64.decode(checksum)?.count == 32 else { throw .checksumMalformed }
        return [
            FormField(name: "x-amz-checksum-algorithm", value: "SHA256"),
            FormField(name: "x-amz-checksum-sha256", value: checksum),
        ]
    }
}
