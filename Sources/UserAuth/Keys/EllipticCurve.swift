// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A curve of ECDSA keys (RFC 7518 section 6.2.1.1). Each belongs to exactly one algorithm (section 3.4).
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
