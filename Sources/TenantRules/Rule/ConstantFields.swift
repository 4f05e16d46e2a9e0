// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// The form fields that are the same in every ticket of a rule, in the places they take in the form.
struct ConstantFields: Sendable {
    /// Between `Content-Type` and `Content-Disposition`.
    let beforeDisposition: [FormField]
    /// After `Content-Disposition`, up to the fixed metadata.
    let afterDisposition: [FormField]
    /// The end of the form: `success_action_status` or `success_action_redirect`.
    let success: FormField
    /// What the fixed metadata counts towards S3's limit of 2 KB.
    let metadataBytes: Int
}
