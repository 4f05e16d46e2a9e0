// SPDX-License-Identifier: Apache-2.0

import DevStore
import HTTPServer
import PosternServer
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What `postern dev` answers besides the interface: its page with the files that it consists of, and two documents for the page's script.
///
/// `/dev/state` is a ``DevState``. `/dev/token?user=NAME` is a token for one of ``DevIdentity/users``. Both are for the page alone: a
/// page of another origin gets neither, even if the tenant's `origins` has it.
struct DevPages: Sendable {
    /// The origins under which a browser can open the page. Browsers name them when they load its modules.
    let origins: Set<String>
    let identity: DevIdentity
    let page: @Sendable () -> DevPage
    let state: DevState

    func respond(to head: RequestHead) -> Response? {
        guard head.first("origin").map(origins.contains) ?? true else { return nil }
        switch head.path {
        case "/dev/state":
            return Self.isFromPage(head) ? Self.document(state.json()) : nil
        case "/dev/token":
            guard Self.isFromPage(head), let user = DevIdentity.users.first(where: { head.target == "/dev/token?user=\($0)" }),
                let token = try? identity.token(for: user, lifetime: DevIdentity.pageLifetime, at: Date())
            else { return nil }
            return Self.document(
                JSONWriter.object { json in
                    json.member("user", user)
                    json.member("token", token)
                    json.member("expiresIn", DevIdentity.pageLifetime)
                })
        default:
            return page().response(to: head.path)
        }
    }

    /// Whether no page of another site asks, not even by a script element, which sends no `Origin`. Browsers since 2023 send the field.
    private static func isFromPage(_ head: RequestHead) -> Bool {
        head.first("sec-fetch-site").map { $0 == "same-origin" || $0 == "none" } ?? true
    }

    private static func document(_ json: [UInt8]) -> Response {
        Response(
            status: 200,
            fields: [
                "Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            ],
            body: .bytes(json)
        )
    }
}
