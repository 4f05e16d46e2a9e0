// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import UploadRules
import WireFormats

/// An identity whose credentials sign tickets, with everything that it signs for.
package struct SigningIdentity: Sendable {
    /// Where its credentials come from. Sessions of one role are one identity.
    package enum Source: Sendable, Hashable, CustomStringConvertible {
        case standard
        case profile(String)
        case environment(prefix: String)
        /// The ARN of a role that is assumed.
        case role(String)

        init(_ source: CredentialSource) {
            self =
                switch source {
                case .standard: .standard
                case .profile(let name): .profile(name)
                case .environment(let prefix): .environment(prefix: prefix)
                case .role(let role): .role(role.roleARN)
                }
        }

        /// `default`, `profile NAME`, `env PREFIX` or `role ARN`.
        package var description: String {
            switch self {
            case .standard: "default"
            case .profile(let name): "profile \(name)"
            case .environment(let prefix): "env \(prefix)"
            case .role(let arn): "role \(arn)"
            }
        }
    }

    /// A document about an identity, and what its reader should know.
    package struct Document: Sendable {
        /// Compact JSON.
        package let json: String
        package let warnings: [String]
    }

    package let source: Source
    /// The stores that it signs for; empty if it only assumes roles.
    private var uses: [UsedBucket.Use] = []
    /// The roles that it assumes, as the rule files name them.
    private var roles: Set<String> = []
    /// The external ids with which it is assumed; nil for none.
    private var externalIDs: Set<String?> = []

    private init(source: Source) {
        self.source = source
    }

    /// The ids of the tenants that it signs for, each once.
    package var tenants: [String] {
        uses.reduce(into: []) { if !$0.contains($1.tenant.id) { $0.append($1.tenant.id) } }
    }

    /// Returns the identities of some tenants, in the order in which the files name them. The default identity is the first if it
    /// assumes roles.
    package static func all(of files: some Sequence<TenantFile>) -> [SigningIdentity] {
        var identities: [SigningIdentity] = []
        var places: [Source: Int] = [:]
        func place(of source: Source) -> Int {
            if let place = places[source] { return place }
            identities.append(SigningIdentity(source: source))
            places[source] = identities.count - 1
            return identities.count - 1
        }
        for file in files {
            for (store, credentials) in zip(file.tenant.stores, file.credentials) {
                if case .role(let role) = credentials {
                    identities[place(of: .standard)].roles.insert(role.roleARN)
                    identities[place(of: .role(role.roleARN))].externalIDs.insert(role.externalID)
                }
                identities[place(of: Source(credentials))].uses.append(UsedBucket.Use(tenant: file.tenant, store: store))
            }
        }
        return identities
    }
}

// MARK: What it may do

extension SigningIdentity {
    /// The most characters of a managed policy ("IAM and AWS STS quotas", IAM User Guide). White space is not counted.
    private static let maximumLength = 6144

    /// The least policy with which every ticket that it signs can be used.
    package var policy: Document {
        var warnings: [String] = []
        var text = policyText(.exact)
        if text.utf8.count > Self.maximumLength {
            text = policyText(.beginning)
            warnings.append(
                "the exact policy would be longer than the \(Self.maximumLength) characters of a managed policy, so this one allows everything "
                    + "under the leading folders of the rules")
        }
        if text.utf8.count > Self.maximumLength {
            warnings.append(
                "the policy has \(text.utf8.count) characters, and a managed policy takes \(Self.maximumLength): print one for each tenant with --tenant"
            )
        }
        if usesAnyKey {
            warnings.append(
                "kms:GenerateDataKey is allowed for every key: name the key by its ARN in the rule, encryption: {type: aws:kms, keyId: arn:aws:kms:…:key/…}"
            )
        }
        return Document(json: text, warnings: warnings)
    }

    private var usesAnyKey: Bool { uses.contains(where: \.usesAnyKey) }

    private func policyText(_ pattern: ResourcePattern) -> String {
        let permissions = UploadPermissions(
            buckets: uses.map { .init($0.store.bucket, in: $0.partition.rawValue, rules: $0.rules) })
        var statements = permissions.statements(pattern).map { statement in
            guard statement.resources == ["*"] else { return statement }
            // No key is named, so at least only S3 may use it ("kms:ViaService", AWS KMS Developer Guide).
            var narrowed = statement
            let services = Set(
                uses.filter { $0.usesAnyKey && $0.store.endpoint.identity.isAWS }
                    .map { "s3.\($0.store.region).\($0.partition.suffix)" })
            if !services.isEmpty {
                narrowed.conditions = [("StringEquals", [("kms:ViaService", services.sorted())])]
            }
            return narrowed
        }
        if !roles.isEmpty {
            statements.append(IAMPolicy.Statement(actions: ["sts:AssumeRole"], resources: roles.sorted()))
        }
        return IAMPolicy(statements: statements).text
    }
}

// MARK: Who may be it

extension SigningIdentity {
    /// The trust policy of a role that rule files name; nil for any other identity.
    /// - Parameter principal: the ARN of the identity that the service runs as
    package func trustPolicy(for principal: String) -> Document? {
        guard case .role = source else { return nil }
        var statement = IAMPolicy.Statement(principal: .init(kind: "AWS", name: principal), actions: ["sts:AssumeRole"])
        let externalIDs = externalIDs.compactMap(\.self).sorted()
        var warnings: [String] = []
        if !externalIDs.isEmpty {
            if self.externalIDs.contains(nil) {
                warnings.append("\(source): one rule file has an externalId and another none, so none is demanded")
            } else {
                statement.conditions = [("StringEquals", [("sts:ExternalId", externalIDs)])]
            }
        }
        return Document(json: IAMPolicy(statements: [statement]).text, warnings: warnings)
    }

    /// The trust policy of the role that the service itself has on EKS ("IAM roles for service accounts", Amazon EKS User Guide).
    /// - Parameters:
    ///   - provider: the ARN of the cluster's OpenID Connect provider in IAM:
    ///     `arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`
    ///   - serviceAccount: the account's namespace and name, `uploads:postern`
    /// - Returns: nil if the ARN is not that of a provider, or the account has no namespace
    package static func webIdentityTrustPolicy(provider: String, serviceAccount: String) -> String? {
        let parts = provider.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        let account = serviceAccount.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[5].hasPrefix("oidc-provider/"),
            account.count == 2, account.allSatisfy({ !$0.isEmpty }), provider.isVisibleASCII, serviceAccount.isVisibleASCII
        else { return nil }
        let issuer = parts[5].dropFirst("oidc-provider/".count)
        let statement = IAMPolicy.Statement(
            principal: .init(kind: "Federated", name: provider),
            actions: ["sts:AssumeRoleWithWebIdentity"],
            conditions: [
                (
                    "StringEquals",
                    [
                        ("\(issuer):aud", ["sts.amazonaws.com"]),
                        ("\(issuer):sub", ["system:serviceaccount:\(serviceAccount)"]),
                    ]
                )
            ])
        return IAMPolicy(statements: [statement]).text
    }
}

extension UsedBucket.Use {
    /// Whether a rule encrypts by KMS without the ARN of a key.
    fileprivate var usesAnyKey: Bool { rules.contains { $0.storage.encryption?.kmsResource == "*" } }

    /// The partition of AWS that the bucket's resource name has. Other stores use names as those of the first partition.
    var partition: Partition {
        store.endpoint.identity.isAWS ? Partition(region: store.region) ?? .aws : .aws
    }
}
