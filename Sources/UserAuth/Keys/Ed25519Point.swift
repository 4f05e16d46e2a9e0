// SPDX-License-Identifier: Apache-2.0

/// Public keys of Ed25519 under which anybody can sign: libcrypto verifies with them, so they are refused here.
enum Ed25519Point {
    /// The y coordinates of the points of order 1, 2, 4 and 8, little-endian, with their second encodings (y + p where that fits
    /// into 255 bits). The top bit of an encoding is the sign of x and does not count.
    private static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
        [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xed] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xee] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    ]

    /// Whether an encoded point of 32 bytes has a small order.
    static func hasSmallOrder(_ point: [UInt8]) -> Bool {
        guard let last = point.last else { return true }
        let y = point.dropLast() + [last & 0x7F]
        return smallOrder.contains { $0.elementsEqual(y) }
    }
}
