// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PostPolicy
import RuleFiles
import WireFormats

/// `postern iam`: policies and settings of AWS that the rules need.
struct Iam: ParsableCommand {
    enum Document: String, CaseIterable, ExpressibleByArgument {
        case policy
        case trust
        case notifications
        case eventPattern = "event-pattern"
        case targetPolicy = "target-policy"
    }

    static let configuration = CommandConfiguration(
        abstract: "Print the least IAM policy of the identity that signs tickets, and related documents.",
        discussion: """
            policy: what the signing identity must be allowed, and no more.
            trust: the trust policy of the roles that rule files name (with --principal), or of the service's own role on EKS \
            (with --oidc-provider and --service-account).
            notifications: the bucket's events of uploads, for 'aws s3api put-bucket-notification-configuration' (with --target).
            event-pattern: the pattern of a rule of EventBridge for these events.
            target-policy: the policy with which the queue or topic of --target takes the events of all these buckets.

            Other documents for several identities or buckets are one JSON document that says which is which.

            Exit code 0: printed; 1: the rule files have problems; 64: wrong usage.
            """
    )

    @OptionGroup var folder: RuleFolderOptions

    @Option(help: ArgumentHelp("Only what this tenant needs. (default: all tenants)", valueName: "id"))
    var tenant: String?

    @Option(help: "What to print: policy, trust, notifications, event-pattern or target-policy.")
    var document = Document.policy

    @Option(
        help: ArgumentHelp(
            "Only the identity with this name, as 'postern credentials' shows it: default, 'profile NAME', 'env PREFIX' or 'role ARN'.",
            valueName: "name"))
    var signer: String?

    @Option(help: ArgumentHelp("Only the bucket with this name or URL.", valueName: "name"))
    var bucket: String?

    @Option(
        help: ArgumentHelp(
            "The ARN of the role or user that the service runs as: arn:aws:iam::123456789012:role/postern.", valueName: "arn"))
    var principal: String?

    @Option(
        help: ArgumentHelp(
            "The ARN of the cluster's OpenID Connect provider: arn:aws:iam::123456789012:oidc-provider/oidc.eks.…",
            valueName: "arn"))
    var oidcProvider: String?

    @Option(help: ArgumentHelp("The service account that the service runs as.", valueName: "namespace:name"))
    var serviceAccount: String?

    @Option(
        help: ArgumentHelp("The ARN of an SQS queue, an SNS topic or a Lambda function, or eventbridge.", valueName: "target"))
    var target: String?

    func run() throws {
        switch document {
        case .policy: try printAll(try identities().map { ($0, $0.policy) })
        case .trust: try printTrust()
        case .notifications, .eventPattern: try printEvents()
        case .targetPolicy: try printTargetPolicy()
        }
    }

    // MARK: Identities

    private func identities() throws -> [SigningIdentity] {
        let all = SigningIdentity.all(of: try folder.files(of: tenant))
        guard let signer else { return all }
        let found = all.filter { $0.source.description == signer }
        guard !found.isEmpty else {
            throw ValidationError(
                "--signer: no identity \(signer.quoted) signs here; there are: \(RuleFolderOptions.list(all.map(\.source.description)))."
            )
        }
        return found
    }

    private func printTrust() throws {
        if let oidcProvider {
            guard principal == nil else { throw ValidationError("Give --principal or --oidc-provider, not both.") }
            guard let serviceAccount,
                let text = SigningIdentity.webIdentityTrustPolicy(provider: oidcProvider, serviceAccount: serviceAccount)
            else {
                throw ValidationError(
                    "--oidc-provider must be arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH, and needs --service-account NAMESPACE:NAME."
                )
            }
            print(String(indenting: text.utf8))
            return
        }
        guard let principal else {
            throw ValidationError(
                "Give --principal ARN, the identity that the service runs as ('postern credentials' shows it), "
                    + "or --oidc-provider ARN and --service-account NAMESPACE:NAME.")
        }
        guard !principal.contains(":assumed-role/"), principal.hasPrefix("arn:"), principal.contains(":iam::") else {
            throw ValidationError(
                "--principal must be the ARN of a role or user, arn:aws:iam::123456789012:role/NAME, and not that of a session: "
                    + "a session 'assumed-role/NAME/…' is of the role 'role/NAME', whose path comes before its name.")
        }
        let roles = try identities().compactMap { identity in identity.trustPolicy(for: principal).map { (identity, $0) } }
        guard !roles.isEmpty else {
            throw ValidationError(
                "No rule file names a role to assume (store.credentials.assumeRole), so no role has to trust anyone.")
        }
        try printAll(roles)
    }

    /// Prints the only document alone, or several with the identities that they are for.
    private func printAll(_ documents: [(SigningIdentity, SigningIdentity.Document)]) throws {
        for (identity, document) in documents {
            for warning in document.warnings { Remark.write("warning: \(identity.source): \(warning)") }
        }
        if documents.count == 1, let (identity, document) = documents.first {
            print(String(indenting: document.json.utf8))
            Remark.write("\(identity.source) signs for \(RuleFolderOptions.list(identity.tenants))")
            return
        }
        let json = JSONWriter.object { json in
            json.array("signers", of: documents) { json, each in
                json.object { json in
                    json.member("signer", each.0.source.description)
                    json.member("tenants", each.0.tenants)
                    json.key("policy")
                    json.raw(each.1.json.utf8)
                }
            }
        }
        print(String(indenting: json))
        Remark.write("several identities sign: print one policy with --signer or --tenant")
    }

    // MARK: Events

    private func printEvents() throws {
        let buckets = try folder.buckets(of: tenant, named: bucket)
        let target = document == .notifications ? try notificationTarget() : nil
        let documents = buckets.map { bucket in
            let events = UploadEvents(of: bucket)
            for warning in events.warnings(for: target) + bucket.warnings {
                Remark.write("warning: \(bucket.endpoint.fullBucket): \(warning)")
            }
            var json = JSONWriter()
            if let target { events.writeConfiguration(for: target, to: &json) } else { events.writePattern(to: &json) }
            return (bucket: bucket, json: json.finish())
        }
        if documents.count == 1, let (_, json) = documents.first {
            print(String(indenting: json))
        } else {
            let all = JSONWriter.object { json in
                json.array("buckets", of: documents) { json, each in
                    json.object { json in
                        each.bucket.writeMembers(to: &json)
                        json.key("document")
                        json.raw(each.json)
                    }
                }
            }
            print(String(indenting: all))
        }
        for (bucket, _) in documents { writeCommand(for: bucket, isOnly: documents.count == 1) }
        if document == .notifications {
            Remark.write(
                "this replaces the bucket's whole configuration: merge it with what 'get-bucket-notification-configuration' shows"
            )
        }
    }

    /// Says how to print the document of one bucket, and how to use it.
    private func writeCommand(for bucket: UsedBucket, isOnly: Bool) {
        let options = "--document \(document.rawValue)" + (target.map { " --target \($0.shellWord)" } ?? "")
        let own = "postern iam \(folder.words(tenant: tenant)) \(options) --bucket \(bucket.endpoint.url.shellWord)"
        let file = "notifications.json"
        switch document {
        case .notifications:
            let command = AWSCommand.s3api(
                "put-bucket-notification-configuration", bucket.endpoint, "--notification-configuration file://\(file)")
            Remark.write("\(bucket.title): \(isOnly ? "" : "\(own) > \(file) && ")\(command)")
        default:
            if !isOnly { Remark.write("\(bucket.title): \(own)") }
        }
    }

    /// - Throws: `ValidationError` if there is no target that can be parsed
    private func notificationTarget() throws -> NotificationTarget {
        guard let target, let parsed = NotificationTarget(target) else {
            throw ValidationError("Give --target: the ARN of an SQS queue, an SNS topic or a Lambda function, or eventbridge.")
        }
        guard !target.hasSuffix(".fifo") else { throw ValidationError("--target: S3 sends no events to FIFO queues and topics.") }
        return parsed
    }

    private func printTargetPolicy() throws {
        let buckets = try folder.buckets(of: tenant, named: bucket)
        let target = try notificationTarget()
        guard let policy = UploadEvents.targetPolicy(for: target, of: buckets) else {
            guard case .function(let function) = target else {
                throw ValidationError("EventBridge needs no policy to take events of S3.")
            }
            let commands = buckets.enumerated().map { number, bucket in
                "aws lambda add-permission --function-name \(function) --statement-id postern-\(number + 1) "
                    + "--action lambda:InvokeFunction --principal s3.amazonaws.com --source-arn arn:aws:s3:::\(bucket.endpoint.bucket) "
                    + "--source-account \(target.account)"
            }
            throw ValidationError("A Lambda function has no document for this; run: \(commands.joined(separator: " && "))")
        }
        print(String(indenting: policy.utf8))
        Remark.write(
            "the target takes the events of \(RuleFolderOptions.list(buckets.map(\.endpoint.fullBucket))); aws:SourceAccount is the account of the target, "
                + "\(target.account): write the bucket's if that is another one")
    }
}
