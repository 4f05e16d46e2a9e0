// SPDX-License-Identifier: Apache-2.0

/// Why no token could be signed.
enum TokenSigningError: Error, CustomStringConvertible {
    case unreadable(path: String)
    case keyUnusable(algorithm: String?)
    case secretTooShort(Int, algorithm: String, minimum: Int)

    var description: String {
        switch self {
        case .unreadable(let path):
            "\(path): this file cannot be read"
        case .keyUnusable(let algorithm?):
            "the key cannot sign \(algorithm): give a PEM private key (or --secret-file for HS256) that fits --alg"
        case .keyUnusable(nil):
            "the key is not an unencrypted PEM private key of RSA (2048 bits or more), EC P-256, P-384, P-521 or Ed25519"
        case .secretTooShort(let count, let algorithm, let minimum):
            "the secret has \(count) bytes: a secret for \(algorithm) needs \(minimum) or more"
        }
    }
}
