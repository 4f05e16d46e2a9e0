// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// Within a tenant: no rule may put one user's files where another rule puts another user's.
///
/// `{user}/` and `avatars/{user}/` in one tenant meet in a user who is named `avatars`: everybody's avatars would lie in
/// that user's folder, and anyone who may read the folder could read them.
enum UserSpaceCheck {
    private struct Space {
        let name: String
        let position: YAMLPosition
        /// Of prefix and name together.
        let segments: [[KeyTemplate.Part]]
        /// Which of them is `{user}`.
        let userPlace: Int?
    }

    static func check(_ rules: [RuleDraft], log: DiagnosticLog) {
        guard mayMeet(rules) else { return }
        let spaces = rules.compactMap(space)
        for owner in spaces {
            guard let place = owner.userPlace else { continue }
            guard let intruder = spaces.first(where: { enters($0, owner, at: place) }) else { continue }
            let example = exampleUser(intruder.segments[place])
            log.problem(
                at: owner.position,
                "a user\(example) would own a folder that the rule \(intruder.name.quoted) fills for others",
                "let the keys of the two rules differ in a folder in front of {user}: \(owner.name)/{user}/, \(intruder.name)/…"
            )
        }
    }

    /// Whether any rule with `{user}` begins as another one does, which is seldom: most rules have a folder of their own.
    private static func mayMeet(_ rules: [RuleDraft]) -> Bool {
        rules.indices.contains { place in
            let owner = rules[place]
            guard owner.prefix.value.usesUser || owner.keyName?.usesUser ?? false else { return false }
            let beginning = owner.prefix.value.leadingBytes
            return rules.indices.contains { other in
                guard other != place else { return false }
                let bytes = rules[other].prefix.value.leadingBytes
                let count = min(bytes.count, beginning.count)
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

    /// Whether a key of `other`, of any user, may lie in the folder `owner` makes for another user.
    private static func enters(_ other: Space, _ owner: Space, at place: Int) -> Bool {
        let isFolder = place < owner.segments.count - 1
        guard other.segments.count > (isFolder ? place + 1 : place) else { return false }
        guard other.segments[place] != [.placeholder(.user)] else { return false }
        return zip(other.segments[...place], owner.segments[...place]).allSatisfy(SegmentOverlap.mayMeet)
    }

    private static func exampleUser(_ segment: [KeyTemplate.Part]) -> String {
        guard segment.count == 1, case .literal(let bytes) = segment[0] else { return " of some name" }
        return " named \(String(decoding: bytes, as: UTF8.self).quoted)"
    }
}
