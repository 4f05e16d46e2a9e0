// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

/// A digest algorithm and what it makes of "abc" (RFC 1321, appendix A.5; FIPS 180-4's examples).
private let abc: [(DigestAlgorithm, String)] = [
    (.md5, "900150983cd24fb0d6963f7d28e17f72"),
    (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        .sha384,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    ),
    (
        .sha512,
        """
        ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\
        454d4423643ce80e2a9ac94fa54ca49f
        """
    ),
]

struct DigestTests {
    @Test(arguments: abc)
    func `a digest is that of the standard's example`(_ algorithm: DigestAlgorithm, _ expected: String) {
        let digest = algorithm.hash("abc".utf8)
        #expect(hex(digest) == expected)
        #expect(digest.count == algorithm.size)
        // A collection that is not contiguous.
        #expect(algorithm.hash("cba".utf8.reversed()) == digest)
        #expect(algorithm.hash([]) != digest)
    }

    @Test(arguments: abc)
    func `a digest needs an output of its length`(_ algorithm: DigestAlgorithm, _ expected: String) {
        var bytes = [UInt8](repeating: 7, count: algorithm.size - 1)
        let isComputed = bytes.withUnsafeMutableBytes { output in
            Array("abc".utf8).withUnsafeBytes { algorithm.hash($0, into: output) }
        }
        #expect(!isComputed && bytes.allSatisfy { $0 == 7 })
    }

    @Test(arguments: abc, [1, 2, 63, 64, 1000])
    func `an incremental digest is that of all pieces`(_ algorithm: (DigestAlgorithm, String), _ length: Int) {
        let bytes = (0..<2500).map { UInt8(truncatingIfNeeded: $0 * 31) }
        var running = IncrementalDigest(algorithm.0)
        for start in stride(from: 0, to: bytes.count, by: length) {
            bytes[start..<min(start + length, bytes.count)].withUnsafeBytes { running.update($0) }
        }
        #expect(running.finish() == algorithm.0.hash(bytes))
    }
}

struct HMACKeyTests {
    private func code(_ digest: DigestAlgorithm, _ key: [UInt8], _ message: [UInt8]) throws -> [UInt8] {
        let made = HMACKey(digest, key: key.span)
        let key = try #require(made)
        var code = [UInt8](repeating: 0, count: digest.size)
        let isComputed = code.withUnsafeMutableBytes { output in message.withUnsafeBytes { key.authenticate($0, into: output) } }
        try #require(isComputed)
        return code
    }

    /// RFC 4231, test cases 1, 2 and 6; RFC 2202, test case 2 for SHA-1.
    @Test func `codes are those of the standards' examples`() throws {
        let data = Array("what do ya want for nothing?".utf8)
        #expect(try hex(code(.sha1, Array("Jefe".utf8), data)) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        #expect(
            try hex(code(.sha256, Array("Jefe".utf8), data))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            try hex(code(.sha384, Array("Jefe".utf8), data))
                == "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649")
        #expect(
            try hex(code(.sha256, [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            try hex(
                code(
                    .sha256, [UInt8](repeating: 0xaa, count: 131),
                    Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func `a code is equal only if every bit is`() throws {
        let message = Array("message".utf8)
        let secret = [UInt8](repeating: 1, count: 64)
        let made = HMACKey(.sha512, key: secret.span)
        let key = try #require(made)
        let right = try code(.sha512, secret, message)
        func isCode(_ code: [UInt8]) -> Bool { message.withUnsafeBytes { key.isCode(code, of: $0) } }
        #expect(isCode(right))
        for bit in 0..<512 {
            var wrong = right
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!isCode(wrong))
        }
        #expect(!isCode([]) && !isCode(Array(right.dropLast())) && !isCode(right + [0]))
    }

    @Test func `several threads may use a key at once`() async throws {
        let secret = [UInt8](repeating: 9, count: 32)
        let made = HMACKey(.sha256, key: secret.span)
        let key = try #require(made)
        let expected = try (0..<8).map { try code(.sha256, secret, [UInt8](repeating: $0, count: 500)) }
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let message = [UInt8](repeating: UInt8(number), count: 500)
                    return (0..<500).allSatisfy { _ in message.withUnsafeBytes { key.isCode(expected[number], of: $0) } }
                }
            }
            for await areRight in group { #expect(areRight) }
        }
    }
}
