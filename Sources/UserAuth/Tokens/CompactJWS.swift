// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The three parts of a JSON Web Signature in compact form (RFC 7515 section 7.1), decoded and not verified.
struct CompactJWS {
    /// The bytes that are signed: the first two parts as sent, with the dot between them.
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
            // Decoding fails at a third dot.
            let signature = Base64URL.decode(token[(second + 1)...])
        else { throw .tokenMalformed }
        self.signingInput = token[..<second]
        self.header = header
        self.payload = payload
        self.signature = signature
    }
}

extension CompactJWS: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A token is a credential, so no part of it is printed.
    var description: String { "CompactJWS(…)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// The header of a token (RFC 7515 section 4.1). `jku`, `x5u`, `jwk` and `x5c` are ignored: only the issuer's own keys are used
/// (RFC 8725 section 3.10).
struct TokenHeader {
    /// The deepest nesting of a header, and of the claims.
    static let maximumDepth = 16

    let algorithm: Algorithm
    /// nil if the token names no key.
    let keyID: String?

    /// Reads a header and checks its members, in the order of ``AuthenticationCheck``.
    init(parsing bytes: [UInt8]) throws(AuthenticationError) {
        guard case .object(let header)? = try? JSONValue(parsing: bytes, maximumDepth: Self.maximumDepth) else {
            throw .headerMalformed
        }
        // `none` is not an Algorithm, in any spelling (RFC 8725 section 3.2).
        guard case .string(let name)? = header["alg"], let algorithm = Algorithm(named: name) else { throw .algorithmUnsupported }
        // RFC 7515 section 4.1.11: a critical extension must be understood, and none is supported. RFC 7797 section 6 requires
        // b64 to be critical; if it is not, it must not change what is signed, so it is refused too.
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

    /// Whether `typ` is JWT or that of access tokens, `at+jwt` (RFC 9068 section 2.1). Media types are compared without regard to
    /// case, and the prefix `application/` is optional (RFC 7515 section 4.1.9).
    private static func isAllowed(type: String) -> Bool {
        var type = type.utf8.map(\.asciiLowercased)[...]
        let prefix = "application/".utf8
        if type.starts(with: prefix) { type = type.dropFirst(prefix.count) }
        return type.elementsEqual("jwt".utf8) || type.elementsEqual("at+jwt".utf8)
    }
}
