// SPDX-License-Identifier: Apache-2.0

import LocalFiles

/// What a container shows to get its credentials: the value of the `Authorization` header.
enum ContainerAuthorization {
    static let file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"

    /// Reads the file anew each time, since EKS renews it; nil where neither variable is set. The file goes first.
    static func value(_ context: ProviderContext) throws(CredentialError) -> String? {
        if let path = context.variable(file) {
            let bytes: [UInt8]
            do throws(FileReadError) { bytes = try context.readFile(LocalFile(path)) } catch {
                throw .unavailable("the file of \(file), \(path), cannot be used: \(error)")
            }
            return try checked(bytes, name: "the file of \(file), \(path),")
        }
        guard let value = context.variable(token) else { return nil }
        return try checked(Array(value.utf8), name: token)
    }

    private static func checked(_ bytes: [UInt8], name: String) throws(CredentialError) -> String {
        guard !bytes.isEmpty else { throw .unavailable("\(name) is empty") }
        guard !bytes.contains(0x0a), !bytes.contains(0x0d) else {
            throw .configuration("\(name) holds a line break, which no header can: write the bare token, without one at the end")
        }
        guard bytes.count <= 16_384, bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
            throw .configuration("\(name) is no token: it is too long, or holds a control or other than ASCII")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
