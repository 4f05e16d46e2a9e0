// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// Why key material makes no key set at all. The description is a sentence that says what to do; it holds nothing of a key.
package enum KeySetError: Error, Sendable, CustomStringConvertible {
    case tooLarge(maximum: Int)
    case noAlgorithms
    case symmetricAlgorithm(Algorithm)
    case asymmetricAlgorithm(Algorithm)
    case notJSON(JSONSyntaxError)
    case notAKeySet
    case tooManyKeys(maximum: Int)
    case duplicateKeyID(String)
    case noUsableKey(skipped: [SkippedKey])
    case notPEM
    case privateKey
    case publicKeyAsSecret
    case secretTooShort(minimum: Int)

    package var description: String {
        switch self {
        case .tooLarge(let maximum):
            "it is larger than \(maximum) bytes"
        case .noAlgorithms:
            "the issuer names no algorithm"
        case .symmetricAlgorithm(let algorithm):
            "\(algorithm.rawValue) needs a secretFile, and goes with no public key"
        case .asymmetricAlgorithm(let algorithm):
            "\(algorithm.rawValue) needs a public key: a secretFile serves only HS256, HS384 and HS512"
        case .notJSON(let error):
            "it is not JSON: \(error)"
        case .notAKeySet:
            "it is not a JSON Web Key Set: an object whose member \"keys\" is an array of keys (RFC 7517 section 5)"
        case .tooManyKeys(let maximum):
            "it has more than \(maximum) keys"
        case .duplicateKeyID(let id):
            "several keys have the kid \(JSONWriter.quoted(id).printable()): each needs its own"
        case .noUsableKey(let skipped):
            "it has no key that verifies the issuer's tokens" + skipped.map { "; \($0)" }.joined()
        case .notPEM:
            "it is not PEM: it needs -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE----- and the end of each block"
        case .privateKey:
            """
            it holds a private key, which Postern never needs: name a file with the public part alone, made by \
            `openssl pkey -in private.pem -pubout -out public.pem`
            """
        case .publicKeyAsSecret:
            "it holds public keys, which everybody may know: name it as pemFile or jwksFile, with RS256, ES256 or another of their algorithms"
        case .secretTooShort(let minimum):
            "the secret is shorter than the \(minimum) bytes that its algorithm needs: make one with `openssl rand -hex \(minimum)`"
        }
    }
}
