// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// One HMAC context of libcrypto with its key set, which is started anew for each message.
///
/// Setting the key costs as much as signing a short message, starting anew nearly nothing. libcrypto wipes the key when the
/// context is freed. A context holds the state of the message it works on, so only one task may use it at a time:
/// ``SigningKey`` hands each out to one signer and takes it back.
final class KeyedMAC: @unchecked Sendable {
    /// The digests that signing needs, under libcrypto's names.
    enum Digest: String {
        case sha256 = "SHA256"
        case sha1 = "SHA1"

        /// How many bytes a code has.
        var size: Int {
            switch self {
            case .sha256: 32
            case .sha1: 20
            }
        }
    }

    private let context: OpaquePointer
    private let size: Int

    private init(context: OpaquePointer, size: Int) {
        self.context = context
        self.size = size
    }

    deinit {
        EVP_MAC_CTX_free(context)
    }

    /// Sets a key, which may be wiped afterwards. Nil where libcrypto refuses the digest or the key.
    convenience init?(_ digest: Digest, key: Span<UInt8>) {
        guard let algorithm = MACAlgorithm.hmac.pointer, let context = EVP_MAC_CTX_new(algorithm) else { return nil }
        self.init(context: context, size: digest.size)
        // Parameters point to their name and value, so both live until libcrypto has read them.
        let isKeySet = OSSL_MAC_PARAM_DIGEST.withCString { name in
            digest.rawValue.withCString { value in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(name, UnsafeMutablePointer(mutating: value), 0),
                    OSSL_PARAM_construct_end(),
                ]
                return key.withUnsafeBufferPointer { EVP_MAC_init(context, $0.baseAddress, $0.count, parameters) == 1 }
            }
        }
        guard isKeySet else { return nil }
    }

    /// Another context with the same key; nil where libcrypto fails. The original must not be at work.
    func copy() -> KeyedMAC? {
        EVP_MAC_CTX_dup(context).map { KeyedMAC(context: $0, size: size) }
    }

    /// Computes the code of a message; nil where libcrypto fails.
    func authenticate(_ message: Span<UInt8>) -> MessageCode? {
        var code = MessageCode(count: size)
        var written = 0
        let isComputed = withUnsafeMutableBytes(of: &code.bytes) { output in
            // A null key keeps the one that is set (EVP_MAC(3), "EVP_MAC_init").
            EVP_MAC_init(context, nil, 0, nil) == 1
                && message.withUnsafeBufferPointer { EVP_MAC_update(context, $0.baseAddress, $0.count) == 1 }
                && EVP_MAC_final(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, output.count) == 1
        }
        return isComputed && written == size ? code : nil
    }
}

/// The HMAC implementation of libcrypto's default context, fetched once: a fetch costs more than a signature.
private final class MACAlgorithm: @unchecked Sendable {
    static let hmac = MACAlgorithm()

    /// Never changed after the start; libcrypto counts references to it atomically. Nil where no provider has HMAC.
    let pointer: OpaquePointer?

    private init() {
        pointer = EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil)
    }

    deinit {
        EVP_MAC_free(pointer)
    }
}
