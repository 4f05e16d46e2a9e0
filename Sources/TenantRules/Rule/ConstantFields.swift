// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// The form fields that are the same in every ticket of a rule, in the places they take in the form.
struct ConstantFields: Sendable, Hashable {
    /// Between `Content-Type` and `Content-Disposition`.
    let beforeDisposition: [FormField]
    /// After `Content-Disposition`: tags, storage, encryption, fixed metadata.
    let afterDisposition: [FormField]
    /// The end of the form: `success_action_status` or `success_action_redirect`.
    let success: FormField
    /// What the fixed metadata counts towards S3's limit.
    let metadataBytes: Int
    /// What all of these take of the form: ``FormBudget``.
    let cost: Int

    init(
        acl: String?,
        cacheControl: String?,
        tags: [Tag],
        storageClass: String?,
        encryption: Encryption?,
        metadata: MetadataRule,
        successStatus: Int,
        successRedirect: String?
    ) {
        var before: [FormField] = []
        if let acl { before.append(FormField(name: "acl", value: acl)) }
        if let cacheControl { before.append(FormField(name: "Cache-Control", value: cacheControl)) }
        beforeDisposition = before

        var after: [FormField] = []
        if !tags.isEmpty { after.append(FormField(name: "tagging", value: Tag.document(tags))) }
        if let storageClass { after.append(FormField(name: "x-amz-storage-class", value: storageClass)) }
        switch encryption {
        case .aes256:
            after.append(FormField(name: "x-amz-server-side-encryption", value: "AES256"))
        case .kms(let type, let keyID):
            after.append(FormField(name: "x-amz-server-side-encryption", value: type))
            after.append(FormField(name: "x-amz-server-side-encryption-aws-kms-key-id", value: keyID))
        case nil:
            break
        }
        afterDisposition = after + metadata.fixed
        metadataBytes = metadata.fixed.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }

        // S3 heeds the redirect alone where a form has both.
        success =
            successRedirect.map { FormField(name: "success_action_redirect", value: $0) }
            ?? FormField(name: "success_action_status", value: String(successStatus))
        cost = FormBudget.cost(beforeDisposition + afterDisposition + [success])
    }
}
