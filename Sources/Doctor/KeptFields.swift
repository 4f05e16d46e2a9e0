// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PortableFormats
import PostPolicy
import UploadRules
import WireFormats

/// Compares what a store has of a file with what its ticket signed.
struct KeptFields: Sendable {
    let scope: Finding.Scope
    let rule: UploadRule
    let ticket: TestTicket
    /// Of the file, in bytes.
    let size: Int
    let client: StoreClient
    let reader: SigningCredentials

    func run(_ remedies: Remedies) async -> [Finding] {
        var findings: [Finding] = []
        do throws(OutgoingError) {
            let checksums = [HeaderField(name: "x-amz-checksum-mode", value: "ENABLED")]
            let answer = try await client.sendSigned(.head, key: ticket.key, headers: checksums, by: reader)
            if (200..<300).contains(answer.status) {
                findings += compare(with: answer, remedies)
                if let tags = await tags(remedies) { findings.append(tags) }
            } else if answer.isForbidden {
                findings.append(
                    Finding(
                        scope, .keeps, .notKnown, "the signer may not look at the file (s3:GetObject), as it should be",
                        action: "s3:GetObject"))
                if !rule.storage.tags.isEmpty { if let tags = await tags(remedies) { findings.append(tags) } }
            } else if answer.status == 404 {
                findings.append(
                    Finding(
                        scope, .keeps, .wrong, "the file", "the store accepted the upload, and has no such file",
                        advice: "look into the store's log: Ceph 16.2 stores nothing by a form of a session with a policy"))
                return findings
            } else {
                findings.append(Finding(scope, .keeps, .notKnown, "the store does not show the file (status \(answer.status))"))
            }
        } catch {
            findings.append(Finding(scope, .keeps, .notKnown, "the store did not answer: \(error)"))
        }
        if let readers = await readers(remedies) { findings.append(readers) }
        return findings
    }

    // MARK: Header fields

    private func compare(with answer: StoreAnswer, _ remedies: Remedies) -> [Finding] {
        var findings: [Finding] = []
        let length = answer["content-length"].flatMap { Int($0) }
        switch length {
        case size: findings.append(Finding(scope, .keeps, .ok, "the size", "\(size) bytes"))
        case let length?:
            findings.append(
                Finding(
                    scope, .keeps, .wrong, "the size", "\(size) bytes were uploaded, and the store has \(length)",
                    advice: "look for a proxy that changes uploads"))
        case nil:
            findings.append(Finding(scope, .keeps, .notKnown, "the size", "the store does not say it, in a field Content-Length"))
        }
        for field in ticket.admission.fields {
            guard let kept = Kept(field, rule.storage) else { continue }
            let value = answer[kept.header]
            if kept.isSame(value) {
                findings.append(Finding(scope, .keeps, .ok, kept.title, value ?? field.value))
            } else if value == nil, kept.isOptional {
                if let doubt = kept.doubt { findings.append(Finding(scope, .keeps, .notKnown, kept.title, doubt)) }
            } else {
                let seen = value.map { "the store has \($0.quoted) instead of \(field.value.quoted)" }
                findings.append(
                    Finding(
                        scope, .keeps, .wrong, kept.title, seen ?? "the store took \(field.value.quoted) and did not keep it",
                        advice: kept.advice(remedies)))
            }
        }
        return findings
    }

    /// A field of an upload that the store should keep.
    private struct Kept {
        let title: String
        /// The header field of the answer, in lower case.
        let header: String
        private let key: String
        private let value: String
        /// Whether stores may keep it without showing it.
        var isOptional = false
        /// What is not known if it is not shown; nil if that says that it was kept.
        var doubt: String?

        /// Nil for a field that is about the upload and not the object, or that is examined otherwise.
        init?(_ field: FormField, _ storage: StorageSettings) {
            let name = field.name.asciiLowercased
            value = field.value
            header = name
            switch name {
            case "content-type": (title, key) = ("Content-Type", "contentTypes")
            case "cache-control": (title, key) = ("Cache-Control", "cacheControl")
            case "content-disposition": (title, key) = ("Content-Disposition", "contentDisposition")
            case "content-encoding": (title, key) = ("Content-Encoding", "contentEncoding")
            case "content-language": (title, key) = ("Content-Language", "contentLanguage")
            case "x-amz-storage-class":
                (title, key) = ("the storage class", "storageClass")
                // S3 shows no other than the standard one.
                isOptional = field.value == "STANDARD"
            case "x-amz-server-side-encryption": (title, key) = ("the encryption", "encryption")
            case "x-amz-server-side-encryption-aws-kms-key-id":
                // Stores show the ARN, whatever the rule has.
                guard case .kms(_, let id?, _) = storage.encryption, id.hasPrefix("arn:"), id.contains(":key/") else {
                    return nil
                }
                (title, key) = ("the KMS key", "encryption")
            case _ where name.utf8.starts(with: MetadataRule.prefix.utf8):
                (title, key) = ("metadata \(name.dropFirst(MetadataRule.prefix.utf8.count))", "metadata")
            case _ where name.utf8.starts(with: "x-amz-checksum-".utf8) && name != "x-amz-checksum-algorithm":
                (title, key) = ("the checksum", "checksum")
                isOptional = true
                doubt = "the store does not show one, in a field \(name)"
            default: return nil
            }
        }

        /// Metadata comes back as it was sent, or in encoded words (RFC 2047); a `PUT` has single spaces.
        func isSame(_ received: String?) -> Bool {
            guard let received else { return false }
            func plain(_ text: String) -> String { EncodedWord.decode(text).split(separator: " ").joined(separator: " ") }
            return plain(received).hasSameBytes(as: plain(value))
        }

        func advice(_ remedies: Remedies) -> String {
            switch key {
            case "contentDisposition":
                "remove contentDisposition from the rule in \(remedies.file), and set it when files are read: response-content-disposition of "
                    + "presigned GETs, or the CDN"
            case "cacheControl", "contentEncoding", "contentLanguage":
                "remove \(key) from the rule in \(remedies.file), and set it when files are read, by the CDN; or update the store"
            case "contentTypes": "update the store, or look for a proxy that drops header fields: browsers go by the type"
            case "encryption":
                "encrypt the bucket by default; or update the store, or remove encryption from the rule in \(remedies.file)"
            default:
                "update the store, or remove \(key) from the rule in \(remedies.file); look for a proxy that drops header fields"
            }
        }
    }

    // MARK: Tags

    private func tags(_ remedies: Remedies) async -> Finding? {
        guard let wanted = wantedTags else { return nil }
        let answer: StoreAnswer
        do throws(OutgoingError) {
            answer = try await client.sendSigned(.get, key: ticket.key, query: "tagging=", by: reader)
        } catch {
            return Finding(scope, .keeps, .notKnown, "tags", "the store did not answer: \(error)")
        }
        guard answer.root == "Tagging" else {
            guard answer.isDenied else {
                return Finding(scope, .keeps, .notKnown, "tags", "the store does not show them (status \(answer.status))")
            }
            return Finding(
                scope, .keeps, .notKnown, "tags", "the signer may not look at them (s3:GetObjectTagging)",
                action: "s3:GetObjectTagging")
        }
        let kept = Self.tags(in: answer.elements)
        let lost = wanted.filter { kept[$0.key] != $0.value }.map(\.key).sorted()
        guard lost.isEmpty else {
            return Finding(
                scope, .keeps, .wrong, "tags", "the store did not keep \(lost.map(\.text.quoted).joined(separator: ", "))",
                advice:
                    "update the store, or remove tags from the rule in \(remedies.file): lifecycle rules and policies by tag have no effect"
            )
        }
        return Finding(scope, .keeps, .ok, "tags", "\(wanted.count)")
    }

    private var wantedTags: [ExactString: ExactString]? {
        for field in ticket.admission.fields {
            if field.name == "tagging" { return Self.tags(in: (try? XMLReader(Array(field.value.utf8)))?.elements ?? []) }
            if field.name == "x-amz-tagging" {
                var tags: [ExactString: ExactString] = [:]
                for pair in field.value.split(separator: "&") {
                    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                        .map { ExactString(PercentEncoding.component.decodeUTF8($0.utf8) ?? "") }
                    if let name = parts.first { tags[name] = parts.dropFirst().first }
                }
                return tags
            }
        }
        return nil
    }

    /// The tags of a `<Tagging>` document.
    private static func tags(in elements: [XMLReader.Element]) -> [ExactString: ExactString] {
        let keys = elements.filter { $0.path == "Tagging/TagSet/Tag/Key" }.map { ExactString($0.text) }
        let values = elements.filter { $0.path == "Tagging/TagSet/Tag/Value" }.map { ExactString($0.text) }
        return Dictionary(zip(keys, values)) { first, _ in first }
    }

    // MARK: Readers

    /// Whether anyone can read the file; nil if that could not be seen.
    private func readers(_ remedies: Remedies) async -> Finding? {
        let answer: StoreAnswer
        do throws(OutgoingError) {
            answer = try await client.send(.head, client.url(of: ticket.key))
        } catch {
            return nil
        }
        let acl = rule.storage.acl ?? ""
        let isMeant = acl.hasPrefix("public-read")
        if (200..<300).contains(answer.status) {
            return isMeant
                ? Finding(scope, .readers, .ok, "anyone can read the file, as acl: \(acl) says")
                : Finding(
                    scope, .readers, .note, "anyone who knows its URL can read the file, without credentials",
                    advice:
                        "if that is not meant, make the bucket private: block public access, or remove what its policy allows to everyone"
                )
        }
        guard answer.isForbidden else { return nil }
        return isMeant
            ? Finding(
                scope, .readers, .wrong, "acl: \(acl) has no effect: the store lets nobody read the file without credentials",
                advice:
                    "remove acl from the rule in \(remedies.file), or let the bucket have public ACLs (block public access, object ownership)"
            )
            : Finding(scope, .readers, .ok, "nobody can read the file without credentials")
    }
}
