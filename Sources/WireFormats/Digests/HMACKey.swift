// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import Synchronization

/// A key for HMAC (RFC 2104), which many threads may use at the same time.
///
/// Setting a key in libcrypto costs as much as authenticating a short message, while restarting with the same key costs almost
/// nothing, so contexts with the key are reused. libcrypto wipes the key when a context is freed.
package final class HMACKey: Sendable {
    /// The digest, whose length is also that of a code.
    package let digest: DigestAlgorithm
    /// Only copied, never used itself, so that it can be copied at any time.
    private let template: Context
    private let idle = Mutex<[Context]>([])
    /// The maximum number of idle contexts.
    private static let idleLimit = 16

    /// Whether libcrypto has HMAC.
    package static var isAvailable: Bool { FetchedHMAC.shared.pointer != nil }

    /// Copies a key, which may be wiped afterwards. Returns nil if libcrypto refuses the digest or the key.
    package init?(_ digest: DigestAlgorithm, key: Span<UInt8>) {
        guard let template = Context(digest, key: key) else { return nil }
        self.digest = digest
        self.template = template
    }

    /// Computes the code of a message.
    /// - Parameter code: of the digest's length
    /// - Returns: false if libcrypto fails
    package func authenticate(_ message: UnsafeRawBufferPointer, into code: UnsafeMutableRawBufferPointer) -> Bool {
        guard let context = idle.withLock({ $0.popLast() }) ?? template.copy(),
            context.authenticate(message, into: code, count: digest.size)
        else { return false }
        idle.withLock { if $0.count < Self.idleLimit { $0.append(context) } }
        return true
    }

    /// Whether this is the code of a message, compared in constant time.
    package func isCode(_ code: [UInt8], of message: UnsafeRawBufferPointer) -> Bool {
        guard code.count == digest.size else { return false }
        return withUnsafeTemporaryAllocation(byteCount: digest.size, alignment: 1) { computed in
            guard authenticate(message, into: computed) else { return false }
            return code.withUnsafeBytes { CRYPTO_memcmp($0.baseAddress, computed.baseAddress, computed.count) == 0 }
        }
    }
}

/// A context of libcrypto with its key set, for one message at a time.
private final class Context: @unchecked Sendable {
    private let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_MAC_CTX_free(pointer)
    }

    convenience init?(_ digest: DigestAlgorithm, key: Span<UInt8>) {
        guard let algorithm = FetchedHMAC.shared.pointer, let pointer = EVP_MAC_CTX_new(algorithm) else { return nil }
        self.init(pointer)
        // Parameters point to their name and value, so both live until libcrypto has read them.
        let isKeySet = OSSL_MAC_PARAM_DIGEST.withCString { name in
            digest.rawValue.withCString { value in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(name, UnsafeMutablePointer(mutating: value), 0),
                    OSSL_PARAM_construct_end(),
                ]
                return key.withUnsafeBufferPointer { EVP_MAC_init(pointer, $0.baseAddress, $0.count, parameters) == 1 }
            }
        }
        guard isKeySet else { return nil }
    }

    /// Returns another context with the same key; nil if libcrypto fails. The original must not be in use.
    func copy() -> Context? {
        EVP_MAC_CTX_dup(pointer).map { Context($0) }
    }

    func authenticate(_ message: UnsafeRawBufferPointer, into code: UnsafeMutableRawBufferPointer, count: Int) -> Bool {
        var written = 0
        // A null key keeps the one that is set (EVP_MAC(3), "EVP_MAC_init").
        let isComputed =
            EVP_MAC_init(pointer, nil, 0, nil) == 1
            && EVP_MAC_update(pointer, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
            && EVP_MAC_final(pointer, code.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, code.count) == 1
        return isComputed && written == count
    }
}

/// The HMAC implementation of libcrypto's default context, fetched once: a fetch costs more than a signature.
private final class FetchedHMAC: @unchecked Sendable {
    static let shared = FetchedHMAC()

    /// Immutable; libcrypto counts references to it atomically. Nil if no provider has HMAC.
    let pointer: OpaquePointer?

    private init() {
        pointer = EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil)
    }

    deinit {
        EVP_MAC_free(pointer)
    }
}
