// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A key of a set or a file that serves no token, and why. Holds nothing of the key but its id.
package struct SkippedKey: Sendable, CustomStringConvertible {
    /// The key's place in the material, counted from 1.
    package let position: Int
    /// The key's id, where it has one.
    package let id: String?
    package let reason: Reason

    /// One line for a log: control characters of the id are escaped.
    package var description: String {
        let name = id.map { " (kid \(JSONWriter.quoted($0).printable()))" } ?? ""
        return "key \(position)\(name): \(reason.rawValue)"
    }

    /// The same for a key of a provider: short and harmless to show.
    var shown: String {
        let name = id.map { " (kid \"\($0.printableASCII())\")" } ?? ""
        return "key \(position)\(name): \(reason.rawValue)"
    }

    /// Why a key serves no token.
    package enum Reason: String, Error, Sendable, CaseIterable {
        case notAnObject = "a key must be a JSON object"
        case typeUnsupported = "kty must be RSA, EC or OKP"
        case curveUnsupported = "crv must be P-256, P-384 or P-521 with kty EC, and Ed25519 with kty OKP"
        case malformed = "a member is missing or is not a string of strict base64url"
        case idMalformed = "kid must be a string of at most 128 bytes"
        case idMissing = "a key without kid cannot be chosen among several"
        case notForSignatures = "use or key_ops says that it does not verify signatures"
        case algorithmUnsupported = "alg is not a signature algorithm that Postern knows"
        case algorithmMismatch = "alg does not suit the key's type or curve"
        case algorithmNotListed = "it serves none of the issuer's algorithms"
        case privateKey =
            "THE PRIVATE KEY IS IN THE SET: whoever reads it can make tokens; replace the key and publish only its public part"
        case secret = "a symmetric key (kty oct) does not belong into a key set: name a secretFile"
        case secretTooShort = "the secret is shorter than the hash of its algorithm (RFC 7518 section 3.2)"
        case rsaSize = "an RSA key must have 2048 to 8192 bits"
        case rsaExponent = "an RSA key's public exponent must be odd, at least 3 and at most 33 bits long"
        case rsaWeak = "the RSA key comes from a broken generator (ROCA, CVE-2017-15361) and can be factored"
        case weakPoint = "the Ed25519 key is a point of small order, under which signatures can be forged"
        case rejected = "the key is not valid: its point is not on the curve, or its encoding is broken"
        case certificateUnsupported = "only certificates of RSA, P-256, P-384 and P-521 keys are read: name the PUBLIC KEY itself"
        case labelUnsupported = "only PUBLIC KEY and CERTIFICATE blocks are read: convert the key with openssl ... -pubout"
    }
}
