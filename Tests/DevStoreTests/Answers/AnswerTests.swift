// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import Testing

@testable import DevStore

struct AnswerTests {
    @Test func `XML escapes markup and replaces characters that it cannot have`() {
        let refusal = StoreError(
            status: 403, code: "A<b", message: "x & \"y\" > z\0\r\n\u{FFFE}é", details: [.init(name: "Key", value: "]]>")])
        #expect(
            refusal.xml(requestID: "1")
                == "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>A&lt;b</Code>"
                + "<Message>x &amp; \"y\" &gt; z\u{FFFD}&#13;\n\u{FFFD}é</Message><Key>]]&gt;</Key><RequestId>1</RequestId></Error>"
        )
    }

    @Test(
        arguments: [
            (nil, SuccessAction.noContent), ("200", .ok), ("201", .created), ("204", .noContent), ("302", .noContent),
            ("", .noContent),
        ] as [(String?, SuccessAction)])
    func `the form's status field sets the status of the answer`(status: String?, action: SuccessAction) {
        let fields = status.map { [FormField(name: "Success_Action_Status", value: $0)] } ?? []
        #expect(SuccessAction(ReceivedForm(fields, filename: nil)) == action)
    }

    @Test(arguments: [
        ("https://a.example/done", true), ("HTTP://a.example/", true), ("javascript:alert(1)", false), ("/relative", false),
        ("", false),
        ("http://a.example/\r\nSet-Cookie: x=1", false), ("http://a.example/é", false), ("http://a b", false),
    ])
    func `a redirect goes before the status if a browser could follow it`(address: String, isFollowed: Bool) {
        for name in ["success_action_redirect", "redirect"] {
            let fields = [FormField(name: "success_action_status", value: "201"), FormField(name: name, value: address)]
            #expect(SuccessAction(ReceivedForm(fields, filename: nil)) == (isFollowed ? .redirect(address) : .created))
        }
    }

    @Test(arguments: [
        ("http://a.example/x", "http://a.example/x?bucket=b&key=a%2F%C3%A9&etag=%22e%22"),
        ("http://a.example/x?y=1", "http://a.example/x?y=1&bucket=b&key=a%2F%C3%A9&etag=%22e%22"),
        ("http://a.example/x#top", "http://a.example/x?bucket=b&key=a%2F%C3%A9&etag=%22e%22#top"),
    ])
    func `a redirect has bucket, key and etag in its query`(base: String, address: String) {
        #expect(SuccessAction.redirectAddress(base, bucket: "b", key: "a/é", etag: "\"e\"") == address)
    }

    @Test func `header values that are not ASCII become encoded words`() {
        #expect("plain".asEncodedWord == "plain")
        #expect("é".asEncodedWord == "=?UTF-8?B?w6k=?=")
    }

    @Test(
        arguments: [
            ("/", .service), ("/bucket", .bucket("bucket")), ("/bucket/", .bucket("bucket")), ("/bucket/?x=1", .bucket("bucket")),
            ("/bucket/a/b", .object(bucket: "bucket", key: "a/b")), ("/bucket/a%2Fb", .object(bucket: "bucket", key: "a/b")),
            ("/bucket/../x", .object(bucket: "bucket", key: "../x")),
            ("/bucket/%2e%2e%2fx", .object(bucket: "bucket", key: "../x")),
            ("/bucket//a", .object(bucket: "bucket", key: "/a")), ("/bucket/a?b#c", .object(bucket: "bucket", key: "a")),
            ("/bucket/a+b", .object(bucket: "bucket", key: "a+b")), ("/bu%2Fcket/a", .object(bucket: "bu/cket", key: "a")),
            ("bucket", nil), ("", nil), ("*", nil), ("//a", nil), ("/bucket/%", nil), ("/bucket/%ff", nil), ("/bucket/%zz", nil),
            ("http://127.0.0.1/bucket", nil),
        ] as [(String, StoreTarget?)])
    func `request targets are split before they are decoded, and no path is resolved`(path: String, target: StoreTarget?) {
        #expect(StoreTarget(path: path) == target)
    }
}
