// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An upload that a store must refuse: with a right ticket and something else than it says, or with a ticket that is no longer right.
struct UploadAttempt: Sendable {
    /// What is not as the ticket says, for the report.
    let subject: String
    /// What it means if the store takes it.
    let text: String
    /// How bad that is.
    var verdict = Finding.Verdict.wrong
    let ticket: TestTicket
    let content: [UInt8]
    var change = UploadChange()
    /// What follows the ticket's key in the key that is written.
    var keySuffix = ""
}

/// What is sent instead of what the ticket says; nil for what it says.
struct UploadChange: Sendable {
    var fields: [FormField]?
    var url: String?
    var headers: [HeaderField]?
}

extension TestTickets {
    private static let otherType = "application/x-postern-doctor"
    /// The metadata that no rule has.
    private static let furtherField = "x-amz-meta-postern-doctor"
    /// The key that is written instead.
    static let otherKey = ".other"
    /// An ACL that gives nobody anything: the attempt may succeed.
    private static let otherACL = "bucket-owner-full-control"

    /// Makes the attempts for the method of the rule's store.
    func attempts(at now: Date, until end: Date) throws(TestTicketError) -> [UploadAttempt] {
        func ticket(_ content: [UInt8]) throws(TestTicketError) -> TestTicket {
            try self.ticket(.init(size: size, checked: content, start: now, end: end))
        }
        func changed(
            _ subject: String, _ text: String, _ verdict: Finding.Verdict = .wrong, keySuffix: String = "",
            _ change: (TestTicket) -> UploadChange?
        ) throws(TestTicketError) -> UploadAttempt? {
            let ticket = try ticket(content)
            return change(ticket).map {
                UploadAttempt(
                    subject: subject, text: text, verdict: verdict, ticket: ticket, content: content, change: $0,
                    keySuffix: keySuffix)
            }
        }
        let (larger, smaller) = (content(size + 1), content(size - 1))
        let expired = try self.ticket(
            .init(size: size, checked: content, start: now.addingTimeInterval(-7200), end: now.addingTimeInterval(-3600)))
        let attempts: [UploadAttempt?] = [
            UploadAttempt(
                subject: "one byte more", text: "a client can upload more than the ticket is for", ticket: try ticket(larger),
                content: larger),
            UploadAttempt(
                subject: "one byte less", text: "a client can upload less than the ticket is for", ticket: try ticket(smaller),
                content: smaller),
            try changed("another type", "a client can upload any type, such as HTML") {
                $0.setting("Content-Type", Self.otherType)
            },
            try changed("another key", "a client can write every object of the bucket", keySuffix: Self.otherKey) { $0.movedKey },
            try changed("a further field", furtherText, rule.store.method == .post ? .wrong : .note) {
                $0.adding(Self.furtherField, "1")
            },
            try changed("a forged ticket", "the store verifies no signature: anyone can upload anything") { $0.forged },
            UploadAttempt(subject: "an expired ticket", text: "tickets are good for ever", ticket: expired, content: content),
            try wrongChecksum(at: now, until: end),
            try changed("a field less", "a client can leave out what the rule sets") { $0.withoutLastHeader },
            try changed("another ACL", "a client can make files public") { $0.replacing("x-amz-acl", Self.otherACL) },
            try changed("an ACL that is not signed", "a client can make files public: remove acl: none from the rule") {
                $0.addingHeader("x-amz-acl", Self.otherACL)
            },
        ]
        return attempts.compactMap(\.self)
    }

    private var furtherText: String {
        rule.store.method == .post
            ? "a client can add an ACL, metadata and whatever else a form can have"
            : "it has a field x-amz-* that is not signed. A signature cannot forbid that, and AWS alone refuses it: docs/stores.md#put"
    }

    /// A file that is not the one of the checksum in its ticket; nil if no algorithm of the rule can be computed here.
    private func wrongChecksum(at now: Date, until end: Date) throws(TestTicketError) -> UploadAttempt? {
        guard rule.checksum.computable != nil else { return nil }
        let ticket = try ticket(.init(size: size, checked: content.reversed(), hasChecksum: true, start: now, end: end))
        return rule.checksum.isRequired
            ? UploadAttempt(
                subject: "a wrong checksum", text: "it does not compare checksums, so that checksum in the rule protects nothing",
                ticket: ticket, content: content)
            : UploadAttempt(
                subject: "a wrong checksum", text: "it does not compare the checksums that clients may send", verdict: .note,
                ticket: ticket, content: content)
    }
}

extension TestTicket {
    /// Another value of a field that the ticket has.
    fileprivate func setting(_ name: String, _ value: String) -> UploadChange {
        switch upload {
        case .post(let form, _):
            UploadChange(
                fields: form.fields.map { $0.name.equalsIgnoringASCIICase(name) ? FormField(name: $0.name, value: value) : $0 })
        case .put(let put): UploadChange(headers: put.headers.setting(name, value))
        }
    }

    fileprivate func adding(_ name: String, _ value: String) -> UploadChange {
        switch upload {
        case .post(let form, _): UploadChange(fields: form.fields + [FormField(name: name, value: value)])
        case .put(let put): UploadChange(headers: put.headers + [HeaderField(name: name, value: value)])
        }
    }

    /// Another key than the ticket's: the same and ``TestTickets/otherKey``.
    fileprivate var movedKey: UploadChange {
        switch upload {
        case .post: setting("key", key + TestTickets.otherKey)
        case .put(let put):
            UploadChange(
                url: put.url.replacing("?X-Amz-Algorithm=", with: "\(TestTickets.otherKey)?X-Amz-Algorithm=", maxReplacements: 1))
        }
    }

    /// A policy that ends in the year 2999 behind the old signature; for a `PUT` a signature with another last digit.
    fileprivate var forged: UploadChange {
        switch upload {
        case .post(let form, _): UploadChange(fields: form.fields.map(\.withLaterEnd))
        case .put(let put):
            UploadChange(url: put.url.dropLast() + (put.url.utf8.last == UInt8(ascii: "0") ? "1" : "0"))
        }
    }

    // What only a `PUT` has; nil for a form.

    fileprivate var withoutLastHeader: UploadChange? {
        guard case .put(let put) = upload,
            let name = put.headers.map(\.name).last(where: { !$0.equalsIgnoringASCIICase("Content-Type") })
        else { return nil }
        return UploadChange(headers: put.headers.filter { $0.name != name })
    }

    /// Another value of a header field; nil if it is not signed.
    fileprivate func replacing(_ name: String, _ value: String) -> UploadChange? {
        guard case .put(let put) = upload, put.headers.contains(where: { $0.name.equalsIgnoringASCIICase(name) }) else {
            return nil
        }
        return UploadChange(headers: put.headers.setting(name, value))
    }

    /// A header field more; nil if it is signed.
    fileprivate func addingHeader(_ name: String, _ value: String) -> UploadChange? {
        guard case .put(let put) = upload, !put.headers.contains(where: { $0.name.equalsIgnoringASCIICase(name) }) else {
            return nil
        }
        return UploadChange(headers: put.headers + [HeaderField(name: name, value: value)])
    }
}

extension [HeaderField] {
    fileprivate func setting(_ name: String, _ value: String) -> [HeaderField] {
        map { $0.name.equalsIgnoringASCIICase(name) ? HeaderField(name: $0.name, value: value) : $0 }
    }
}

extension FormField {
    /// A policy with another year of its end; any other field as it is.
    fileprivate var withLaterEnd: FormField {
        let head = "{\"expiration\":\"".utf8.count
        guard name.equalsIgnoringASCIICase("policy"), var json = Base64.decode(value), json.count > head + 4 else { return self }
        json.replaceSubrange(head..<(head + 4), with: "2999".utf8)
        return FormField(name: name, value: Base64.encode(json.span))
    }
}
