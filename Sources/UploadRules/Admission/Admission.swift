// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A request that its rule admits: what a policy is made of, except the store and the expiration.
package struct Admission: Sendable {
    /// The rule's name.
    package let rule: String
    /// The whole key. The server chooses it; it begins with the rule's prefix.
    package let key: ObjectKey
    /// Where the user stands in the key, in bytes.
    package let users: [Range<Int>]
    /// The normalised content type, as in the field `Content-Type`.
    package let contentType: String
    /// The sizes that the file may have, in bytes: by default `size...size` if the request declares one.
    package let sizes: ClosedRange<Int>
    /// The fields after `key` and `bucket`, in the order of the form: from `Content-Type` to `success_action_status`.
    package let fields: [FormField]

    /// Returns the admission of files of exactly one size.
    /// - Parameter size: in bytes, one that the rule allows
    package func narrowed(to size: Int) -> Admission {
        Admission(rule: rule, key: key, users: users, contentType: contentType, sizes: size...size, fields: fields)
    }

    /// Returns the policy of this upload.
    ///
    /// - Throws: `PolicyError`. With a rule that was loaded, only an impossible expiration can cause an error.
    package func policy(for store: StoreEndpoint, expiration: Date) throws(PolicyError) -> UploadPolicy {
        var policy = try UploadPolicy(store: store, key: key, contentLength: sizes, expiration: expiration)
        for field in fields {
            try policy.add(field.name, field.value)
        }
        return policy
    }
}

extension Admission {
    /// Returns the presigned `PUT` of this upload, for a rule whose store takes no form.
    ///
    /// - Throws: `PolicyError`. With a rule that was loaded, only an impossible expiration can cause an error.
    package func putUpload(to store: StoreEndpoint, expiration: Date) throws(PolicyError) -> PutUpload {
        var upload = try PutUpload(store: store, key: key, contentLength: sizes.upperBound, expiration: expiration)
        for field in fields {
            // A header names the algorithm already: `x-amz-checksum-sha256`.
            if field.name.hasSameBytes(as: "x-amz-checksum-algorithm") { continue }
            let isMetadata = field.name.utf8.starts(with: MetadataRule.prefix.utf8)
            // SigV4 signs a run of spaces as one.
            try upload.add(field.name, isMetadata ? field.value : field.value.split(separator: " ").joined(separator: " "))
        }
        return upload
    }
}

extension UploadRule {
    /// Checks a request against this rule.
    ///
    /// - Parameters:
    ///   - request: What the client asks for.
    ///   - uploader: The authenticated caller.
    ///   - uuid: The value of `{uuid}`: `[0-9A-Za-z-]`, chosen by the caller and never used twice.
    ///   - date: The date for `{yyyy}`, `{mm}` and `{dd}`, in UTC.
    /// - Throws: The first reason to refuse, in the order scope, content type, size, checksum, metadata, parameters, key.
    package func admit(
        _ request: UploadRequest,
        uploader: Uploader,
        uuid: String,
        at date: Date
    ) throws(Refusal) -> Admission {
        try checkScope(uploader)
        let match = try contentTypes.match(request.contentType, filename: request.filename)
        let sizes = try sizes(request)
        let checksum = try checksumFields(request)
        let metadata = try metadataFields(request)
        try checkParameters(request)
        let values = KeyTemplate.Values(
            uploader: uploader,
            uuid: uuid,
            contentType: match.type.essence,
            ending: match.ending,
            filename: request.filename,
            filenames: filenames,
            parameters: request.parameters,
            path: request.path,
            day: CivilTime(clamping: date)
        )
        let (key, users) = try keyPrefix.makeKey(name: keyName, values)

        var fields: [FormField] = []
        fields.reserveCapacity(16)
        fields.append(FormField(name: "Content-Type", value: match.type.value))
        fields += storage.fieldsBeforeDisposition
        if let contentDisposition {
            let value = ContentDisposition.value(contentDisposition, filename: request.filename)
            fields.append(FormField(name: "Content-Disposition", value: value))
        }
        fields += storage.fieldsAfterDisposition
        if storage.hasComputedFields { try storage.appendComputedFields(values, beside: metadata, to: &fields) }
        fields += metadata
        fields += checksum
        if let field = storage.successField { fields.append(field) }
        return Admission(rule: name, key: key, users: users, contentType: match.type.value, sizes: sizes, fields: fields)
    }

    private func checkScope(_ uploader: Uploader) throws(Refusal) {
        guard let requireScope else { return }
        guard uploader.scopes.contains(where: { $0.utf8.elementsEqual(requireScope.utf8) }) else {
            throw .scopeMissing(requireScope)
        }
    }

    /// A declared size is judged, and by default it is signed, so that the store accepts no other.
    private func sizes(_ request: UploadRequest) throws(Refusal) -> ClosedRange<Int> {
        guard let size = request.size else {
            if store.method == .put { throw .sizeRequired }
            return sizes
        }
        if size > sizes.upperBound { throw .sizeTooLarge(size: size, max: sizes.upperBound) }
        if size < sizes.lowerBound { throw .sizeTooSmall(size: size, min: sizes.lowerBound) }
        switch declaredSize {
        case .exact: return size...size
        case .atMost: return sizes.lowerBound...size
        case .ignored: return sizes
        }
    }

    private func checksumFields(_ request: UploadRequest) throws(Refusal) -> [FormField] {
        guard let requested = request.checksum else {
            if checksum.isRequired { throw .checksumRequired(allowed: checksum.algorithms) }
            return []
        }
        guard let algorithm = requested.algorithm, checksum.algorithms.contains(algorithm) else {
            throw .checksumNotAllowed(requested.algorithm, allowed: checksum.algorithms)
        }
        let isShort = requested.value.utf8.count <= 64
        guard isShort, Base64.decode(requested.value)?.count == algorithm.byteCount else {
            throw .checksumMalformed(algorithm, requested.member, characters: requested.value.unicodeScalars.count)
        }
        return algorithm.fields(requested.value)
    }

    /// Returns the metadata that the request sets.
    ///
    /// Values are UTF-8 and are not encoded: S3 requires UTF-8 in browser-based uploads, where a PUT would need ASCII.
    private func metadataFields(_ request: UploadRequest) throws(Refusal) -> [FormField] {
        if request.metadata.isEmpty { return [] }
        var fields: [FormField] = []
        fields.reserveCapacity(request.metadata.count)
        var bytes = storage.metadataBytes
        for (name, value) in request.metadata {
            let lowercased = String(decoding: name.utf8.map(\.asciiLowercased), as: UTF8.self)
            guard let name = storage.metadata.allowed.first(where: { $0.utf8.elementsEqual(lowercased.utf8) }) else {
                throw .metadataNotAllowed(name: MetadataName(lowercased), allowed: storage.metadata.allowed)
            }
            let field = FormField(name: MetadataRule.prefix + name, value: value)
            // S3 joins headers whose names differ only in case.
            if fields.contains(where: { $0.name.utf8.elementsEqual(field.name.utf8) }) {
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
            throw MetadataRule.tooLarge
        }
        return fields
    }
}
