// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

/// The evaluator accepts what the signer makes, and not the least else.
struct SignedFormMutationTests {
    private static let evaluator = PolicyEvaluator(region: Sample.region)

    private static func refusal(
        of form: [FormField], size: Int, bucket: String = Sample.bucket, at date: Date = Sample.now,
        _ credentials: SigningCredentials = Sample.credentials
    ) -> StoreError? {
        evaluator.evaluate(form: form, filename: "f.png", fileSize: size, bucket: bucket, at: date) {
            $0 == credentials.accessKeyID ? credentials : nil
        }
    }

    @Test(arguments: SignatureVersion.allCases)
    func `a signed form is accepted, and each single change to it is refused`(version: SignatureVersion) throws {
        var random = SplitMix64(seed: 8)
        let signer = PolicySigner()
        for round in 0..<30 {
            let policy = try Sample.randomPolicy(&random)
            let credentials = round.isMultiple(of: 2) ? Sample.credentials : Sample.session
            let form = try signer.sign(policy, version: version, credentials: credentials, region: Sample.region, at: Sample.now)
                .fields
            let size = Int.random(in: policy.contentLength, using: &random)
            #expect(Self.refusal(of: form, size: size, credentials) == nil)
            #expect(Self.refusal(of: form.shuffled(using: &random), size: size, credentials) == nil)
            #expect(Self.refusal(of: form + [FormField(name: "x-ignore-me", value: "")], size: size, credentials) == nil)
            for size in [policy.contentLength.lowerBound, policy.contentLength.upperBound] {
                #expect(Self.refusal(of: form, size: size, credentials) == nil)
            }

            for mutated in Self.neighbours(of: form, &random) {
                #expect(Self.refusal(of: mutated, size: size, credentials) != nil, "\(mutated.map(\.name))")
            }
            #expect(Self.refusal(of: form, size: policy.contentLength.lowerBound - 1, credentials) != nil)
            #expect(Self.refusal(of: form, size: policy.contentLength.upperBound + 1, credentials)?.code == "EntityTooLarge")
            #expect(Self.refusal(of: form, size: size, bucket: "other-bucket", credentials) != nil)
            #expect(Self.refusal(of: form, size: size, at: policy.expiration, credentials) != nil)
            #expect(Self.refusal(of: form, size: size, at: policy.expiration - 1, credentials) == nil)
        }
    }

    /// Every form that differs in one field: changed, removed, renamed, added, doubled.
    private static func neighbours(of form: [FormField], _ random: inout SplitMix64) -> [[FormField]] {
        var neighbours: [[FormField]] = [
            form + [FormField(name: "x-amz-meta-extra", value: "")], form + [FormField(name: "acl2", value: "public-read")],
            form + [FormField(name: "success_action_redirect", value: "https://evil.example/")],
        ]
        for (index, field) in form.enumerated() {
            func with(_ replacement: FormField?) -> [FormField] {
                form.enumerated().compactMap { $0.offset == index ? replacement : $0.element }
            }
            for value in changed(field.value, &random) { neighbours.append(with(FormField(name: field.name, value: value))) }
            // Without its own field, the bucket is still the one that is posted to.
            if field.name != "bucket" { neighbours.append(with(nil)) }
            neighbours.append(with(FormField(name: field.name + "x", value: field.value)))
            neighbours.append(form + [FormField(name: field.name, value: field.value)])
            neighbours.append(form + [FormField(name: field.name.uppercased(), value: "")])
        }
        return neighbours
    }

    private static func changed(_ value: String, _ random: inout SplitMix64) -> [String] {
        var values = [value + "x", value + " ", " " + value, "x" + value, value + "\u{301}", value + "\0", value + "\r\n"]
        if !value.isEmpty { values += ["", String(decoding: value.utf8.dropLast(), as: UTF8.self)] }
        if value.uppercased() != value { values.append(value.uppercased()) }
        if value.lowercased() != value { values.append(value.lowercased()) }
        let utf8 = Array(value.utf8)
        if !utf8.isEmpty {
            var flipped = utf8
            flipped[Int.random(in: 0..<utf8.count, using: &random)] ^= 1
            values.append(String(decoding: flipped, as: UTF8.self))
        }
        return values.filter { FormField(name: "", value: $0) != FormField(name: "", value: value) }
    }
}
