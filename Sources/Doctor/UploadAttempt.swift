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
    /// What is not as the ticket says.
    enum Kind: CaseIterable, Sendable {
        case larger
        case smaller
        case otherType
        case otherKey
        case furtherField
        case forged
        case expired
        case wrongChecksum
        // Only with a `PUT`.
        case fieldLess
        case otherACL
        case unsignedACL

        /// For the report.
        var subject: String {
            switch self {
            case .larger: "one byte more"
            case .smaller: "one byte less"
            case .otherType: "another type"
            case .otherKey: "another key"
            case .furtherField: "a further field"
            case .forged: "a forged ticket"
            case .expired: "an expired ticket"
            case .wrongChecksum: "a wrong checksum"
            case .fieldLess: "a field less"
            case .otherACL: "another ACL"
            case .unsignedACL: "an ACL that is not signed"
            }
        }
    }

    let kind: Kind
    let ticket: TestTicket
    let content: [UInt8]
    var change = UploadChange()
    /// What follows the ticket's key in the key that is written.
    var keySuffix = ""

    var key: String { ticket.key + keySuffix }
}

/// What is sent instead of what the ticket says; nil for what it says.
struct UploadChange: Sendable {
    var fields: [FormField]?
    var url: String?
    var headers: [HeaderField]?
}

extension UploadAttempt.Kind {
    /// What it means if the store takes the upload, and how bad that is.
    func meaning(for rule: UploadRule) -> (text: String, verdict: Finding.Verdict) {
        switch self {
        case .larger: ("a client can upload more than the ticket is for", .wrong)
        case .smaller: ("a client can upload less than the ticket is for", .wrong)
        case .otherType: ("a client can upload any type, such as HTML", .wrong)
        case .otherKey: ("a client can write every object of the bucket", .wrong)
        case .furtherField where rule.store.method == .post:
            ("a client can add an ACL, metadata and whatever else a form can have", .wrong)
        case .furtherField:
            (
                "it has a field x-amz-* that is not signed. A signature cannot forbid that, and AWS alone refuses it: docs/stores.md#put",
                .note
            )
        case .forged: ("the store verifies no signature: anyone can upload anything", .wrong)
        case .expired: ("tickets are good for ever", .wrong)
        case .wrongChecksum where rule.checksum.isRequired:
            ("it does not compare checksums, so that checksum in the rule protects nothing", .wrong)
        case .wrongChecksum: ("it does not compare the checksums that clients may send", .note)
        case .fieldLess: ("a client can leave out what the rule sets", .wrong)
        case .otherACL: ("a client can make files public", .wrong)
        // Whether it has an effect is seen at the file.
        case .unsignedACL: ("it has an ACL that is not signed, and nobody can read the file by it", .note)
        }
    }
}

extension TestTickets {
    private static let otherType = "application/x-postern-doctor"
    /// The metadata that no rule has.
    private static let furtherField = "x-amz-meta-postern-doctor"
    /// The key that is written instead.
    static let otherKey = ".other"
    /// An ACL that gives nobody anything: the attempt may succeed.
    private static let otherACL = "bucket-owner-full-control"
    /// An ACL whose effect can be seen. The file says nothing that nobody may read.
    private static let readableACL = "public-read"

    /// Makes an attempt with a ticket of its own; nil if the rule or the method of its store does not have what is changed.
    func attempt(_ kind: UploadAttempt.Kind, at now: Date, until end: Date) throws(TestTicketError) -> UploadAttempt? {
        func ticket(_ content: [UInt8]) throws(TestTicketError) -> TestTicket {
            try self.ticket(.init(size: size, checked: content, start: now, end: end))
        }
        let (larger, smaller) = (content(size + 1), content(size - 1))
        switch kind {
        case .larger: return UploadAttempt(kind: kind, ticket: try ticket(larger), content: larger)
        case .smaller: return UploadAttempt(kind: kind, ticket: try ticket(smaller), content: smaller)
        case .expired:
            let expired = try self.ticket(
                .init(size: size, checked: content, start: now.addingTimeInterval(-7200), end: now.addingTimeInterval(-3600)))
            return UploadAttempt(kind: kind, ticket: expired, content: content)
        case .wrongChecksum:
            // Nothing can be sent if no algorithm of the rule can be computed here.
            guard rule.checksum.computable != nil else { return nil }
            let ticket = try self.ticket(
                .init(size: size, checked: content.reversed(), hasChecksum: true, start: now, end: end))
            return UploadAttempt(kind: kind, ticket: ticket, content: content)
        case .otherType, .otherKey, .furtherField, .forged, .fieldLess, .otherACL, .unsignedACL:
            let ticket = try ticket(content)
            return Self.change(kind, of: ticket).map {
                UploadAttempt(
                    kind: kind, ticket: ticket, content: content, change: $0, keySuffix: kind == .otherKey ? Self.otherKey : "")
            }
        }
    }

    private static func change(_ kind: UploadAttempt.Kind, of ticket: TestTicket) -> UploadChange? {
        switch kind {
        case .otherType: ticket.setting("Content-Type", otherType)
        case .otherKey: ticket.movedKey
        case .furtherField: ticket.adding(furtherField, "1")
        case .forged: ticket.forged
        case .fieldLess: ticket.withoutLastHeader
        case .otherACL: ticket.replacing("x-amz-acl", otherACL)
        case .unsignedACL: ticket.addingHeader("x-amz-acl", readableACL)
        case .larger, .smaller, .expired, .wrongChecksum: nil
        }
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
