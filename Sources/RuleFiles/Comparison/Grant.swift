// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import UploadRules
import WireFormats

/// What a ticket allows, as far as rules decide it.
package struct Grant: Sendable, Equatable {
    /// The rule's name. It does not count in comparisons: a ticket of another rule may allow the same.
    package let rule: String
    let store: StoreTerms
    let key: String
    /// In bytes.
    let sizes: ClosedRange<Int>
    /// What the form demands of the object, sorted.
    let fields: [FormField]
    /// Whether the upload is refused if there is an object with the key.
    let mustBeNew: Bool
    /// How long the ticket can be used.
    let seconds: Int
    let limits: RuleLimits

    /// - Parameter store: the terms of the rule's store
    init(_ admission: Admission, of rule: UploadRule, _ store: StoreTerms) {
        self.rule = rule.name
        self.store = store
        key = admission.key.text
        sizes = admission.sizes
        mustBeNew = rule.storage.mustBeNew
        seconds = rule.expiry
        limits = rule.limits
        fields = admission.fields.filter { $0.name != "If-None-Match" }.map(Self.normalised).sorted {
            ($0.name, $0.value) < ($1.name, $1.value)
        }
    }

    /// The order of tags does not matter.
    private static func normalised(_ field: FormField) -> FormField {
        switch field.name {
        case "tagging":
            FormField(name: field.name, value: field.value.split(separator: "<Tag>").sorted().joined(separator: "<Tag>"))
        case "x-amz-tagging":
            FormField(name: field.name, value: field.value.split(separator: "&").sorted().joined(separator: "&"))
        default: field
        }
    }

    /// Whether some upload, at some time, is allowed by this and not by the other.
    package func exceeds(_ other: Grant) -> Bool {
        store != other.store || !key.hasSameBytes(as: other.key) || fields != other.fields
            || sizes.lowerBound < other.sizes.lowerBound || sizes.upperBound > other.sizes.upperBound
            || (other.mustBeNew && !mustBeNew) || seconds > other.seconds || limits.exceed(other.limits)
    }

    /// What this allows and another does not, as parts of a sentence; empty if that is nothing.
    func excess(over other: Grant) -> [String] {
        var excess = store.differences(from: other.store)
        if !key.hasSameBytes(as: other.key) { excess.append("the key \(key)") }
        if sizes.lowerBound < other.sizes.lowerBound || sizes.upperBound > other.sizes.upperBound {
            excess.append("\(Self.text(sizes)), and not only \(Self.text(other.sizes))")
        }
        for field in fields where !other.fields.contains(field) { excess.append("the field \(field.name): \(field.value)") }
        for field in other.fields where !fields.contains(where: { $0.name == field.name }) {
            excess.append("no field \(field.name)")
        }
        if other.mustBeNew, !mustBeNew { excess.append("replacing an object") }
        if seconds > other.seconds { excess.append("\(seconds) s, and not only \(other.seconds) s") }
        if limits.exceed(other.limits) { excess.append(limits.text) }
        return excess
    }

    private static func text(_ sizes: ClosedRange<Int>) -> String {
        sizes.lowerBound == sizes.upperBound ? "\(sizes.lowerBound) bytes" : "\(sizes.lowerBound) to \(sizes.upperBound) bytes"
    }
}

/// Where and by whom the uploads of a store are signed.
struct StoreTerms: Sendable, Hashable {
    /// The bucket on AWS, which takes one form under all of its host names; at other stores the URL.
    private let place: String
    private let region: String
    private let signature: SignatureVersion
    private let method: UploadMethod
    private let credentials: CredentialSource

    init(_ store: Store, _ credentials: CredentialSource) {
        let endpoint = store.endpoint
        let isOneBucket = endpoint.identity.isAWS && store.method == .post && endpoint.url.utf8.starts(with: "https:".utf8)
        place = isOneBucket ? "s3://\(endpoint.bucket)" : endpoint.url
        region = endpoint.region
        signature = store.signature
        method = store.method
        guard case .role(var role) = credentials else {
            self.credentials = credentials
            return
        }
        // Both follow from the rules: what counts is whether there is a policy.
        role.sessionPolicy = role.sessionPolicy.map { _ in "" }
        role.sessionName = nil
        self.credentials = .role(role)
    }

    fileprivate func differences(from other: StoreTerms) -> [String] {
        var differences: [String] = []
        if place != other.place || region != other.region { differences.append("an upload to \(place) in \(region)") }
        if method != other.method { differences.append("a \(method == .put ? "PUT" : "form")") }
        if signature != other.signature { differences.append("a signature \(signature.rawValue)") }
        if credentials != other.credentials {
            var text = "credentials of \(credentials)"
            if case .role(let role) = credentials, case .role(let before) = other.credentials,
                role.sessionPolicy == nil, before.sessionPolicy != nil
            {
                text += " without a session policy"
            }
            differences.append(text)
        }
        return differences
    }
}

extension RuleLimits {
    /// Whether some number of tickets in some time is within these limits and not within others.
    fileprivate func exceed(_ others: RuleLimits) -> Bool {
        Self.exceeds(perUser, others.perUser) || Self.exceeds(perTenant, others.perTenant)
    }

    private static func exceeds(_ limit: RateLimit?, _ other: RateLimit?) -> Bool {
        guard let other else { return false }
        guard let limit else { return true }
        return limit.count > other.count || limit.count * other.seconds > other.count * limit.seconds
    }

    fileprivate var text: String {
        func text(_ limit: RateLimit?, _ whose: String) -> String {
            limit.map { "\($0.count) tickets in \($0.seconds) s \(whose)" } ?? "any number of tickets \(whose)"
        }
        return "\(text(perUser, "for each user")) and \(text(perTenant, "for the tenant"))"
    }
}
