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
                            json.array("FilterRules", of: [folder.element.prefix]) { json, prefix in
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

    /// The policy with which a queue or a topic takes the events of a bucket of its own account; nil for other targets.
    package func targetPolicy(for target: NotificationTarget) -> String? {
        let action: String
        let arn: String
        switch target {
        case .queue(let queue): (action, arn) = ("sqs:SendMessage", queue)
        case .topic(let topic): (action, arn) = ("sns:Publish", topic)
        case .function, .eventBridge: return nil
        }
        let partition = arn.split(separator: ":")[1]
        let statement = IAMPolicy.Statement(
            principal: .init(kind: "Service", name: "s3.amazonaws.com"), actions: [action], resources: [arn],
            conditions: [
                ("ArnLike", [("aws:SourceArn", ["arn:\(partition):s3:*:*:\(endpoint.bucket)"])]),
                ("StringEquals", [("aws:SourceAccount", [target.account])]),
            ])
        return IAMPolicy(statements: [statement]).text
    }
}
