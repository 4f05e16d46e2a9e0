// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import PostPolicy
import PosternTestSupport
import Testing

struct IgnoredCheckTests {
    /// What a client may change of an upload, by the check that finds it.
    private func faults(_ store: TestStore) throws -> [IgnoredCheck: (form: [FormField], file: String, date: Date)] {
        let form = try store.form(sizes: 5...5)
        return [
            .size: (form, "hello!", TestStore.now),
            .type: (form.setting("Content-Type", "text/html"), "hello", TestStore.now),
            .key: (form.setting("key", "images/u2/me.png"), "hello", TestStore.now),
            .fields: (form + [FormField(name: "acl", value: "public-read")], "hello", TestStore.now),
            .expiry: (form, "hello", TestStore.now + 3600),
        ]
    }

    @Test(arguments: IgnoredCheck.allCases)
    func `a store without one check has all the others`(ignored: IgnoredCheck) async throws {
        let store = try TestStore()
        for (check, fault) in try faults(store) {
            try await store.run(at: fault.date, ignored: [ignored]) { client in
                let response = try await client.post(FormBody(fault.form, file: Array(fault.file.utf8)))
                #expect((response.status == 204) == (check == ignored), "\(check): \(response.text)")
            }
        }
        let form = try store.form()
        try await store.run(ignored: [ignored]) { client in
            let forged = form.setting("X-Amz-Signature", String(repeating: "0", count: 64))
            let refused = try await client.post(FormBody(forged, file: Array("hello".utf8)))
            #expect(refused.element("Code") == "SignatureDoesNotMatch")
            let stored = try await client.post(FormBody(form, file: Array("hello".utf8)))
            #expect(stored.status == 204)
        }
    }

    @Test func `what was sent is stored where it was sent to, smaller and larger files too`() async throws {
        let store = try TestStore()
        let form = try store.form(sizes: 5...5)
        try await store.run(ignored: [.key, .type, .size]) { client in
            for file in ["", "hell", "hello, world"] {
                let moved = form.setting("key", "elsewhere").setting("Content-Type", "text/html")
                #expect(try await client.post(FormBody(moved, file: Array(file.utf8))).status == 204)
                let stored = try await client.execute("GET", "/bucket/elsewhere")
                #expect(stored.text == file && stored.header("Content-Type") == "text/html")
            }
        }
        #expect(store.place.objects() == ["bucket/elsewhere"])
    }

    @Test(arguments: [true, false])
    func `metadata is forgotten only if it is ignored`(isIgnored: Bool) async throws {
        let store = try TestStore()
        let form = try store.form(["Content-Type": "image/png", "x-amz-meta-album": "2026"])
        try await store.run(ignored: isIgnored ? [.metadata] : []) { client in
            #expect(try await client.post(FormBody(form, file: Array("hello".utf8))).status == 204)
            let stored = try await client.execute("GET", "/bucket/images/u1/me.png")
            #expect(stored.header("x-amz-meta-album") == (isIgnored ? nil : "2026"))
            #expect(stored.header("Content-Type") == "image/png")
        }
    }

    @Test func `names are parsed, and anything else is refused`() {
        #expect(IgnoredCheck.parse("size,type,key,fields,expiry,metadata") == Set(IgnoredCheck.allCases))
        #expect(IgnoredCheck.parse("size") == [.size])
        for text in ["", "size,", "Size", "size type", "signature"] { #expect(IgnoredCheck.parse(text) == nil, "\(text)") }
    }
}
