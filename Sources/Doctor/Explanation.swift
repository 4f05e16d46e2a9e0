// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import RuleFiles
import UploadRules
import WireFormats

/// What an operator writes or runs to mend something, for one tenant.
struct Remedies: Sendable {
    /// The folder of rule files and the option for the service-wide file, as commands take them.
    let folder: String
    let tenant: String
    /// The tenant's file.
    let file: String

    func cors(_ endpoint: StoreEndpoint, _ command: String) -> String {
        "run: postern cors \(folder) --tenant \(tenant) --bucket \(endpoint.url.shellWord) > cors.json && \(command)"
    }

    var iam: String { "run: postern iam \(folder) --tenant \(tenant) # it prints the policy that the signer needs" }

    var credentials: String {
        "run: postern credentials --tenants \(folder) # it shows what signs; correct the source, or credentials of the store in \(file)"
    }
}

/// What an error of a store means for an upload.
struct Explanation {
    let check: Finding.Check
    let verdict: Finding.Verdict
    let text: String
    let advice: String?
    /// Whether the other rules of the store would meet it too.
    let isOfStore: Bool

    private init(
        _ check: Finding.Check, _ text: String, _ advice: String?, isOfStore: Bool = true, verdict: Finding.Verdict = .wrong
    ) {
        self.check = check
        self.verdict = verdict
        self.text = text
        self.advice = advice
        self.isOfStore = isOfStore
    }

    // MARK: No answer

    /// Why there was no answer to a request.
    init(_ error: OutgoingError, at endpoint: StoreEndpoint, _ remedies: Remedies) {
        let place = endpoint.identity.isAWS ? "region" : "endpoint"
        let advice =
            switch error {
            case .unreachable:
                "check \(place) of the store in \(remedies.file), whether the store runs, and whether this machine may reach \(endpoint.host)"
            case .tls:
                "clients need a certificate that they trust, for the host \(endpoint.host); for an authority of your own set AWS_CA_BUNDLE here"
            case .timedOut:
                "check whether a firewall drops connections to \(endpoint.host), and whether the store is overloaded"
            case .broken, .tooLarge:
                "what listens at \(endpoint.host) is not a store, or speaks http where https is meant: correct \(place) in \(remedies.file)"
            case .forbiddenAddress, .badURL:
                "correct \(place) of the store in \(remedies.file)"
            case .authorities:
                "correct AWS_CA_BUNDLE"
            case .proxy:
                "correct the variable of the proxy, or except the store with NO_PROXY=\(endpoint.host)"
            }
        self.init(.connection, "\(endpoint.url) does not answer: \(error)", advice)
    }

    // MARK: Answers

    /// What holds for every request to the bucket; nil if the answer says nothing of the kind.
    /// - Parameter accessKeyID: of the credentials that signed
    init?(ofStore answer: StoreAnswer, _ endpoint: StoreEndpoint, accessKeyID: String, _ remedies: Remedies) {
        let key = "…\(accessKeyID.suffix(4))"
        if let region = Self.otherRegion(in: answer, than: endpoint.region) {
            self.init(
                .region,
                "the bucket is in the region \(region.quoted), and the store in the rule file in \(endpoint.region.quoted)",
                "write region: \(region) in \(remedies.file)")
            return
        }
        switch answer.code {
        case "InvalidAccessKeyId":
            self.init(.credentials, "the store does not know the access key \(key) (\(answer.summary))", remedies.credentials)
        case "SignatureDoesNotMatch":
            self.init(
                .credentials,
                "the store computes another signature: the secret key is not that of the access key \(key) (\(answer.summary))",
                remedies.credentials + "; a proxy that changes the Host field has the same effect")
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            self.init(.credentials, "the session of the access key \(key) has ended (\(answer.summary))", remedies.credentials)
        case "RequestTimeTooSkewed":
            self.init(
                .clock, "the store refuses the time of this machine (\(answer.summary))",
                "set the clock: timedatectl set-ntp true, or chronyc makestep")
        case "NoSuchBucket":
            let create =
                endpoint.identity.isAWS && endpoint.region != "us-east-1"
                ? "--create-bucket-configuration LocationConstraint=\(endpoint.region)" : ""
            self.init(
                .bucket, "there is no bucket \(endpoint.fullBucket.quoted)",
                "correct bucket in \(remedies.file), or create it: \(AWSCommand.s3api("create-bucket", endpoint, create))")
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
            self.init(
                .region, "the bucket is elsewhere (\(answer.summary))",
                "correct region or endpoint of the store in \(remedies.file)")
        default:
            if [301, 302, 307, 308].contains(answer.status) {
                self.init(
                    .region, "the store redirects to \((answer.location ?? "another place").quoted), which no upload follows",
                    "correct region or endpoint of the store in \(remedies.file)")
            } else {
                return nil
            }
        }
    }

    /// Why an upload with a right ticket was refused.
    init(
        ofUpload answer: StoreAnswer, _ rule: UploadRule, accessKeyID: String, _ remedies: Remedies
    ) {
        let endpoint = rule.store.endpoint
        if let general = Explanation(ofStore: answer, endpoint, accessKeyID: accessKeyID, remedies) {
            self = general
            return
        }
        let refused = "the store refuses an upload with a right ticket: \(answer.summary)"
        let isPost = rule.store.method == .post
        switch answer.code {
        case "NotImplemented", "MethodNotAllowed",
            nil where [405, 501].contains(answer.status):
            self.init(
                .upload,
                isPost ? "the store takes no forms (\(answer.summary))" : "the store takes no such PUT (\(answer.summary))",
                isPost
                    ? "write method: put under the store in \(remedies.file), and print CORS and IAM documents anew"
                    : "leave out what the store does not know: acl, tags, encryption, storageClass, checksum", isOfStore: isPost)
        case "AccessControlListNotSupported":
            self.init(
                .acls, "the bucket has ACLs disabled, and refuses the rule's acl: \(rule.storage.acl ?? "private")",
                "remove acl from the rule in \(remedies.file), and let a bucket policy say who may read", isOfStore: false)
        case "AccessDenied", "AllAccessDisabled", "Forbidden", "AccountProblem":
            let rights = UploadAction.allCases.filter { $0.isNeeded(for: rule) }.map(\.rawValue)
            let allow = "allow \(rights.joined(separator: ", ")) and look for a Deny in the bucket's policy; \(remedies.iam)"
            // Ceph answers alike to an unknown key, to a wrong secret and to one without rights.
            self.init(
                .upload,
                answer.message.isEmpty
                    ? "the store refuses the upload and does not say why (\(answer.summary)): the access key …\(accessKeyID.suffix(4)) or its "
                        + "secret key is wrong, or the signer has no right to upload"
                    : "the signer may not upload for this rule: \(answer.summary)",
                answer.message.isEmpty ? "\(remedies.credentials). If the keys are right, \(allow)" : allow, isOfStore: false)
        case "MaxMessageLengthExceeded", "MaxPostPreDataLengthExceeded", "MaxPostPreDataLengthExceededError":
            self.init(
                .upload, "the form or its policy is too long for the store (\(answer.summary))",
                "write maxPolicyBytes under the store in \(remedies.file), and shorten constant fields of the rule",
                isOfStore: false)
        case "InvalidStorageClass":
            self.init(
                .upload, "the store has no storage class \((rule.storage.storageClass ?? "").quoted) (\(answer.summary))",
                "correct storageClass of the rule in \(remedies.file), or remove it", isOfStore: false)
        case "InvalidRequest", "InvalidArgument":
            let lock = answer.message.contains("Object Lock") || answer.message.contains("Content-MD5")
            self.init(
                .upload, refused,
                lock
                    ? "write checksum: required in the rule in \(remedies.file): a bucket with Object Lock wants one"
                    : "compare the rule with what the store can do: docs/stores.md", isOfStore: false)
        case "PreconditionFailed" where rule.storage.mustBeNew:
            self.init(
                .upload, "there is a file of doctor's from before, and overwrite: never keeps it",
                "delete it, and run doctor again",
                isOfStore: false, verdict: .notKnown)
        case let code? where code.hasPrefix("KMS."):
            self.init(
                .upload, "KMS refuses the rule's key: \(answer.summary)",
                "check encryption of the rule, the key's region, state and policy; \(remedies.iam)", isOfStore: false)
        default:
            if answer.status >= 500 || [408, 429].contains(answer.status) {
                self.init(
                    .upload, "the store cannot take uploads now: \(answer.summary)", "try again in a minute", isOfStore: false,
                    verdict: .notKnown)
            } else {
                self.init(.upload, refused, "compare the rule with what the store can do: docs/stores.md", isOfStore: false)
            }
        }
    }

    /// The bucket's region, if the answer names another one than the store has.
    private static func otherRegion(in answer: StoreAnswer, than region: String) -> String? {
        let named = [answer.text("Error/Region"), answer["x-amz-bucket-region"]].compactMap(\.self).first { !$0.isEmpty }
        guard let named, named != region, named.utf8.count <= 64 else { return nil }
        return named
    }
}
