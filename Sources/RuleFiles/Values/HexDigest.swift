// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// SHA-256 in hex.
enum HexDigest {
    /// 64 hex digits of either case. The text is never repeated in a message: it may be the key itself.
    static func parse(_ text: String) throws(ValueError) -> [UInt8] {
        if text.utf8.starts(with: "pstn.".utf8) {
            throw ValueError(
                "this is an API key itself, not its hash",
                "make a new key (postern key new) and paste the sha256 it prints; this one must no longer be used"
            )
        }
        let digits = text.utf8.compactMap(\.hexDigitValue)
        guard text.utf8.count == 64, digits.count == 64 else {
            throw ValueError("sha256 is not 64 hex digits", "paste the sha256 that “postern key new” prints")
        }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
