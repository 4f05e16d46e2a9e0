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
        var json = JSONWriter()
        let now = Int(issuedAt.timeIntervalSince1970)
        json.beginObject()
        json.key("iss")
        json.string(issuer)
        json.key("aud")
        json.string(audience)
        json.key(userClaim)
        json.string(user)
        json.key("iat")
        json.int(now)
        json.key("exp")
        json.int(now + lifetime)
        for (name, value) in others {
            json.key(name)
            json.string(value)
        }
        json.endObject()
        return json.finish()
    }
}
