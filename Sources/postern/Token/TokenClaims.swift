// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The claims of a token to sign.
struct TokenClaims: Sendable {
    var issuer: String
    var audience: String
    /// The claim that names the user, and the user.
    var userClaim = "sub"
    var user: String
    var issuedAt: Date
    /// Seconds until `exp`.
    var lifetime: Int
    /// Further claims, each a string.
    var others: [(name: String, value: String)] = []

    /// The claims as JSON bytes.
    var json: [UInt8] {
        let now = Int(issuedAt.timeIntervalSince1970)
        return JSONWriter.object { json in
            json.member("iss", issuer)
            json.member("aud", audience)
            json.member(userClaim, user)
            json.member("iat", now)
            json.member("exp", now + lifetime)
            for (name, value) in others { json.member(name, value) }
        }
    }
}
