// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A signature algorithm that an issuer's tokens may use (RFC 7518 section 3.1, RFC 8037, RFC 9864). `none` is not one.
package enum Algorithm: String, Sendable, Hashable, CaseIterable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case eddsa = "EdDSA"
    /// The name for EdDSA with Ed25519 that RFC 9864 introduces and prefers.
    case ed25519 = "Ed25519"

    /// Returns the algorithm with this name, compared byte for byte (RFC 7515 section 4.1.1).
    package init?(named name: String) {
        // init(rawValue:) would compare as Unicode text.
        guard let match = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
        self = match
    }

    /// The names of all algorithms in the order in which messages list them, those with public keys first.
    package static let names = (allCases.filter { !$0.isSymmetric } + allCases.filter(\.isSymmetric)).map(\.rawValue)

    /// Whether both names mean the same: `EdDSA` with an Ed25519 key is `Ed25519` (RFC 9864 section 4.1.2).
    func isEquivalent(to other: Algorithm) -> Bool {
        let ed25519: Set<Algorithm> = [.eddsa, .ed25519]
        return self == other || (ed25519.contains(self) && ed25519.contains(other))
    }

    /// Whether the algorithm is an HMAC, where one secret both signs and verifies.
    package var isSymmetric: Bool {
        switch self {
        case .hs256, .hs384, .hs512: true
        default: false
        }
    }

    /// The shortest secret for an HMAC, in bytes: the size of its hash (RFC 7518 section 3.2). Nil for other algorithms.
    package var minimumSecretLength: Int? {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        default: nil
        }
    }
}

/// A curve of ECDSA keys (RFC 7518 section 6.2.1.1). Each has exactly one algorithm (section 3.4).
enum EllipticCurve: String, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    init?(named name: String) {
        guard let match = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
        self = match
    }

    /// The length of a coordinate and of each half of a signature, in bytes.
    var coordinateLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    var algorithm: Algorithm {
        switch self {
        case .p256: .es256
        case .p384: .es384
        case .p521: .es512
        }
    }
}
