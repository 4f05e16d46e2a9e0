// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// SHA-256 in hex.
enum HexDigest {
    /// 64 hex digits of either case. The text is never repeated in a message: it may be the key itself.
    static func parse(_ text: String) throws(ValueError) -> [UInt8] {
        if text.utf8.starts(with: APIKey.prefix.utf8) {
            throw ValueError(
                "this is an API key itself, not its hash",
                "make a new key (postern key new) and paste the sha256 it prints; this one must no longer be used"
            )
        }
        guard let digest = Hexadecimal.decode(text), digest.count == DigestAlgorithm.sha256.size else {
            throw ValueError("sha256 is not 64 hex digits", "paste the sha256 that “postern key new” prints")
        }
        return digest
    }
}
