// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The three parts of a JSON Web Signature in compact form (RFC 7515 section 7.1), decoded; nothing in it is verified.
struct CompactJWS {
    /// What is signed: the first two parts as they were sent, with the dot between them.
    let signingInput: ArraySlice<UInt8>
    let header: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Splits and decodes a token.
    init(parsing token: [UInt8]) throws(AuthenticationError) {
        let dot = UInt8(ascii: ".")
        guard
            let first = token.firstIndex(of: dot),
            let second = token[(first + 1)...].firstIndex(of: dot),
            let header = Base64URL.decode(token[..<first]),
            let payload = Base64URL.decode(token[(first + 1)..<second]),
            // A third dot is no character of base64url.
            let signature = Base64URL.decode(token[(second + 1)...])
        else { throw .tokenMalformed }
        self.signingInput = token[..<second]
        self.header = header
        self.payload = payload
        self.signature = signature
    }
}
