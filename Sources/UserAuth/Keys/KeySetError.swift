// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// Why key material cannot be a key set. The description says what to do, and contains no part of a key.
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
            "\(algorithm.rawValue) needs a secretFile: it cannot be used with public keys"
        case .asymmetricAlgorithm(let algorithm):
            "\(algorithm.rawValue) needs a public key: a secretFile is only for HS256, HS384 and HS512"
        case .notJSON(let error):
            "it is not JSON: \(error)"
        case .notAKeySet:
            "it is not a JSON Web Key Set: an object whose member \"keys\" is an array of keys (RFC 7517 section 5)"
        case .tooManyKeys(let maximum):
            "it has more than \(maximum) keys"
        case .duplicateKeyID(let id):
            "several keys have the kid \(JSONWriter.quoted(id).printable()): each needs a different one"
        case .noUsableKey(let skipped):
            "it has no key that can verify the issuer's tokens" + skipped.map { "; \($0)" }.joined()
        case .notPEM:
            "it is not PEM: it must have -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----, and the END line of each block"
        case .privateKey:
            """
            it has a private key, which Postern never needs: use a file with the public key only, made by \
            `openssl pkey -in private.pem -pubout -out public.pem`
            """
        case .publicKeyAsSecret:
            "it has public keys, which are not secret: use pemFile or jwksFile, with RS256, ES256 or another algorithm of public keys"
        case .secretTooShort(let minimum):
            "the secret is shorter than the \(minimum) bytes that its algorithm requires: make one with `openssl rand -hex \(minimum)`"
        }
    }
}

/// A key of a set or a file that cannot be used, and why. Contains no part of the key except its id.
package struct SkippedKey: Sendable, CustomStringConvertible {
    /// The key's position in the material, from 1.
    package let position: Int
    /// The key's id; nil if it has none.
    package let id: String?
    package let reason: Reason

    /// Whether nobody needs to be told: Keycloak's sets have a key for encryption beside those for signatures.
    package var isExpected: Bool { reason == .forEncryption }

    /// One line, with control characters of the id escaped.
    package var description: String {
        let name = id.map { " (kid \(JSONWriter.quoted($0).printable()))" } ?? ""
        return "key \(position)\(name): \(reason.rawValue)"
    }

    /// As ``description``, with the id in short printable ASCII, for keys that come from the network.
    var boundedDescription: String {
        let name = id.map { " (kid \"\($0.printableASCII())\")" } ?? ""
        return "key \(position)\(name): \(reason.rawValue)"
    }

    /// Why a key cannot be used.
    package enum Reason: String, Error, Sendable, CaseIterable {
        case notAnObject = "a key must be a JSON object"
        case typeUnsupported = "kty must be RSA, EC or OKP"
        case curveUnsupported = "crv must be P-256, P-384 or P-521 with kty EC, and Ed25519 with kty OKP"
        case malformed = "a member is missing or is not a string of strict base64url"
        case idMalformed = "kid must be a string of at most 128 bytes"
        case idMissing = "a key without kid cannot be one of several"
        case forEncryption = "it is for encryption, as use says"
        case notForSignatures = "use or key_ops does not allow it to verify signatures"
        case algorithmUnsupported = "alg is not a signature algorithm that Postern supports"
        case algorithmMismatch = "alg does not match the key's type or curve"
        case algorithmNotListed = "it is for none of the issuer's algorithms"
        case privateKey =
            "THE SET CONTAINS THE PRIVATE KEY: anyone who reads it can make tokens; replace the key and publish only its public part"
        case secret = "a symmetric key (kty oct) must not be in a key set: use a secretFile"
        case secretTooShort = "the secret is shorter than the hash of its algorithm (RFC 7518 section 3.2)"
        case rsaSize = "an RSA key must have 2048 to 8192 bits"
        case rsaExponent = "an RSA key's public exponent must be odd, at least 3 and at most 33 bits long"
        case rsaWeak = "the RSA key comes from a broken generator (ROCA, CVE-2017-15361) and can be factored"
        case weakPoint = "the Ed25519 key is a point of small order, under which signatures can be forged"
        case rejected = "the key is not valid: its point is not on the curve, or its encoding is broken"
        case certificateUnsupported =
            "only certificates of RSA, P-256, P-384 and P-521 keys are supported: use the PUBLIC KEY itself"
        case labelUnsupported = "only PUBLIC KEY and CERTIFICATE blocks are supported: convert the key with openssl ... -pubout"
    }
}
