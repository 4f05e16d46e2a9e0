// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
internal import WireFormats

/// A message authentication code of up to 32 bytes, without an allocation.
struct MessageCode: Sendable {
    var bytes = SIMD32<UInt8>()
    let count: Int

    /// As SigV4 writes it.
    var hexadecimal: String {
        withSpan { Hexadecimal.encode($0) }
    }

    /// As SigV2 writes it.
    var base64: String {
        withSpan { Base64.encode($0) }
    }

    /// Hands out the code's bytes for the time of a call.
    func withSpan<Result>(_ use: (Span<UInt8>) -> Result) -> Result {
        withUnsafeBytes(of: bytes) {
            use(UnsafeBufferPointer(rebasing: $0.bindMemory(to: UInt8.self).prefix(count)).span)
        }
    }

    /// Overwrites the code, for those that serve as keys.
    mutating func wipe() {
        withUnsafeMutableBytes(of: &bytes) { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}

extension HMACKey {
    /// The code of a message, for digests of at most 256 bits; nil where libcrypto fails.
    func messageCode(of message: Span<UInt8>) -> MessageCode? {
        var code = MessageCode(count: digest.size)
        let isComputed = withUnsafeMutableBytes(of: &code.bytes) { output in
            message.withUnsafeBytes { authenticate($0, into: output) }
        }
        return isComputed ? code : nil
    }
}
