// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
package import WireFormats

/// Where a bucket sends an event for each upload ("Amazon S3 Event Notifications", Amazon S3 User Guide).
package enum NotificationTarget: Sendable, Hashable {
    case queue(String)
    case topic(String)
    case function(String)
    case eventBridge

    /// - Parameter text: the ARN of an SQS queue, an SNS topic or a Lambda function, or `eventbridge`; nil for any other text
    package init?(_ text: String) {
        if text == "eventbridge" {
            self = .eventBridge
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 6, parts[0] == "arn", parts.allSatisfy({ !$0.isEmpty }), text.isVisibleASCII else { return nil }
        switch parts[2] {
        case "sqs": self = .queue(text)
        case "sns": self = .topic(text)
        case "lambda": self = .function(text)
        default: return nil
        }
    }

    /// The account in the ARN; empty if there is none.
    package var account: String {
        members?.value.split(separator: ":").dropFirst(4).first.map(String.init) ?? ""
    }

    /// The names of the configuration's list, and of the member that has the ARN.
    fileprivate var members: (list: String, arn: String, value: String)? {
        switch self {
        case .queue(let arn): ("QueueConfigurations", "QueueArn", arn)
        case .topic(let arn): ("TopicConfigurations", "TopicArn", arn)
        case .function(let arn): ("LambdaFunctionConfigurations", "LambdaFunctionArn", arn)
        case .eventBridge: nil
        }
    }
}

/// The events of the uploads of a bucket's rules.
package struct UploadEvents: Sendable {
    /// What rules with a common beginning of their keys upload.
    private struct Folder {
        /// Every key begins with it; empty for every key.
        let prefix: String
        var methods: Set<UploadMethod>

        var events: [String] {
            // The order of S3's list of events.
            [UploadMethod.put, .post].filter(methods.contains).map { "s3:ObjectCreated:\($0 == .put ? "Put" : "Post")" }
        }
    }

    private let endpoint: StoreEndpoint
    /// None of the prefixes begins with another one: S3 refuses filters that overlap.
    private let folders: [Folder]

    package init(of bucket: UsedBucket) {
        endpoint = bucket.endpoint
        let all = bucket.uses.flatMap { use in
            use.rules.map { (prefix: $0.keyPrefix.leadingBytes, method: use.store.method) }
        }
        var folders: [(bytes: [UInt8], folder: Folder)] = []
        for (prefix, method) in all.sorted(by: { $0.prefix.lexicographicallyPrecedes($1.prefix) }) {
            if let last = folders.indices.last, prefix.starts(with: folders[last].bytes) {
                folders[last].folder.methods.insert(method)
            } else {
                folders.append((prefix, Folder(prefix: String(decoding: prefix, as: UTF8.self), methods: [method])))
            }
        }
        self.folders = folders.map(\.folder)
    }

    /// Writes the value of `--notification-configuration` of `aws s3api put-bucket-notification-configuration`.
    package func writeConfiguration(for target: NotificationTarget, to json: inout JSONWriter) {
        json.object { json in
            guard let members = target.members else {
                json.object("EventBridgeConfiguration") { _ in }
                return
            }
            json.array(members.list, of: folders.enumerated()) { json, folder in
                json.object { json in
                    json.member("Id", "postern-\(folder.offset + 1)")
                    json.member(members.arn, members.value)
                    json.member("Events", folder.element.events)
                    guard !folder.element.prefix.isEmpty else { return }
                    json.object("Filter") { json in
                        json.object("Key") { json in
                            json.array("FilterRules", of: [filterValue(folder.element.prefix)]) { json, prefix in
                                json.object { json in
                                    json.member("Name", "prefix")
                                    json.member("Value", prefix)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A prefix as filters have it: AWS wants spaces as `+`, and other special characters percent-encoded ("Configuring event
    /// notifications using object key name filtering", Amazon S3 User Guide). Ceph and MinIO compare it with the key as it is.
    private func filterValue(_ prefix: String) -> String {
        guard endpoint.identity.isAWS else { return prefix }
        return Self.filterEncoding.encode(prefix).replacing("%20", with: "+")
    }

    /// Keeps S3's "safe characters" ("Naming Amazon S3 objects", Amazon S3 User Guide), and the slash.
    private static let filterEncoding = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "/!-_.*'()"))

    /// The most event notifications of a bucket ("Amazon S3 endpoints and quotas", AWS General Reference).
    private static let maximumConfigurations = 100
    /// The most characters of an event pattern ("Amazon EventBridge quotas", Amazon EventBridge User Guide); AWS raises it on request.
    private static let maximumPattern = 2048

    /// What AWS would refuse of the configuration for a target, or of the event pattern for nil; one sentence each.
    package func warnings(for target: NotificationTarget?) -> [String] {
        guard endpoint.identity.isAWS else { return [] }
        if let target {
            guard target.members != nil, folders.count > Self.maximumConfigurations else { return [] }
            return [
                "the configuration has \(folders.count) entries, and S3 takes at most \(Self.maximumConfigurations) for a bucket: begin the rules' "
                    + "keyPrefix with fewer common folders, or use --target eventbridge"
            ]
        }
        var json = JSONWriter()
        writePattern(to: &json)
        let length = String(decoding: json.finish(), as: UTF8.self).unicodeScalars.count
        guard length > Self.maximumPattern else { return [] }
        return [
            "the pattern has \(length) characters without white space, and EventBridge takes \(Self.maximumPattern): begin the rules' keyPrefix "
                + "with fewer common folders, or have the quota raised"
        ]
    }

    /// Writes the event pattern of a rule of EventBridge ("Using EventBridge", Amazon S3 User Guide).
    package func writePattern(to json: inout JSONWriter) {
        let methods = folders.reduce(into: Set<UploadMethod>()) { $0.formUnion($1.methods) }
        json.object { json in
            json.member("source", ["aws.s3"])
            json.member("detail-type", ["Object Created"])
            json.object("detail") { json in
                json.object("bucket") { $0.member("name", [endpoint.bucket]) }
                json.member(
                    "reason", [UploadMethod.put, .post].filter(methods.contains).map { $0 == .put ? "PutObject" : "POST Object" })
                guard !folders.contains(where: { $0.prefix.isEmpty }) else { return }
                json.object("object") { json in
                    json.array("key", of: folders) { json, folder in
                        json.object { $0.member("prefix", folder.prefix) }
                    }
                }
            }
        }
    }

    /// The policy with which a queue or a topic takes the events of buckets of its own account; nil for other targets.
    ///
    /// It is one for all buckets, since a queue or topic has only one policy.
    package static func targetPolicy(for target: NotificationTarget, of buckets: [UsedBucket]) -> String? {
        let action: String
        let arn: String
        switch target {
        case .queue(let queue): (action, arn) = ("sqs:SendMessage", queue)
        case .topic(let topic): (action, arn) = ("sns:Publish", topic)
        case .function, .eventBridge: return nil
        }
        let partition = arn.split(separator: ":")[1]
        let names = buckets.map(\.endpoint.bucket).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let statements = names.map { name in
            IAMPolicy.Statement(
                principal: .init(kind: "Service", name: "s3.amazonaws.com"), actions: [action], resources: [arn],
                conditions: [
                    ("ArnLike", [("aws:SourceArn", ["arn:\(partition):s3:*:*:\(name)"])]),
                    ("StringEquals", [("aws:SourceAccount", [target.account])]),
                ])
        }
        return IAMPolicy(statements: statements).text
    }
}
