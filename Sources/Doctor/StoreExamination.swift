// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import RuleFiles
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Looks at one store without uploading anything.
struct StoreExamination: Sendable {
    let store: Store
    let scope: Finding.Scope
    /// Those of the tenant that use the store.
    let rules: [UploadRule]
    let origins: [String]
    let client: StoreClient
    let signer: SigningCredentials
    /// What reads settings and objects.
    let reader: SigningCredentials
    let remedies: Remedies

    /// The result of looking at a store.
    struct Result {
        var findings: [Finding]
        /// Whether uploads can be tried.
        var isUsable: Bool
        /// The origins for which a preflight of a form was refused.
        var refusedOrigins: Set<String> = []
    }

    /// Differences of the clocks, in seconds: from the first on tickets end noticeably early or late, above the second stores refuse
    /// signatures ("RequestTimeTooSkewed").
    private static let noticeableSkew = 60.0
    private static let largestSkew = 900.0

    func run() async -> Result {
        let start = client.transport.now()
        let answer: StoreAnswer
        do throws(OutgoingError) {
            answer = try await client.sendSigned(.get, query: "location=", by: signer)
        } catch {
            return Result(findings: [finding(Explanation(error, at: store.endpoint, remedies))], isUsable: false)
        }
        let end = client.transport.now()
        var findings = [Finding(scope, .connection, .ok, "the store answers at \(store.endpoint.host)")]
        let clock = clock(answer, between: start, and: end)
        findings.append(clock)
        guard clock.verdict != .wrong else { return Result(findings: findings, isUsable: false) }
        let explanation = Explanation(ofStore: answer, store.endpoint, accessKeyID: signer.accessKeyID, remedies)
        if let explanation {
            findings.append(finding(explanation))
            return Result(findings: findings, isUsable: false)
        }
        let bucket = bucket(answer)
        findings.append(bucket)
        guard bucket.verdict != .wrong else { return Result(findings: findings, isUsable: false) }
        if let kind = kind(answer) { findings.append(kind) }
        findings.append(await versioning())
        findings.append(await objectLock())
        if let acls = await acls() { findings.append(acls) }
        var result = Result(findings: findings, isUsable: true)
        if store.method == .post {
            let (preflights, refused) = await CORSExamination(scope: scope, client: client, remedies: remedies).preflights(
                of: origins, .post, url: store.endpoint.url, headers: [])
            result.findings += preflights
            result.refusedOrigins = refused
        }
        return result
    }

    private func finding(_ explanation: Explanation) -> Finding {
        Finding(scope, explanation.check, explanation.verdict, explanation.text, advice: explanation.advice)
    }

    // MARK: Clock, bucket, kind

    private func clock(_ answer: StoreAnswer, between start: Date, and end: Date) -> Finding {
        guard let date = answer.date else {
            return Finding(scope, .clock, .notKnown, "the store does not say its time, in a field Date")
        }
        // The field has whole seconds.
        let middle = start.addingTimeInterval(end.timeIntervalSince(start) / 2)
        let difference = date.addingTimeInterval(0.5).timeIntervalSince(middle)
        let seconds = Int(difference.rounded())
        let text = "this machine's clock is \(abs(seconds)) s \(seconds > 0 ? "behind" : "ahead of") the store's"
        let advice = "set the clocks: timedatectl set-ntp true, or chronyc makestep, on the machine that is wrong"
        switch difference.magnitude {
        case ...Self.noticeableSkew:
            return Finding(scope, .clock, .ok, "the clocks differ by \(abs(seconds)) s")
        case ...Self.largestSkew:
            return Finding(
                scope, .clock, .note,
                text + ": at the store, tickets end \(abs(seconds)) s \(seconds > 0 ? "early" : "late")",
                advice: advice)
        default:
            return Finding(
                scope, .clock, .wrong, text + ": stores refuse signatures that are off by more than 15 min, so none was made",
                advice: advice)
        }
    }

    private func bucket(_ answer: StoreAnswer) -> Finding {
        let endpoint = store.endpoint
        if (200..<300).contains(answer.status), answer.root == "LocationConstraint" {
            // "GetBucketLocation", S3 API reference: the oldest region has no name, and the second another one.
            let named = answer.text("LocationConstraint") ?? ""
            let region = named.isEmpty ? "us-east-1" : named == "EU" ? "eu-west-1" : named
            if endpoint.identity.isAWS, region != endpoint.region {
                return Finding(
                    scope, .region, .wrong,
                    "the bucket is in the region \(region.quoted), and the store in the rule file in \(endpoint.region.quoted)",
                    advice: "write region: \(region) in \(remedies.file)")
            }
            return Finding(scope, .bucket, .ok, "the bucket \(endpoint.fullBucket) is there")
        }
        if answer.isDenied {
            return Finding(
                scope, .bucket, .ok,
                "the bucket \(endpoint.fullBucket) is there, and the signer may not look at it, as it should be")
        }
        if (200..<300).contains(answer.status), answer.root == "ListBucketResult" {
            return Finding(scope, .bucket, .ok, "the bucket \(endpoint.fullBucket) is there")
        }
        if answer.code == nil, (200..<300).contains(answer.status) || answer.status == 404 {
            return Finding(
                scope, .bucket, .wrong,
                "what answers at \(endpoint.url) is not a store: status \(answer.status) without S3's XML",
                advice: "correct endpoint and addressing of the store in \(remedies.file)")
        }
        if answer.isForbidden, answer.code == nil {
            return Finding(
                scope, .bucket, .notKnown,
                "what answers at \(endpoint.url) refuses the question without S3's XML (status \(answer.status)): look for a firewall, proxy or CDN "
                    + "in front of the store, if uploads fail"
            )
        }
        return Finding(scope, .bucket, .notKnown, "the store does not say whether the bucket is there: \(answer.summary)")
    }

    /// Says what the store is known not to keep: docs/stores.md.
    private func kind(_ answer: StoreAnswer) -> Finding? {
        // Ceph's ids of requests: tx00000a1b2c3d4e5f67890-0066b0a1c2-10a2-default.
        guard let id = answer["x-amz-request-id"], id.hasPrefix("tx0"), id.split(separator: "-").count >= 3 else { return nil }
        return Finding(
            scope, .store, .note,
            "this is Ceph RGW, whose version 16.2 does not keep Cache-Control, Content-Disposition, Content-Encoding and Content-Language, "
                + "and does not compare checksums: what a rule has of these is examined with the rule")
    }

    // MARK: Settings of the bucket

    private func versioning() async -> Finding {
        let isGuarded = rules.allSatisfy(\.storage.mustBeNew)
        let replaces = "a ticket that is used again, until it ends, replaces the file"
        switch await ask(.versioning, "versioning=", root: "VersioningConfiguration", action: "s3:GetBucketVersioning") {
        case .failure(let finding): return finding
        case .success(let answer):
            if answer.text("VersioningConfiguration/Status") == "Enabled" {
                return Finding(
                    scope, .versioning, .ok,
                    isGuarded
                        ? "versioning is on, and overwrite: never guards every file"
                        : "versioning is on: \(replaces), and the version before it stays")
            }
            return isGuarded
                ? Finding(scope, .versioning, .ok, "versioning is off, and overwrite: never guards every file")
                : Finding(
                    scope, .versioning, .note, "versioning is off: \(replaces) for good",
                    advice: "if that matters: docs/after-the-upload.md")
        }
    }

    private func objectLock() async -> Finding {
        let root = "ObjectLockConfiguration"
        switch await ask(
            .objectLock, "object-lock=", root: root, absent: "ObjectLockConfigurationNotFoundError",
            action: "s3:GetBucketObjectLockConfiguration")
        {
        case .failure(let finding): return finding
        case .success(let answer):
            guard answer.text("\(root)/ObjectLockEnabled") == "Enabled" else {
                return Finding(scope, .objectLock, .ok, "the bucket has no Object Lock")
            }
            let retention = "\(root)/Rule/DefaultRetention"
            guard let mode = answer.text("\(retention)/Mode") else {
                return Finding(scope, .objectLock, .ok, "the bucket has Object Lock without a default retention")
            }
            let days = answer.text("\(retention)/Days").map { "\($0) days" }
            let time = days ?? answer.text("\(retention)/Years").map { "\($0) years" } ?? "some time"
            return Finding(
                scope, .objectLock, .note,
                "the bucket keeps every file for \(time) (Object Lock, \(mode)), also those of doctor: uploads need a checksum",
                advice: rules.allSatisfy(\.checksum.isRequired)
                    ? nil : "write checksum: required in each rule in \(remedies.file)")
        }
    }

    /// Nil where ACLs play no part.
    private func acls() async -> Finding? {
        // Rules of AWS alone have the question; other stores answer it as another.
        let wanted = rules.compactMap(\.storage.acl)
        guard store.endpoint.identity.isAWS else { return nil }
        switch await ask(
            .acls, "ownershipControls=", root: "OwnershipControls", absent: "OwnershipControlsNotFoundError",
            action: "s3:GetBucketOwnershipControls")
        {
        case .failure(let finding): return wanted.isEmpty ? nil : finding
        case .success(let answer):
            let ownership = answer.text("OwnershipControls/Rule/ObjectOwnership")
            guard ownership == "BucketOwnerEnforced" else {
                return Finding(
                    scope, .acls, .ok, "ACLs count in the bucket (\(ownership ?? "no object ownership is set"))")
            }
            // "Controlling ownership of objects and disabling ACLs for your bucket", Amazon S3 User Guide.
            guard let refused = wanted.first(where: { $0 != "bucket-owner-full-control" }) else {
                return Finding(scope, .acls, .ok, "ACLs are disabled in the bucket, and no rule sets one")
            }
            return Finding(
                scope, .acls, .wrong, "ACLs are disabled in the bucket, and a rule sets acl: \(refused)",
                advice: "remove acl from the rule in \(remedies.file), and let a bucket policy say who may read")
        }
    }

    private enum Reply {
        case success(StoreAnswer)
        case failure(Finding)
    }

    /// Asks for one setting of the bucket.
    /// - Parameters:
    ///   - root: the outermost element of an answer.
    ///   - absent: the code that says that there is no such setting.
    ///   - action: what allows to ask.
    private func ask(
        _ check: Finding.Check, _ query: String, root: String, absent: String? = nil, action: String
    ) async -> Reply {
        let answer: StoreAnswer
        do throws(OutgoingError) {
            answer = try await client.sendSigned(.get, query: query, by: reader)
        } catch {
            return .failure(Finding(scope, check, .notKnown, "the store did not answer: \(error)"))
        }
        if answer.root == root || answer.code == absent && absent != nil { return .success(answer) }
        if answer.isDenied {
            return .failure(Finding(scope, check, .notKnown, "the signer may not ask (\(action))", action: action))
        }
        return .failure(
            Finding(
                scope, check, .notKnown,
                "the store does not answer that as S3 does (\(answer.code == nil ? "status \(answer.status)" : answer.summary))"))
    }
}
