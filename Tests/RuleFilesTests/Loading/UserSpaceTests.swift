// SPDX-License-Identifier: Apache-2.0

import Testing

struct UserSpaceTests {
    private func problems(_ first: String, _ second: String, _ names: (String, String)) -> [String] {
        func rule(_ name: String, _ prefix: String, _ keyName: String) -> String {
            """
              \(name):
                keyPrefix: "\(prefix)"
                keyName: "\(keyName)"
                contentTypes: [image/png]
                maxSize: 1

            """
        }
        let yaml =
            "tenant: acme\nstore: {bucket: acme-uploads, region: eu-west-1}\nauth: {apiKeys: [{id: a, sha256: \(String(repeating: "a", count: 64))}]}\nrules:\n"
            + rule("one", first, names.0) + rule("two", second, names.1)
        return Example.problems(["acme.yaml": yaml])
    }

    @Test(arguments: [
        ("{user}/", "avatars/{user}/"), ("{user}/", "shared/"), ("{user}/a/", "x/a/"), ("a/{user}/", "a/b/{user}/"),
        ("{user}/", "{yyyy}/{user}/"),
        ("{user}/", "{path}/"), ("a/{user}/", "{path}/"), ("a/{user}/", "a/{path}/"), ("a/b/{user}/", "a/{path}/c/"),
        ("a/b/c/{user}/", "{path}/"), ("a/{user}/", "{path}/a/"),
        ("{user}/", "{uuid}/"), ("a/{user}/", "a/{yyyy}/"), ("{yyyy}/{user}/", "2026/x/"), ("{user}/", "a-{yyyy}/"),
    ])
    func `rules are refused if one could write into a user's folder of the other`(first: String, second: String) {
        let found = problems(first, second, ("{uuid}", "{uuid}"))
        #expect(found.contains { $0.contains("would also hold other users' files, of the rule") }, "\(found)")
    }

    @Test(arguments: [
        ("avatars/{user}/", "docs/{user}/"), ("{user}/avatars/", "{user}/docs/"), ("{user}/", "{user}/docs/"),
        ("a/{user}/", "b/"),
        ("a/{user}/{path}/", "b/"), ("a/{user}/", "b/{path}/"), ("{user}/{path}/", "{user}/docs/"), ("a~x/{user}/", "a/{path}/"),
        ("a/~/{user}/", "a/{path}/"), ("a/{user}/x/", "b/{user}/{path}/"),
        ("a/", "a/"), ("a/", "a/b/"), ("{user}/", "~shared/"), ("a/{user}/", "ab/{user}/"), ("{yyyy}/{user}/", "x/y/"),
        ("users/{user}/", "{yyyy}/x/"), ("{user}/", "a b/"),
    ])
    func `rules whose folders are separate are accepted`(first: String, second: String) {
        #expect(problems(first, second, ("{uuid}", "{uuid}")) == [])
    }

    @Test func `folders in keyName count too`() {
        #expect(!problems("a/{user}/", "a/", ("{uuid}", "x/{uuid}")).isEmpty)
        #expect(problems("a/{user}/", "a/", ("{uuid}", "{uuid}")) == [])
        #expect(!problems("a/", "a/x/", ("{user}/{uuid}", "{uuid}")).isEmpty)
        #expect(!problems("a/", "a/", ("{user}", "{uuid}")).isEmpty)
        #expect(problems("a/", "a/", ("{user}/{uuid}", "{user}/x-{uuid}")) == [])
    }
}
