// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import PostPolicy
package import RuleFiles
import UploadRules
package import WireFormats

/// How the audit log names users.
package enum AuditUsers: Sendable {
    /// As tokens and requests name them.
    case plain
    /// By an id that only the holder of the key can make of a user.
    case hash(HMACKey)

    /// The least length of a key, in bytes.
    private static let minimumKeyBytes = 32
    private static let maximumKeyBytes = 4096

    /// Reads the key, if users are hashed.
    /// - Throws: why the key cannot be used
    package static func load(_ settings: ServiceSettings) throws(SetupError) -> AuditUsers {
        guard settings.auditUsers == .hash else { return .plain }
        guard let path = settings.auditUserKey else {
            throw SetupError(["auditUsers: hash needs auditUserKey, a file with at least \(minimumKeyBytes) random bytes"])
        }
        let bytes: [UInt8]
        do throws(FileReadError) {
            bytes = try LocalFile(path).contents(limit: maximumKeyBytes)
        } catch {
            throw SetupError(["auditUserKey \(path): \(error)"])
        }
        guard bytes.count >= minimumKeyBytes else {
            throw SetupError([
                "auditUserKey \(path): it has \(bytes.count) bytes; write at least \(minimumKeyBytes): head -c 32 /dev/urandom > \(path)"
            ])
        }
        guard let key = HMACKey(.sha256, key: bytes.span) else {
            throw SetupError(["auditUserKey \(path): HMAC is not available"])
        }
        return .hash(key)
    }

    /// The id of a user in the audit log: the first 32 hexadecimal digits of HMAC-SHA-256 of the issuer, a newline and the user. Nil where
    /// users are named plainly.
    /// - Parameter issuer: the user's `iss`; nil for a user whom an API key names, if the key's issuer is not known
    package func id(of user: String, issuer: String?) -> String? {
        guard case .hash(let key) = self else { return nil }
        // An issuer has no newline, so no two pairs have the same text.
        var text = "\(issuer ?? "")\n\(user)"
        return text.withUTF8 { text in
            withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.sha256.size, alignment: 1) { code in
                guard key.authenticate(UnsafeRawBufferPointer(text), into: code) else { return "unknown" }
                return Hexadecimal.encode(Array(code.prefix(16)).span)
            }
        }
    }

    /// The key of an upload, in which the user is replaced by the id.
    func key(of admission: Admission, user: String?, issuer: String?) -> String {
        guard let user, !admission.users.isEmpty, let id = id(of: user, issuer: issuer) else { return admission.key.text }
        var key = Array(admission.key.text.utf8)
        for range in admission.users.reversed() { key.replaceSubrange(range, with: id.utf8) }
        return String(decoding: key, as: UTF8.self)
    }

    /// Adds the user to a line, as `user` or as `userId`.
    func add(_ user: String, of issuer: String?, to record: inout AuditRecord) {
        if let id = id(of: user, issuer: issuer) { record.add("userId", id) } else { record.add("user", user) }
    }
}
