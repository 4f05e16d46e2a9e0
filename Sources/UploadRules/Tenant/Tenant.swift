// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// One tenant: where its files go, which web pages may ask for tickets, and the rules for uploads.
///
/// A `Tenant` exists only if its file passed all checks.
package final class Tenant: Sendable {
    /// `[a-z0-9][a-z0-9-]{0,62}`, equal to the name of the tenant's file.
    package let id: String
    /// The stores of the rules, each once, in the order in which rules use them; never empty.
    package let stores: [Store]
    /// The origins of web pages that may ask for tickets, as browsers write them: `https://app.acme.example`.
    package let origins: [String]
    /// The rules, in the order of the file; never empty.
    package let rules: [UploadRule]
    /// Whether every request is refused.
    package let isSuspended: Bool
    /// Who is refused although their token is valid; nil if nobody is.
    package let denial: Denial?
    /// Whether some rule is only for some issuers or for API keys.
    package let hasRestrictedRules: Bool

    package init(
        id: String,
        origins: [String],
        rules: [UploadRule],
        isSuspended: Bool = false,
        denial: Denial? = nil
    ) {
        self.id = id
        self.origins = origins
        self.rules = rules
        var seen: Set<ObjectIdentifier> = []
        stores = rules.map(\.store).filter { seen.insert(ObjectIdentifier($0)).inserted }
        self.isSuspended = isSuspended
        self.denial = denial
        hasRestrictedRules = rules.contains { $0.issuers != nil || $0.apiKeysOnly }
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

/// Whom a tenant refuses although their token is valid.
package struct Denial: Sendable, Hashable {
    /// These users, of whichever issuer; compared by bytes.
    package let users: Set<ExactString>
    /// Tokens that were issued before this instant, and tokens that do not say when, in seconds since 1970; nil if no token is too
    /// old.
    package let issuedBefore: Double?

    package init(users: [String] = [], issuedBefore: Double? = nil) {
        self.users = Set(users.map { ExactString($0) })
        self.issuedBefore = issuedBefore
    }

    package func refuses(user: String) -> Bool {
        users.contains(ExactString(user))
    }

    /// - Parameter instant: when the token was issued; nil if it does not say
    package func refusesToken(issuedAt instant: Double?) -> Bool {
        guard let issuedBefore else { return false }
        return instant.map { $0 < issuedBefore } ?? true
    }
}
