// SPDX-License-Identifier: Apache-2.0

/// A tenant's file as far as it could be read: what checks across files need is there even where the rest is wrong.
struct TenantDraft {
    let id: String
    let log: DiagnosticLog
    var issuers: [Located<String>] = []
    /// Where the tenant's files go; nil where `store` could not be read.
    var store: StoreIdentity?
    /// Whether the files go to AWS itself: no endpoint is named.
    var isAWS = true
    var rules: [RuleDraft] = []
    /// Nil where a problem was logged.
    var file: TenantFile?
}
