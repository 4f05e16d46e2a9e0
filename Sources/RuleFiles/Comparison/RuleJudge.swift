// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
package import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The answer of a set of rules to a ``Probe``.
package enum Verdict: Sendable {
    /// Why, for an operator.
    case refused(String)
    case granted(tenant: String, Grant)

    /// Whether something is allowed by this and not by another answer.
    package func exceeds(_ other: Verdict) -> Bool {
        guard case .granted(let tenant, let grant) = self else { return false }
        guard case .granted(let otherTenant, let other) = other else { return true }
        return tenant != otherTenant || grant.exceeds(other)
    }
}

/// Answers probes by a set of rules with the service's own checks: everything but the signatures of tokens, the counts of limits
/// and the credentials of stores, which rule files do not decide.
package struct RuleJudge: Sendable {
    private let files: [TenantFile]
    private let directory: TenantDirectory
    private let tokens: UnsignedTokenVerifier
    /// The terms of each store of each file.
    private let stores: [[StoreTerms]]

    /// - Parameter serviceIssuers: the issuers of the service-wide file
    package init(_ files: [TenantFile], serviceIssuers: [Issuer]) {
        self.files = files
        directory = TenantDirectory(files)
        tokens = UnsignedTokenVerifier(
            serviceIssuers.map { ($0, nil) } + files.flatMap { file in file.issuers.map { ($0, file.tenant.id) } })
        stores = files.map { file in zip(file.tenant.stores, file.credentials).map { StoreTerms($0, $1) } }
    }

    package func verdict(on probe: Probe) -> Verdict {
        do {
            let principal = try principal(of: probe)
            guard let index = directory.index(of: principal) else { throw AccessError.tenantUnknown }
            let (file, tenant) = (files[index], files[index].tenant)
            try tenant.checkAccess(of: principal, from: probe.origin)
            // As `TicketIssuer` does.
            let uploader = try principal.uploader(for: probe.request, of: tenant, keyIssuers: file.keyIssuers)
            let rule = try principal.rule(named: probe.request.rule, of: tenant)
            let now = Date(timeIntervalSince1970: probe.time)
            let admission = try rule.admit(probe.request, uploader: uploader, uuid: Self.uuid, at: now)
            try Self.checkLength(of: admission, rule, at: now)
            let place = tenant.stores.firstIndex { $0 === rule.store } ?? 0
            return .granted(tenant: tenant.id, Grant(admission, of: rule, stores[index][place]))
        } catch {
            return .refused(Self.reason(error))
        }
    }

    /// The terms of a rule's store.
    func terms(of rule: UploadRule, in tenant: Tenant) -> StoreTerms? {
        guard let index = directory.index(ofTenant: tenant.id) else { return nil }
        return tenant.stores.firstIndex { $0 === rule.store }.map { stores[index][$0] }
    }

    /// The value of `{uuid}`: the same under all rules, so that keys can be compared.
    private static let uuid = "00000000-0000-7000-8000-000000000000"

    private func principal(of probe: Probe) throws(AuthenticationError) -> Principal {
        switch probe.caller {
        case .token(let token):
            return try tokens.principal(
                claims: token.json, algorithm: token.algorithm, at: Date(timeIntervalSince1970: probe.time)
            ) { PublishedKeys(of: $0) == token.keys }
        case .apiKey(let tenant, let id, let sha256):
            guard let index = directory.index(ofTenant: tenant),
                let key = files[index].apiKeys.first(where: { $0.id == id })
            else { throw .apiKeyUnknown }
            guard key.sha256 == sha256 else { throw .apiKeyMismatch }
            return try UnsignedTokenVerifier.owner(of: key, at: Date(timeIntervalSince1970: probe.time))
        }
    }

    private static let signer = PolicySigner()
    /// Credentials are not known: these are as short as possible.
    private static let credentials = SigningCredentials(accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x")

    /// Whether the store takes a policy of this length, or a `PUT` with this header.
    private static func checkLength(of admission: Admission, _ rule: UploadRule, at now: Date) throws {
        // Every other form fits: the rule was checked.
        guard rule.store.method == .put || rule.store.maxPolicyBytes != nil else { return }
        do throws(SigningError) {
            let end = now + Double(rule.expiry)
            _ = try admission.sign(for: rule.store, until: end, by: signer, with: credentials, at: now)
        } catch {
            if case .refused(let refusal) = error { throw refusal }
            throw error
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as AuthenticationError: error.reason
        case let error as AccessError: error.detail
        case let error as Refusal: error.detail
        default: "\(error)"
        }
    }
}
