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

/// The header of a token, read strictly. `jku`, `x5u`, `jwk` and `x5c` are ignored: keys come from the issuer alone
/// (RFC 8725 section 3.10).
struct TokenHeader {
    /// The deepest nesting of a header, and of the claims.
    static let maximumDepth = 16

    let algorithm: Algorithm
    /// nil where the token names no key.
    let keyID: String?

    /// Reads and checks a header, member by member in the order of ``Check``.
    init(parsing bytes: [UInt8]) throws(AuthenticationError) {
        guard case .object(let header)? = try? JSONValue(parsing: bytes, maximumDepth: Self.maximumDepth) else {
            throw .headerMalformed
        }
        // `none` is no algorithm, however it is spelled (RFC 8725 section 3.2).
        guard case .string(let name)? = header["alg"], let algorithm = Algorithm(named: name) else { throw .algorithmUnsupported }
        // RFC 7515 section 4.1.11: no extension is understood here, so none may be critical. RFC 7797 section 6 has b64 among
        // the critical ones; a b64 that is not declared so must not change what is signed, and is refused too.
        guard header["crit"] == nil else { throw .criticalExtension }
        guard header["b64"] == nil else { throw .unencodedPayload }
        if let type = header["typ"] {
            guard case .string(let name) = type, Self.isAllowed(type: name) else { throw .typeNotAllowed }
        }
        switch header["kid"] {
        case nil: keyID = nil
        case .string(let id) where id.utf8.count <= JSONWebKey.maximumIDLength: keyID = id
        default: throw .keyIDMalformed
        }
        self.algorithm = algorithm
    }

    /// Media types compare without regard to case and may leave out `application/` (RFC 7515 section 4.1.9); `at+jwt` is that
    /// of access tokens (RFC 9068 section 2.1).
    private static func isAllowed(type: String) -> Bool {
        var type = type.utf8.map(\.asciiLowercased)[...]
        let prefix = "application/".utf8
        if type.starts(with: prefix) { type = type.dropFirst(prefix.count) }
        return type.elementsEqual("jwt".utf8) || type.elementsEqual("at+jwt".utf8)
    }
}
