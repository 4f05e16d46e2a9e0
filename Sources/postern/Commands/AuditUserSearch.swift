// SPDX-License-Identifier: Apache-2.0

import PosternServer
import UserAuth
import WireFormats

/// Finds the user whom an audit log with `auditUsers: hash` calls by an id, among users that are given.
struct AuditUserSearch {
    /// The most that is read of a list of users, in bytes.
    static let limit = 64 << 20

    let users: AuditUsers
    /// Every `iss` that the rules name, or the one that is given: of one with a placeholder, users have others.
    let issuers: [String]

    /// Whether a text is an id: 32 hexadecimal digits.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "abcdefABCDEF".utf8.contains($0) }
    }

    /// - Parameter names: users, one a line
    /// - Returns: the user and the user's issuer, which is nil for a user whom an API key names and whose issuer is not known; nil if no
    ///   user of these issuers has the id
    func user(with id: String, among names: some Sequence<Substring>) -> (name: String, issuer: String?)? {
        let id = id.lowercased()
        for name in names {
            let name = String(name)
            for issuer in issuers.map(Optional.some) + [nil] where users.id(of: name, issuer: issuer) == id {
                return (name, issuer)
            }
        }
        return nil
    }
}
