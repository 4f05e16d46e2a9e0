// SPDX-License-Identifier: Apache-2.0

import PortableFormats
import PostPolicy
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes tickets of one rule as the service does, for small files of a user whom nobody can mistake for a real one.
struct TestTickets: Sendable {
    /// What stands for the user, the issuer, claims, and parameters that are names.
    static let name = "postern-doctor"
    /// The largest file that is uploaded, in bytes.
    static let maximumBytes = 1 << 20
    /// The size of files if the rule allows it.
    private static let usualBytes = 64

    let rule: UploadRule
    private let tenant: String
    private let credentials: SigningCredentials
    private let signer = PolicySigner()
    /// The size of the files.
    let size: Int
    /// What a request declares as the file's type.
    let contentType: String

    /// - Throws: if the rule cannot be tried
    init(_ rule: UploadRule, of tenant: String, credentials: SigningCredentials, at date: Date) throws(TestTicketError) {
        self.rule = rule
        self.tenant = tenant
        self.credentials = credentials
        size = min(max(Self.usualBytes, rule.sizes.lowerBound), rule.sizes.upperBound)
        guard size <= Self.maximumBytes else {
            throw TestTicketError(
                "the smallest file of the rule has \(rule.sizes.lowerBound) bytes, and doctor uploads at most \(Self.maximumBytes)",
                "upload one such file with a ticket of the service")
        }
        var refusal: Refusal?
        var found: String?
        for type in Self.candidates(rule.contentTypes.patterns) where found == nil {
            do throws(Refusal) {
                let request = Self.request(rule, contentType: type, size: size, names: Names())
                _ = try rule.admit(request, uploader: Self.uploader(rule, tenant), uuid: Names().uuid, at: date)
                found = type
            } catch {
                refusal = error
            }
        }
        guard let found else {
            throw TestTicketError(
                "doctor knows no request that the rule takes: \(refusal?.detail ?? "it allows no type")",
                "try one by a ticket of the service")
        }
        contentType = found
    }

    /// The file: text that says whose it is.
    var content: [UInt8] { content(size) }

    func content(_ size: Int) -> [UInt8] {
        let text = Array("This file was made by 'postern doctor' and may be deleted. ".utf8)
        return (0..<size).map { text[$0 % text.count] }
    }

    // MARK: Tickets

    /// What a ticket is for.
    struct Wish {
        /// The size that is declared.
        let size: Int
        /// What the checksum, if there is one, is of.
        let checked: [UInt8]
        /// Whether there is a checksum even if the rule does not require one.
        var hasChecksum = false
        let start: Date
        let end: Date
    }

    /// Makes a ticket for files of exactly one size, whatever `declaredSize` says.
    /// - Parameter isExact: whether the sizes are narrowed to the declared one; false for what the service would sign
    func ticket(_ wish: Wish, isExact: Bool = true) throws(TestTicketError) -> TestTicket {
        let names = Names()
        let admission: Admission
        do throws(Refusal) {
            var request = Self.request(rule, contentType: contentType, size: wish.size, names: names)
            if wish.hasChecksum || rule.checksum.isRequired, let algorithm = rule.checksum.computable {
                request.checksum = RequestedChecksum(
                    algorithm: algorithm.rawValue, value: Base64.encode(algorithm.value(of: wish.checked).span))
            }
            admission = try rule.admit(
                request, uploader: Self.uploader(rule, tenant), uuid: names.uuid, at: wish.start)
        } catch {
            throw TestTicketError("doctor's request is refused: \(error.detail)", "try a ticket of the service")
        }
        guard names.appear(in: admission.key.text) else {
            throw TestTicketError(
                "nothing in the key depends on the upload: it would replace \(admission.key.text.quoted)",
                "upload it yourself with a ticket of the service, when the file may be replaced")
        }
        let narrowed = isExact ? admission.narrowed(to: wish.size) : admission
        return TestTicket(admission: admission, upload: try signed(narrowed, at: wish.start, until: wish.end))
    }

    /// Returns a ticket for the same key, with what was admitted before.
    func renewed(_ ticket: TestTicket, at now: Date, until end: Date) throws(TestTicketError) -> TestTicket {
        TestTicket(admission: ticket.admission, upload: try signed(ticket.admission.narrowed(to: size), at: now, until: end))
    }

    private func signed(_ admission: Admission, at now: Date, until end: Date) throws(TestTicketError) -> SignedUpload {
        do throws(SigningError) {
            return try admission.sign(for: rule.store, until: end, by: signer, with: credentials, at: now)
        } catch {
            throw TestTicketError("no ticket can be signed: \(error.text)", "'postern check' and 'postern credentials' say more")
        }
    }

    // MARK: Requests

    /// The values of one request that no other has.
    private struct Names {
        let uuid = UUID().uuidString.lowercased()
        let parameter = UUID().uuidString.lowercased()
        /// 20 digits.
        let digits = "9999" + String(UInt64.random(in: 1_000_000_000_000_000...9_999_999_999_999_999))
        let filename = "\(TestTickets.name)-\(UInt32.random(in: 0...UInt32.max))"

        /// Whether a key is of this request, or at least of no real user.
        func appear(in key: String) -> Bool {
            [TestTickets.name, uuid, parameter, digits].contains { key.contains($0) }
        }
    }

    private static func uploader(_ rule: UploadRule, _ tenant: String) -> Uploader {
        Uploader(
            tenant: tenant, user: name, issuer: name, attributes: rule.attributes.map { ($0, name) },
            scopes: rule.requireScope.map { [$0] } ?? [])
    }

    private static func request(_ rule: UploadRule, contentType: String, size: Int, names: Names) -> UploadRequest {
        let algorithm = rule.checksum.isRequired ? rule.checksum.computable : nil
        return UploadRequest(
            rule: rule.name, filename: names.filename, contentType: contentType, size: size,
            // Of the right length; a ticket has the true one.
            checksum: algorithm.map {
                RequestedChecksum(
                    algorithm: $0.rawValue, value: Base64.encode([UInt8](repeating: 0, count: $0.byteCount).span))
            },
            metadata: rule.storage.metadata.allowed.first.map { [($0, name)] } ?? [],
            parameters: rule.parameters.map { ($0.name, value(of: $0.kind, names)) },
            path: "\(name)/\(names.filename)")
    }

    private static func value(of kind: UploadParameter.Kind, _ names: Names) -> String {
        switch kind {
        case .digits: names.digits
        case .uuid: names.parameter
        case .name: name
        }
    }

    /// Types that the patterns of a rule may allow, the likeliest first.
    private static func candidates(_ patterns: [String]) -> [String] {
        let usual = [
            "image/png", "text/plain", "application/pdf", "application/octet-stream", "audio/mpeg", "video/mp4", "font/woff2",
            "model/stl",
        ]
        let named = patterns.filter { $0.utf8.last != UInt8(ascii: "*") }
        let families = patterns.filter { $0.utf8.last == UInt8(ascii: "*") && $0 != "*/*" }
        return named + usual + families.map { $0.dropLast() + "x-\(name)" }
    }
}

/// Why a rule cannot be tried.
struct TestTicketError: Error {
    let text: String
    let advice: String

    init(_ text: String, _ advice: String) {
        self.text = text
        self.advice = advice
    }
}

/// A ticket, and what was signed.
struct TestTicket: Sendable {
    let admission: Admission
    let upload: SignedUpload

    var key: String { admission.key.text }
}

extension ChecksumRule {
    /// The first algorithm that libcrypto has; nil if there is none.
    var computable: ChecksumAlgorithm? {
        algorithms.first { algorithm in
            switch algorithm {
            case .sha1: DigestAlgorithm.sha1.isAvailable
            case .md5: DigestAlgorithm.md5.isAvailable
            default: true
            }
        }
    }
}

extension ChecksumAlgorithm {
    /// The checksum of bytes.
    fileprivate func value(of bytes: [UInt8]) -> [UInt8] {
        func crc(_ kind: CRC.Kind) -> [UInt8] {
            var crc = CRC(kind)
            bytes.withUnsafeBytes { crc.update($0) }
            return crc.bytes
        }
        return switch self {
        case .sha256: DigestAlgorithm.sha256.hash(bytes)
        case .sha1: DigestAlgorithm.sha1.hash(bytes)
        case .md5: DigestAlgorithm.md5.hash(bytes)
        case .crc32: crc(.crc32)
        case .crc32c: crc(.crc32c)
        case .crc64nvme: crc(.crc64nvme)
        }
    }
}

extension SigningError {
    /// What is wrong, for a sentence.
    fileprivate var text: String {
        switch self {
        case .refused(let refusal): refusal.detail
        case .sessionTokenTooLong: "the session token makes the form too large"
        case .sessionTokenTooLongForStore(let maximum):
            "the session token makes the policy longer than the store's \(maximum) bytes"
        case .failed(let error): "\(error)"
        }
    }
}
