// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// The keys of one rule.
private struct Space {
    let name: String
    let position: YAMLPosition
    /// The segments of prefix and name.
    let segments: [[KeyTemplate.Part]]
    /// The index of the segment `{user}`.
    let userPlace: Int?
}

extension [RuleDraft] {
    /// Reports rules of one tenant of which one can put a user's files into the folder that another makes for another user.
    ///
    /// With `{user}/` and `avatars/{user}/` in one tenant, the folder of a user named `avatars` would have the avatars of all
    /// users, and anyone who may read that folder could read them.
    func checkUserSpaces(log: DiagnosticLog) {
        guard mayOverlap else { return }
        let spaces = compactMap(Self.space)
        for owner in spaces {
            guard let place = owner.userPlace else { continue }
            guard let intruder = spaces.first(where: { Self.enters($0, owner, at: place) }) else { continue }
            let example = Self.exampleUser(intruder.segments[place])
            log.problem(
                at: owner.position,
                "the folder of a user\(example) would also hold other users' files, of the rule \(intruder.name.quoted)",
                "begin the keyPrefix of each rule with a different folder: \(owner.name)/{user}/, \(intruder.name)/…"
            )
        }
    }

    /// Whether any rule with `{user}` begins as another one does. A quick test: most rules have a folder of their own.
    private var mayOverlap: Bool {
        indices.contains { place in
            let owner = self[place]
            guard owner.prefix.value.usesUser || owner.keyName?.usesUser ?? false else { return false }
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
        guard let name = rule.name, let keyName = rule.keyName else { return nil }
        let segments = rule.prefix.value.segments.dropLast() + keyName.segments
        return Space(
            name: name,
            position: rule.prefix.position,
            segments: segments,
            userPlace: segments.firstIndex(of: [.placeholder(.user)])
        )
    }

    /// Whether a key of `other`, of any user, may be in the folder that `owner` makes for another user.
    private static func enters(_ other: Space, _ owner: Space, at place: Int) -> Bool {
        let isFolder = place < owner.segments.count - 1
        guard other.segments.count > (isFolder ? place + 1 : place) else { return false }
        guard other.segments[place] != [.placeholder(.user)] else { return false }
        return zip(other.segments[...place], owner.segments[...place]).allSatisfy(SegmentOverlap.mayOverlap)
    }

    private static func exampleUser(_ segment: [KeyTemplate.Part]) -> String {
        guard segment.count == 1, case .literal(let bytes) = segment[0] else { return " of some name" }
        return " named \(String(decoding: bytes, as: UTF8.self).quoted)"
    }
}
