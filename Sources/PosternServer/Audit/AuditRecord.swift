// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One line of the audit log: a JSON object. docs/audit.md describes its members.
///
/// It has named values only, never header fields or bodies, so that tokens, keys, policies and signatures cannot appear in it.
struct AuditRecord: ~Copyable {
    private var json = JSONWriter(capacity: 800)

    init(_ event: StaticString, at time: Date) {
        json.beginObject()
        json.member(constant: "time", time.rfc3339Milliseconds)
        json.key(constant: "event")
        json.string(event.description)
    }

    mutating func add(_ name: StaticString, _ value: String) {
        json.key(constant: name)
        // No control or bidi character reaches the terminal of someone who reads the file.
        json.string(value, transformedUnlessPlain: { $0.printable(asciiControls: false) })
    }

    mutating func add(_ name: StaticString, _ value: String?) {
        if let value { add(name, value) }
    }

    mutating func add(_ name: StaticString, _ value: Int) {
        json.key(constant: name)
        json.int(value)
    }

    mutating func add(_ name: StaticString, _ value: Int?) {
        if let value { add(name, value) }
    }

    /// Adds an object of numbers.
    mutating func add(_ name: String, _ counts: [(name: String, count: Int)]) {
        json.object(name) { json in
            for (name, count) in counts { json.member(name, count) }
        }
    }

    /// Adds the request, and the rules that answer it.
    mutating func add(_ info: RequestInfo) {
        add("requestId", info.requestID)
        add("peer", info.client.address)
        add("traceId", info.traceParent?.traceID)
        add("generation", info.snapshot.generation)
        add("digest", info.snapshot.book.digest)
    }

    /// Adds who asks.
    /// - Parameter user: on whose behalf; nil for an API key that names nobody
    mutating func add(_ context: TenantContext, user: String?, as users: AuditUsers) {
        add("tenant", context.tenant.id)
        if let user { users.add(user, of: context.userIssuer, to: &self) }
        switch context.principal.source {
        case .token(let identity):
            add("issuer", identity.issuer.identifier)
            add("keyId", identity.keyID)
        case .apiKey(let key):
            add("apiKey", key.id)
            // Of the user whom the request names.
            if user != nil { add("issuer", context.userIssuer) }
        }
    }

    /// Adds what was asked for. A content type is told if it has the form of one: no token or key has.
    mutating func addDeclared(_ request: UploadRequest) {
        if request.hasMediaType { add("declaredType", request.contentType) }
        add("declaredSize", request.size)
    }

    /// Ends the line and returns its bytes, with the newline.
    consuming func finish() -> [UInt8] {
        json.endObject()
        var bytes = json.finish()
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}

/// The lines of one request, and the tickets that count once they are written.
struct AuditLines {
    /// A ticket that is not counted yet.
    struct Ticket {
        let context: TenantContext
        let rule: UploadRule
        /// The caller against whose limit it counts: see ``TenantContext/limitedCaller(for:)``.
        let caller: String
        let maximumBytes: Int

        func count() {
            context.served.countTicket(of: rule, maximumBytes: maximumBytes)
        }

        /// Counts a refusal instead, since the ticket is not sent.
        func countRefusal(_ code: ProblemCode) {
            context.served.countRefusal(code, of: rule)
            context.served.limiter?.takeBack(rule, caller: caller)
        }
    }

    /// Each ends in a newline.
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    private(set) var tickets: [Ticket] = []

    mutating func append(_ record: consuming AuditRecord) {
        if count == 0 { bytes = record.finish() } else { bytes += record.finish() }
        count += 1
    }

    /// Adds the line of a ticket.
    mutating func append(_ record: consuming AuditRecord, of ticket: Ticket) {
        append(record)
        tickets.append(ticket)
    }
}
