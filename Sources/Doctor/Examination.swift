// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
package import PostPolicy
package import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Examines everything that the tickets of a tenant depend on, by using them: `postern doctor`.
package struct Examination: Sendable {
    /// After so long no further rule is tried.
    private static let longest: TimeInterval = 300

    /// The credentials that sign for a store, or why there are none.
    package struct Signer: Sendable {
        package let store: Store
        /// The name of the provider, `environment`.
        package let provider: String
        package let credentials: Result<SigningCredentials, SignerError>

        package init(store: Store, provider: String, credentials: Result<SigningCredentials, SignerError>) {
            self.store = store
            self.provider = provider
            self.credentials = credentials
        }
    }

    /// Why there are no credentials, in a sentence.
    package struct SignerError: Error {
        package let sentence: String

        package init(sentence: String) {
            self.sentence = sentence
        }
    }

    private let tenant: Tenant
    private let rules: [UploadRule]
    private let signers: [Signer]
    private let reader: SigningCredentials?
    private let transport: StoreTransport
    private let remedies: Remedies

    /// - Parameters:
    ///   - rules: those that are tried.
    ///   - signers: one for each store of the rules.
    ///   - reader: reads settings and files, and removes files; nil if the signers do.
    ///   - folder: the folder of rule files and the option for the service-wide file, as commands take them.
    ///   - file: the tenant's file.
    package init(
        of tenant: Tenant, rules: [UploadRule], signers: [Signer], reader: SigningCredentials?, folder: String,
        file: String, transport: StoreTransport
    ) {
        self.tenant = tenant
        self.rules = rules
        self.signers = signers
        self.reader = reader
        self.transport = transport
        remedies = Remedies(folder: folder, tenant: tenant.id, file: file)
    }

    /// Returns what was found, in the order in which it was looked at.
    package func findings() async -> [Finding] {
        let start = transport.now()
        let count = "\(rules.count) rule\(rules.count == 1 ? "" : "s")"
        var findings = [Finding(.files, .files, .ok, "\(remedies.file) is right, with \(count) to try")]
        if tenant.isSuspended {
            findings.append(Finding(.files, .files, .note, "the tenant is suspended: the service gives it no tickets"))
        }
        for signer in signers {
            let rules = rules.filter { $0.store === signer.store }
            guard !rules.isEmpty else { continue }
            findings += await examine(signer, rules, start)
        }
        return findings
    }

    private func examine(_ signer: Signer, _ rules: [UploadRule], _ start: Date) async -> [Finding] {
        let store = signer.store
        let scope = Finding.Scope.store(
            name: store.name ?? "store", place: "\(store.endpoint.fullBucket) in \(store.region), \(store.endpoint.url)")
        func untried(_ rules: some Sequence<UploadRule>, _ reason: String) -> [Finding] {
            rules.map { Finding(.rule($0.name), .upload, .notKnown, "not tried: \(reason)") }
        }
        let credentials: SigningCredentials
        switch signer.credentials {
        case .success(let provided): credentials = provided
        case .failure(let error):
            return [Finding(scope, .credentials, .wrong, error.sentence, advice: remedies.credentials)]
                + untried(rules, "there are no credentials to sign with")
        }
        var findings = [self.credentials(signer, credentials, rules, scope)]
        let client = StoreClient(
            endpoint: store.endpoint, transport: transport,
            secrets: [credentials, reader].compactMap(\.self).flatMap(\.secrets))
        let result = await StoreExamination(
            store: store, scope: scope, rules: rules, origins: tenant.origins, client: client, signer: credentials,
            reader: reader ?? credentials, remedies: remedies
        ).run()
        findings += result.findings
        guard result.isUsable else { return findings + untried(rules, "the store above is not usable") }
        for (index, rule) in rules.enumerated() {
            guard transport.now().timeIntervalSince(start) < Self.longest else {
                return findings + untried(rules[index...], "the examination took too long; give --rule")
            }
            let origins = tenant.origins
            let outcome = await RuleExamination(
                rule: rule, tenant: tenant.id, origin: origins.isEmpty ? nil : origins[index % origins.count],
                refusedOrigins: result.refusedOrigins, origins: origins, client: client, signer: credentials,
                reader: reader ?? credentials, remedies: remedies
            ).run()
            findings += outcome.findings
            if outcome.isProblemOfStore {
                return findings + untried(rules[(index + 1)...], "the rule \(rule.name) shows that the store is not usable")
            }
        }
        return findings
    }

    private func credentials(
        _ signer: Signer, _ credentials: SigningCredentials, _ rules: [UploadRule], _ scope: Finding.Scope
    ) -> Finding {
        let text = "\(signer.provider), access key …\(credentials.accessKeyID.suffix(4))"
        guard let end = credentials.expiration else {
            return Finding(
                scope, .credentials, .ok, credentials.sessionToken == nil ? "\(text), for good" : "\(text), of a session")
        }
        let now = transport.now()
        let left = Int(end.timeIntervalSince(now))
        let until = "\(text), until \(end.rfc3339) (in \(left / 60) min)"
        if let rule = rules.first(where: { TicketExpiry(ruleSeconds: $0.expiry, credentials: credentials, at: now) == nil }) {
            return Finding(
                scope, .credentials, .wrong,
                "\(until): the service issues no ticket of the rule \(rule.name) with them, since it would end after less than "
                    + "\(Int(TicketExpiry.shortest)) s",
                advice: "renew the session, or let it last longer; \(remedies.credentials)")
        }
        // The service renews them before they end, and its tickets end before they do.
        let lifetime = Double(left) - TicketExpiry.margin
        guard let rule = rules.max(by: { $0.expiry < $1.expiry }), Double(rule.expiry) > lifetime else {
            return Finding(scope, .credentials, .ok, until)
        }
        return Finding(
            scope, .credentials, .note,
            "\(until): a ticket of the rule \(rule.name) would end after \(max(0, Int(lifetime))) s now, and not after \(rule.expiry) s",
            advice: "write a shorter expiry, or let the session last longer")
    }
}

extension SigningCredentials {
    /// What no message may have, also as a URL has it.
    fileprivate var secrets: [String] {
        [sessionToken, secretAccessKey].compactMap(\.self).flatMap { [$0, PercentEncoding.component.encode($0)] }
    }
}
