// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// One tenant: where its files go, which pages may ask, and the rules for what may be uploaded.
///
/// A `Tenant` exists only after every check of its file has passed; nothing downstream checks again.
package final class Tenant: Sendable {
    /// `[a-z0-9][a-z0-9-]{0,62}`, equal to the name of the tenant's file.
    package let id: String
    /// The bucket and how to sign for it.
    package let store: Store
    /// The browser origins that may ask, as browsers write them: `https://app.acme.example`.
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

    /// Finds the rule a request means.
    ///
    /// - Parameters:
    ///   - name: The rule's name, or nil, which is enough where there is a single rule to choose from.
    ///   - permitted: The rules to choose from; nil for all of the tenant's.
    ///   - usable: The rules whose names a refusal may tell; nil for those to choose from.
    /// - Throws: `Refusal.ruleRequired` or `Refusal.ruleUnknown`, each with the names that would do.
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
