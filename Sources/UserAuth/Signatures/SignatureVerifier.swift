// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization
import WireFormats

/// Verifies signatures of one algorithm with one key (RFC 7518 section 3), on any number of threads at a time.
///
/// The algorithm is fixed before a token is read (RFC 8725 section 3.1).
final class SignatureVerifier: Sendable {
    private enum Scheme: Sendable {
        case hmac(HMACKey)
        case rsa(VerificationContexts, DigestAlgorithm)
        /// `halfLength` is the length of each of the two numbers of a signature, in bytes.
        case ecdsa(VerificationContexts, DigestAlgorithm, halfLength: Int)
        case ed25519(AsymmetricKey)
    }

    private let scheme: Scheme
    /// In bytes: RFC 7518 sections 3.2 to 3.5, RFC 8032 section 5.1.7.
    private let signatureLength: Int

    /// Creates a verifier; nil if libcrypto refuses the key.
    /// - Parameters:
    ///   - key: the material's key, which several algorithms may share; nil for a secret.
    ///   - algorithm: one that suits the material.
    init?(_ material: KeyMaterial, _ key: AsymmetricKey?, _ algorithm: Algorithm) {
        signatureLength = material.signatureLength(for: algorithm)
        if case .secret(let secret) = material {
            guard let digest = algorithm.digest, let key = HMACKey(digest, key: secret.span) else { return nil }
            scheme = .hmac(key)
            return
        }
        guard let key else { return nil }
        guard let digest = algorithm.digest else {
            scheme = .ed25519(key)
            return
        }
        guard let contexts = VerificationContexts(key, algorithm, digest) else { return nil }
        if case .elliptic(let curve, _, _) = material {
            scheme = .ecdsa(contexts, digest, halfLength: curve.coordinateLength)
        } else {
            scheme = .rsa(contexts, digest)
        }
    }

    /// Returns whether this is a signature of the message.
    func verify(_ signature: [UInt8], of message: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == signatureLength else { return false }
        let isValid =
            switch scheme {
            case .hmac(let key): key.isCode(signature, of: message)
            case .rsa(let contexts, let digest): contexts.verify(signature, of: message, digest)
            case .ecdsa(let contexts, let digest, let halfLength):
                ECDSASignature(concatenated: signature, halfLength: halfLength).map {
                    contexts.verify($0.der, of: message, digest)
                }
                    ?? false
            case .ed25519(let key): Self.verifyEd25519(signature, of: message, key)
            }
        if !isValid { ERR_clear_error() }
        return isValid
    }

    private static func verifyEd25519(_ signature: [UInt8], of message: UnsafeRawBufferPointer, _ key: AsymmetricKey) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1
            && EVP_DigestVerify(
                context, signature, signature.count, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
    }
}

/// libcrypto's contexts for one key. Creating one takes microseconds, so idle ones are kept; each is used by one thread at a time.
///
/// `HMACKey` of WireFormats has the same pool for another kind of context. A generic one would have to be in WireFormats, where
/// this target's use of it is not specialised without `@inlinable`, so each signature would pay for dynamic calls.
private final class VerificationContexts: Sendable {
    private final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init(_ pointer: OpaquePointer) {
            self.pointer = pointer
        }

        deinit {
            EVP_PKEY_CTX_free(pointer)
        }
    }

    /// Only copied, never used itself.
    private let template: Context
    private let idle = Mutex<[Context]>([])
    /// The largest number of idle contexts.
    private static let idleLimit = 16

    init?(_ key: AsymmetricKey, _ algorithm: Algorithm, _ digest: DigestAlgorithm) {
        guard let pointer = EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else { return nil }
        template = Context(pointer)
        guard EVP_PKEY_verify_init(pointer) == 1, algorithm.configure(pointer, digest) else { return nil }
    }

    func verify(_ signature: [UInt8], of message: UnsafeRawBufferPointer, _ digest: DigestAlgorithm) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: digest.size, alignment: 1) { hash in
            guard digest.hash(message, into: hash),
                let context = idle.withLock({ $0.popLast() }) ?? EVP_PKEY_CTX_dup(template.pointer).map({ Context($0) })
            else { return false }
            let isValid =
                EVP_PKEY_verify(
                    context.pointer, signature, signature.count, hash.baseAddress?.assumingMemoryBound(to: UInt8.self), hash.count
                ) == 1
            idle.withLock { if $0.count < Self.idleLimit { $0.append(context) } }
            return isValid
        }
    }
}

extension Algorithm {
    /// The digest of the message that is signed; nil for Ed25519, which signs the message itself.
    var digest: DigestAlgorithm? {
        switch self {
        case .hs256, .rs256, .ps256, .es256: .sha256
        case .hs384, .rs384, .ps384, .es384: .sha384
        case .hs512, .rs512, .ps512, .es512: .sha512
        case .eddsa, .ed25519: nil
        }
    }

    /// Sets the digest and the padding of a context that signs or verifies with an RSA or EC key.
    func configure(_ context: OpaquePointer, _ digest: DigestAlgorithm) -> Bool {
        guard EVP_PKEY_CTX_set_signature_md(context, digest.implementation) == 1 else { return false }
        switch self {
        case .rs256, .rs384, .rs512:
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        case .ps256, .ps384, .ps512:
            // RFC 7518 section 3.5: MGF1 with the same digest, and a salt of the digest's length.
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest.implementation) == 1
        default:
            return true
        }
    }
}

/// An ECDSA signature. JWS concatenates its two numbers, each of a fixed length (RFC 7518 section 3.4); libcrypto uses DER (RFC 3279
/// section 2.2.3).
final class ECDSASignature {
    private let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        ECDSA_SIG_free(pointer)
    }

    /// - Parameters:
    ///   - bytes: r and s, each big-endian.
    ///   - halfLength: the length of each, in bytes.
    convenience init?(concatenated bytes: [UInt8], halfLength: Int) {
        guard bytes.count == 2 * halfLength, let pointer = ECDSA_SIG_new() else { return nil }
        self.init(pointer)
        let (r, s) = bytes.withUnsafeBufferPointer { bytes in
            (
                BN_bin2bn(bytes.baseAddress, Int32(halfLength), nil),
                BN_bin2bn(bytes.baseAddress.map { $0 + halfLength }, Int32(halfLength), nil)
            )
        }
        guard ECDSA_SIG_set0(pointer, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
    }

    convenience init?(der: [UInt8]) {
        let pointer = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_ECDSA_SIG(nil, &start, bytes.count)
        }
        guard let pointer else { return nil }
        self.init(pointer)
    }

    var der: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, Int(i2d_ECDSA_SIG(pointer, nil))))
        bytes.withUnsafeMutableBufferPointer { bytes in
            var start = bytes.baseAddress
            _ = i2d_ECDSA_SIG(pointer, &start)
        }
        return bytes
    }

    /// Returns r and s, each in `halfLength` bytes; nil if one is longer.
    func concatenated(halfLength: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 2 * halfLength)
        let length = Int32(clamping: halfLength)
        let isWritten = bytes.withUnsafeMutableBufferPointer { bytes in
            BN_bn2binpad(ECDSA_SIG_get0_r(pointer), bytes.baseAddress, length) == length
                && BN_bn2binpad(ECDSA_SIG_get0_s(pointer), bytes.baseAddress.map { $0 + halfLength }, length) == length
        }
        return isWritten ? bytes : nil
    }
}
