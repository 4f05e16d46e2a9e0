// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// The keys of one rule.
private struct Space {
    let name: String
    /// The store's bucket; nil if it is not known.
    let bucket: BucketIdentity?
    let position: YAMLPosition
    /// The segments of prefix and name.
    let segments: [[KeyTemplate.Part]]
    /// The same, with each number of folders for `{path}`.
    let expansions: [[[KeyTemplate.Part]]]
    /// The indices of the segments that say whose file it is: `{user}`, `{issuer}`, `{claim.NAME}`.
    let owners: [Int]
}

extension [RuleDraft] {
    /// Reports rules of one tenant of which one can put a user's files into the folder that another makes for another user; the same
    /// for issuers and for values of claims.
    ///
    /// With `{user}/` and `avatars/{user}/` in one tenant, the folder of a user named `avatars` would have the avatars of all
    /// users, and anyone who may read that folder could read them.
    func checkUserSpaces(log: DiagnosticLog) {
        guard count > 1, mayOverlap else { return }
        let spaces = compactMap(Self.space)
        for owner in spaces {
            for place in owner.owners {
                guard let intruder = spaces.first(where: { Self.enters($0, owner, at: place) }) else { continue }
                let placeholder = owner.segments[place].lazy.compactMap(\.placeholder).first ?? .user
                let example =
                    intruder.segments.indices.contains(place) ? Self.exampleValue(intruder.segments[place]) : " of some name"
                log.problem(
                    at: owner.position,
                    "the folder of \(placeholder.article)\(example) would also hold other users' files, of the rule \(intruder.name.quoted)",
                    "begin the keyPrefix of each rule with a different folder: \(owner.name)/{\(placeholder.name)}/, \(intruder.name)/…"
                )
                break
            }
        }
    }

    /// Whether any rule with a folder for each user, issuer or claim begins as another one does. A quick test: most rules have a
    /// folder of their own.
    private var mayOverlap: Bool {
        indices.contains { place in
            let owner = self[place]
            guard (owner.prefix.value.parts + (owner.keyName?.parts ?? [])).contains(where: \.isOwner) else { return false }
            let beginning = owner.prefix.value.leadingBytes
            return indices.contains { other in
                guard other != place else { return false }
                let bytes = self[other].prefix.value.leadingBytes
                let count = Swift.min(bytes.count, beginning.count)
                return bytes.prefix(count) == beginning.prefix(count)
            }
        }
    }

    private static func space(_ rule: RuleDraft) -> Space? {
        guard let name = rule.name, let segments = rule.segments else { return nil }
        return Space(
            name: name,
            bucket: rule.store?.bucket,
            position: rule.prefix.position,
            segments: segments,
            expansions: SegmentOverlap.expansions(of: segments),
            owners: segments.indices.filter { segments[$0].count == 1 && segments[$0][0].isOwner }
        )
    }

    /// Whether a key of `other`, of any user, may be in the folder that `owner` makes for another one.
    /// - Parameter place: the segment of `owner` that names the folder
    private static func enters(_ other: Space, _ owner: Space, at place: Int) -> Bool {
        guard BucketIdentity.mayBeSame(other.bucket, owner.bucket) else { return false }
        let isFolder = place < owner.segments.count - 1
        return other.expansions.contains { segments in
            guard segments.count > (isFolder ? place + 1 : place) else { return false }
            // If both name the same owner in the same places, it is the owner's own folder.
            guard owner.owners.contains(where: { $0 <= place && segments[$0] != owner.segments[$0] }) else { return false }
            return zip(segments[...place], owner.segments[...place]).allSatisfy(SegmentOverlap.mayOverlap)
        }
    }

    private static func exampleValue(_ segment: [KeyTemplate.Part]) -> String {
        guard segment.count == 1, case .literal(let bytes) = segment[0] else { return " of some name" }
        return " named \(String(decoding: bytes, as: UTF8.self).quoted)"
    }
}

/// The folder that a `keyPrefix` names.
private struct Folder: Hashable {
    let bucket: BucketIdentity?
    let segments: ArraySlice<[KeyTemplate.Part]>
}

extension [RuleDraft] {
    /// Warns of a rule in whose prefix another one's begins, in the same bucket: what is set up for the one by its prefix (rights,
    /// lifecycle rules, notifications) counts for the files of the other too. Rules may share one prefix.
    func warnOfEnclosingPrefixes(log: DiagnosticLog) {
        guard count > 1 else { return }
        var outer: [Folder: Int] = [:]
        for (index, rule) in enumerated() {
            let folder = Folder(bucket: rule.store?.bucket, segments: rule.prefix.value.segments.dropLast())
            if outer[folder] == nil { outer[folder] = index }
        }
        var reported: Set<Int> = []
        for rule in self {
            let segments = rule.prefix.value.segments.dropLast()
            for length in segments.indices.dropFirst() {
                let folder = Folder(bucket: rule.store?.bucket, segments: segments.prefix(length))
                guard let index = outer[folder], reported.insert(index).inserted else { continue }
                log.warning(
                    at: self[index].prefix.position,
                    "this keyPrefix encloses that of the rule \((rule.name ?? "").quoted), so what a bucket policy, a lifecycle rule or a notification says about it counts for both",
                    "begin the keyPrefix of each rule with a different folder")
            }
        }
    }
}

extension RuleDraft {
    /// The segments of prefix and name; nil if the name is wrong.
    fileprivate var segments: [[KeyTemplate.Part]]? {
        keyName.map { prefix.value.segments.dropLast() + $0.segments }
    }

    /// Whether a user's folder in the keys of one rule may be that of the same user in the other's.
    func sharesUserFolder(with other: RuleDraft) -> Bool {
        guard BucketIdentity.mayBeSame(store?.bucket, other.store?.bucket),
            let segments, let others = other.segments,
            let place = segments.firstIndex(of: [.placeholder(.user)]), others.firstIndex(of: [.placeholder(.user)]) == place
        else { return false }
        return zip(segments[...place], others[...place]).allSatisfy(SegmentOverlap.mayOverlap)
    }
}

extension BucketIdentity {
    /// Whether two rules may have one bucket. The store of a tenant whose address is wrong is the same for all of its rules.
    fileprivate static func mayBeSame(_ one: BucketIdentity?, _ other: BucketIdentity?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.mayBeSame(as: other)
    }
}

extension KeyTemplate.Part {
    /// Whether its value says whose file it is.
    fileprivate var isOwner: Bool { placeholder?.isOwner ?? false }
}

extension KeyTemplate.Placeholder {
    /// What it stands for, with an article.
    fileprivate var article: String {
        switch self {
        case .issuer: "an issuer"
        case .claim(let name): "a claim “\(name)”"
        default: "a user"
        }
    }
}
