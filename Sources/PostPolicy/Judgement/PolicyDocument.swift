// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A policy document as a store reads it, to judge forms as S3 does ("POST Policy" in the S3 documentation).
///
/// Names of fields are compared without regard to case, values byte for byte. Where AWS says nothing, S3's answers as
/// clients have recorded them decide: a condition on a field that is not in the form fails, even `starts-with` and an empty
/// prefix; `content-length-range` may be written with strings; a policy without a condition on `bucket` allows no upload.
public struct PolicyDocument: Sendable, Hashable {
    /// When the policy ends.
    public let expiration: Date
    /// The smallest file that every `content-length-range` allows; 0 without one.
    public let minimumFileBytes: Int
    /// The largest file that every `content-length-range` allows; 5 GiB without one.
    public let maximumFileBytes: Int
    let conditions: [Condition]

    /// A condition, in the order of the policy.
    enum Condition: Sendable, Hashable {
        case field(PolicyCondition)
        case contentLength(minimum: Int, maximum: Int)
        /// One that S3 takes but that nothing can satisfy, with its text.
        case impossible(String)
    }

    init(expiration: Date, conditions: [Condition]) {
        self.expiration = expiration
        self.conditions = conditions
        var minimum = 0
        var maximum = UploadPolicy.maximumFileBytes
        for case .contentLength(let lower, let upper) in conditions {
            minimum = max(minimum, lower)
            maximum = min(maximum, upper)
        }
        minimumFileBytes = minimum
        maximumFileBytes = maximum
    }

    /// Judges a form whose signature has been verified.
    /// - Parameters:
    ///   - form: the fields before the file, `${filename}` expanded already (see ``ReceivedForm``).
    ///   - fileSize: how many bytes the file has; nil where that is not known yet, then sizes are not judged.
    ///   - bucket: the bucket of the request's URL.
    ///   - date: now.
    /// - Returns: S3's answer, or nil where the form is accepted.
    public func judge(form: [FormField], fileSize: Int?, bucket: String, at date: Date) -> StoreRefusal? {
        judge(ReceivedForm(expanded: form), fileSize: fileSize, bucket: bucket, at: date)
    }

    func judge(_ form: ReceivedForm, fileSize: Int?, bucket: String, at date: Date) -> StoreRefusal? {
        guard date < expiration else { return .policyExpired }
        return failedCondition(form, bucket: bucket) ?? extraField(form) ?? fileSize.flatMap(sizeRefusal)
    }
}

extension PolicyDocument {
    private func failedCondition(_ form: ReceivedForm, bucket: String) -> StoreRefusal? {
        for condition in conditions {
            switch condition {
            case .field(let condition):
                guard let field = condition.field else { return .conditionFailed(condition.text) }
                // The bucket is the one that is posted to, whatever a field of that name claims; if there is such a field,
                // the condition is on both.
                let holds =
                    field == "bucket"
                    ? condition.holds(for: bucket) && condition.holds(for: form["bucket"] ?? bucket)
                    : condition.holds(for: form[field])
                guard holds else { return .conditionFailed(condition.text) }
            case .impossible(let text):
                return .conditionFailed(text)
            case .contentLength:
                break
            }
        }
        return nil
    }

    /// What needs no condition beside fields that begin with `x-ignore-`. The names of SigV2 are among them.
    private static let exempt: Set<String> = ["x-amz-signature", "file", "policy", "signature", "awsaccesskeyid"]

    /// Every field must have a condition, and so must the bucket, which is an input of every POST.
    private func extraField(_ form: ReceivedForm) -> StoreRefusal? {
        var covered = Self.exempt
        for case .field(let condition) in conditions {
            if let field = condition.field { covered.insert(field) }
        }
        let inputs = form.fields.map(\.name.asciiLowercased) + ["bucket"]
        return inputs.first { !covered.contains($0) && !FieldName.isIgnored($0) }.map(StoreRefusal.extraField)
    }

    private func sizeRefusal(_ size: Int) -> StoreRefusal? {
        if size > maximumFileBytes { return .tooLarge(size, maximum: maximumFileBytes) }
        if size < minimumFileBytes { return .tooSmall(size, minimum: minimumFileBytes) }
        return nil
    }
}
