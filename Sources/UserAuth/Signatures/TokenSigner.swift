// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import WireFormats

/// Signs JSON Web Signatures (RFC 7515) with a private key or a secret.
package final class TokenSigner: Sendable {
    private enum Key: Sendable {
        case asymmetric(AsymmetricKey)
        case secret(HMACKey)
    }

    package let algorithm: Algorithm
    private let key: Key
    /// The public key; nil for a secret.
    let publicMaterial: KeyMaterial?

    private init(_ algorithm: Algorithm, _ key: Key, publicMaterial: KeyMaterial?) {
        self.algorithm = algorithm
        self.key = key
        self.publicMaterial = publicMaterial
    }

    /// Creates a signer; nil if the key does not match the algorithm, or Postern would not accept the key.
    /// - Parameter algorithm: nil for the key's own, which for RSA is RS256.
    convenience init?(_ key: AsymmetricKey, algorithm: Algorithm?) {
        guard let material = try? key.material() else { return nil }
        let own: Algorithm =
            switch material {
            case .elliptic(let curve, _, _): curve.algorithm
            case .ed25519: .eddsa
            case .rsa, .secret: .rs256
            }
        let algorithm = algorithm ?? own
        guard material.suits(algorithm) else { return nil }
        self.init(algorithm, .asymmetric(key), publicMaterial: material)
    }

    /// Reads a private key; nil if the text is not one, is encrypted, or does not match the algorithm.
    /// - Parameters:
    ///   - pem: an RSA, EC P-256, P-384, P-521 or Ed25519 key, as PKCS #8 or in the older formats of RSA and EC.
    ///   - algorithm: nil for the key's own, which for RSA is RS256.
    package convenience init?(pem: String, algorithm: Algorithm?) {
        guard let key = AsymmetricKey(pem: pem, .privateKey) else { return nil }
        self.init(key, algorithm: algorithm)
    }

    /// Creates a signer with a secret; nil if it is shorter than the algorithm's hash, or the algorithm is not an HMAC.
    package convenience init?(secret: [UInt8], algorithm: Algorithm) {
        guard let minimum = algorithm.minimumSecretLength, secret.count >= minimum, let digest = algorithm.digest,
            let key = HMACKey(digest, key: secret.span)
        else { return nil }
        self.init(algorithm, .secret(key), publicMaterial: nil)
    }

    /// Generates a key pair for ES256, ES384, ES512, EdDSA or Ed25519; nil for other algorithms.
    package static func generate(_ algorithm: Algorithm) -> TokenSigner? {
        let key =
            switch algorithm {
            case .es256: AsymmetricKey.generate(.p256)
            case .es384: AsymmetricKey.generate(.p384)
            case .es512: AsymmetricKey.generate(.p521)
            case .eddsa, .ed25519: AsymmetricKey.generateEd25519()
            default: nil as AsymmetricKey?
            }
        return key.flatMap { TokenSigner($0, algorithm: algorithm) }
    }

    /// The private key in PKCS #8, unencrypted; nil for a secret.
    package var privatePEM: String? {
        if case .asymmetric(let key) = key { key.privatePEM } else { nil }
    }

    /// The public key as a PUBLIC KEY block; nil for a secret.
    package var publicPEM: String? {
        if case .asymmetric(let key) = key { key.publicPEM } else { nil }
    }

    /// Signs a payload; nil if libcrypto fails.
    /// - Parameters:
    ///   - payload: JSON.
    ///   - keyID: the value of `kid`; nil for none.
    /// - Returns: the signature in compact form.
    package func token(payload: [UInt8], type: String = "JWT", keyID: String?) -> String? {
        let header = JSONWriter.object { json in
            json.member("alg", algorithm.rawValue)
            json.member("typ", type)
            if let keyID { json.member("kid", keyID) }
        }
        let input = Base64URL.encode(header) + "." + Base64URL.encode(payload)
        return signature(of: Array(input.utf8)).map { input + "." + Base64URL.encode($0) }
    }

    /// Signs a message; nil if libcrypto fails.
    /// - Returns: the signature in the format of JWS (RFC 7518 section 3).
    func signature(of message: [UInt8]) -> [UInt8]? {
        defer { ERR_clear_error() }
        switch key {
        case .secret(let key):
            var code = [UInt8](repeating: 0, count: key.digest.size)
            let isComputed = code.withUnsafeMutableBytes { code in message.withUnsafeBytes { key.authenticate($0, into: code) } }
            return isComputed ? code : nil
        case .asymmetric(let key):
            guard let signature = algorithm.digest.map({ sign(message, $0, key) }) ?? signEd25519(message, key) else {
                return nil
            }
            guard case .elliptic(let curve, _, _)? = publicMaterial else { return signature }
            return ECDSASignature(der: signature)?.concatenated(halfLength: curve.coordinateLength)
        }
    }

    private func sign(_ message: [UInt8], _ digest: DigestAlgorithm, _ key: AsymmetricKey) -> [UInt8]? {
        let hash = digest.hash(message)
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: key.maximumSignatureLength)
        var count = signature.count
        guard EVP_PKEY_sign_init(context) == 1, algorithm.configure(context, digest),
            EVP_PKEY_sign(context, &signature, &count, hash, hash.count) == 1
        else { return nil }
        return Array(signature.prefix(count))
    }

    private func signEd25519(_ message: [UInt8], _ key: AsymmetricKey) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { return nil }
        return Array(signature.prefix(count))
    }
}
