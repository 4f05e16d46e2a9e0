// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// One tenant: where its files go, which web pages may ask for tickets, and the rules for uploads.
///
/// A `Tenant` exists only if its file passed all checks.
package final class Tenant: Sendable {
    /// `[a-z0-9][a-z0-9-]{0,62}`, equal to the name of the tenant's file.
    package let id: String
    /// The bucket and how to sign for it.
    package let store: Store
    /// The origins of web pages that may ask for tickets, as browsers write them: `https://app.acme.example`.
    package let origins: [String]
    /// The rules, in the order of the file; never empty.
    package let rules: [UploadRule]

    package init(
        id: String,
        store: Store,
        origins: [String],
        rules: [UploadRule]
    ) {
        self.id = id
        self.store = store
        self.origins = origins
        self.rules = rules
    }

    /// Returns the rule that a request refers to.
    ///
    /// - Parameters:
    ///   - name: The rule's name; nil means the only permitted rule.
    ///   - permitted: The rules to choose from; nil for all of the tenant's.
    ///   - usable: The rules that a refusal names; nil for the permitted ones.
    /// - Throws: `Refusal.ruleRequired` or `Refusal.ruleUnknown`, with the names of the usable rules.
    package func rule(
        named name: String?, among permitted: [UploadRule]? = nil, telling usable: @autoclosure () -> [UploadRule]? = nil
    ) throws(Refusal) -> UploadRule {
        let permitted = permitted ?? rules
        guard let name else {
            guard permitted.count == 1, let only = permitted.first else {
                throw .ruleRequired(allowed: (usable() ?? permitted).map(\.name))
            }
            return only
        }
        guard let rule = permitted.first(where: { $0.name.hasSameBytes(as: name) }) else {
            throw .ruleUnknown(allowed: (usable() ?? permitted).map(\.name))
        }
        return rule
    }
}

/// A tenant's bucket: the endpoint that takes its uploads, and how tickets for it are signed.
package struct Store: Sendable, Hashable {
    /// The upload URL and host.
    package let endpoint: StoreEndpoint
    /// SigV4, except for old S3-compatible stores.
    package let signature: SignatureVersion

    /// The bucket's name.
    package var bucket: String { endpoint.bucket }
    /// The region that is part of the signing scope.
    package var region: String { endpoint.region }

    package init(endpoint: StoreEndpoint, signature: SignatureVersion) {
        self.endpoint = endpoint
        self.signature = signature
    }
}
