// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct KeySetJWKSTests {
    private static let rsaMembers = "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(RSATestKey.first.modulus)\""
    private static let all = Algorithm.allCases.filter { !$0.isSymmetric }

    private func set(_ keys: [String], _ algorithms: [Algorithm] = all) throws -> KeySet {
        try KeySet(jwks: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), algorithms: algorithms)
    }

    /// Reads a set of a good key and the given one, and tells why the given one was skipped.
    private func reason(of key: String) throws -> SkippedKey.Reason? {
        let set = try set([SigningKey.es256().jwk(kid: "good"), key])
        #expect(set.keyIDs == ["good"])
        #expect(set.skipped.map(\.position) == [2])
        return set.skipped.first?.reason
    }

    @Test func `a key of each asymmetric algorithm verifies only its own signatures`() throws {
        let keys = try SigningKey.asymmetric()
        let set = try set(keys.map { $0.jwk(kid: "kid-\($0.algorithm.rawValue)") })
        #expect(set.skipped.isEmpty)
        #expect(set.keyIDs.compactMap { $0 }.count == keys.count)
        for key in keys {
            for named in keys {
                let token = try key.token(
                    header: "{\"alg\":\"\(key.algorithm.rawValue)\",\"kid\":\"kid-\(named.algorithm.rawValue)\"}",
                    payload: "{}"
                )
                let payload = try? set.verify(Array(token.utf8), algorithms: Self.all)
                #expect((payload == Array("{}".utf8)) == (key.algorithm == named.algorithm))
            }
        }
    }

    @Test func `an RSA key without alg verifies each of the issuer's RSA algorithms`() throws {
        let set = try set(["{\(Self.rsaMembers),\"kid\":\"k1\"}"], [.rs256, .ps512, .es256])
        for algorithm: Algorithm in [.rs256, .ps512, .rs512] {
            let key = try SigningKey.rsa(.first, algorithm)
            let token = Array(try key.token(kid: "k1").utf8)
            let isAccepted = (try? set.verify(token, algorithms: Self.all)) != nil
            #expect(isAccepted == (algorithm != .rs512))
        }
    }

    @Test(arguments: skippedKeys)
    func `an unusable key is skipped with its reason, and the others are used`(key: String, reason: SkippedKey.Reason) throws {
        #expect(try self.reason(of: key) == reason)
    }

    private static let skippedKeys: [(String, SkippedKey.Reason)] = {
        let p256 = SigningKey.es256().publicMembers
        let ed25519 = SigningKey.ed25519().publicMembers
        let coordinate = String(repeating: "A", count: 43)
        return [
            ("5", .notAnObject),
            ("{}", .typeUnsupported),
            ("{\"kty\":\"rsa\",\"kid\":\"a\"}", .typeUnsupported),
            ("{\"kty\":\"AKP\",\"alg\":\"ML-DSA-65\",\"kid\":\"a\"}", .typeUnsupported),
            // U+212A is canonically equivalent to K.
            ("{\"kty\":\"O\\u212AP\",\"crv\":\"Ed25519\",\"x\":\"\(coordinate)\",\"kid\":\"a\"}", .typeUnsupported),
            ("{\"kty\":\"oct\",\"k\":\"\(coordinate)\",\"kid\":\"a\"}", .secret),
            ("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"\(coordinate)\",\"y\":\"\(coordinate)\"}", .curveUnsupported),
            ("{\"kty\":\"EC\",\"x\":\"\(coordinate)\",\"y\":\"\(coordinate)\"}", .curveUnsupported),
            ("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(coordinate)\"}", .malformed),
            ("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"\(coordinate)\",\"y\":\"\(coordinate)\"}", .malformed),
            ("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(coordinate)\",\"y\":\"\(coordinate)\",\"kid\":\"a\"}", .rejected),
            ("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"\(coordinate)\"}", .curveUnsupported),
            ("{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"\(coordinate)\"}", .curveUnsupported),
            ("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", .malformed),
            ("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(coordinate)\"}", .weakPoint),
            ("{\(p256),\"kid\":7}", .idMalformed),
            ("{\(p256),\"kid\":\"\(String(repeating: "k", count: 129))\"}", .idMalformed),
            ("{\(p256)}", .idMissing),
            ("{\(p256),\"kid\":\"a\",\"use\":\"enc\"}", .forEncryption),
            ("{\(p256),\"kid\":\"a\",\"use\":\"ENC\"}", .notForSignatures),
            ("{\(p256),\"kid\":\"a\",\"use\":null}", .notForSignatures),
            ("{\(p256),\"kid\":\"a\",\"key_ops\":[\"sign\"]}", .notForSignatures),
            ("{\(p256),\"kid\":\"a\",\"key_ops\":\"verify\"}", .notForSignatures),
            ("{\(p256),\"kid\":\"a\",\"use\":\"enc\",\"key_ops\":[\"verify\"]}", .forEncryption),
            ("{\(p256),\"kid\":\"a\",\"alg\":\"ES384\"}", .algorithmMismatch),
            ("{\(p256),\"kid\":\"a\",\"alg\":\"RS256\"}", .algorithmMismatch),
            ("{\(p256),\"kid\":\"a\",\"alg\":\"HS256\"}", .algorithmMismatch),
            ("{\(p256),\"kid\":\"a\",\"alg\":\"none\"}", .algorithmUnsupported),
            ("{\(p256),\"kid\":\"a\",\"alg\":\"ECDH-ES\"}", .algorithmUnsupported),
            ("{\(p256),\"kid\":\"a\",\"alg\":null}", .algorithmUnsupported),
            ("{\(ed25519),\"kid\":\"a\",\"d\":\"\(coordinate)\"}", .privateKey),
            ("{\(p256),\"kid\":\"a\",\"d\":\"\(coordinate)\"}", .privateKey),
            ("{\(rsaMembers),\"kid\":\"a\",\"p\":\"AQAB\"}", .privateKey),
            ("{\(rsaMembers),\"kid\":\"a\",\"q\":null}", .privateKey),
            ("{\(rsaMembers),\"kid\":\"a\",\"k\":\"AQAB\"}", .privateKey),
            ("{\(rsaMembers),\"kid\":\"a\",\"alg\":\"RSA-OAEP\"}", .algorithmUnsupported),
            ("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(RSATestKey.first.modulus)==\"}", .malformed),
            ("{\"kty\":\"RSA\",\"e\":\"AQAB\"}", .malformed),
            ("{\"kty\":\"RSA\",\"n\":\"\(RSATestKey.first.modulus)\",\"e\":\"AQ\"}", .rsaExponent),
            ("{\"kty\":\"RSA\",\"n\":\"\(RSATestKey.first.modulus)\",\"e\":\"AAAC\"}", .rsaExponent),
            ("{\"kty\":\"RSA\",\"n\":\"\(RSATestKey.first.modulus)\",\"e\":\"\"}", .rsaExponent),
            ("{\"kty\":\"RSA\",\"n\":\"\(RSATestKey.first.modulus)\",\"e\":\"AgAAAAE\"}", .rsaExponent),
            ("{\"kty\":\"RSA\",\"n\":\"\(RSATestKey.first.modulus)\",\"e\":\"AQAAAAAB\"}", .rsaExponent),
            ("{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", .malformed),
            ("{\"kty\":\"RSA\",\"n\":\"\(evenNumber)\",\"e\":\"AQAB\"}", .rejected),
            ("{\"kty\":\"RSA\",\"n\":\"\(oddNumber(bits: 2047))\",\"e\":\"AQAB\"}", .rsaSize),
            ("{\"kty\":\"RSA\",\"n\":\"\(oddNumber(bits: 8193))\",\"e\":\"AQAB\"}", .rsaSize),
        ]
    }()

    private static let evenNumber = Base64URL.encode([UInt8](repeating: 0xFE, count: 256))

    private static func oddNumber(bits: Int) -> String {
        var bytes = [UInt8](repeating: 0xFF, count: (bits + 7) / 8)
        bytes[0] = UInt8(0xFF >> (bytes.count * 8 - bits))
        return Base64URL.encode(bytes)
    }

    @Test(arguments: [2048, 3072, 4096, 8192])
    func `RSA moduli of 2048 to 8192 bits are accepted, with leading zeros too`(bits: Int) throws {
        let number = Base64URL.decode(Self.oddNumber(bits: bits)) ?? []
        for bytes in [number, [0] + number] {
            let key = "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(Base64URL.encode(bytes))\",\"kid\":\"k1\"}"
            #expect(try set([key]).skipped.isEmpty)
        }
    }

    @Test func `an RSA modulus with the ROCA weakness is skipped, in key sets and in PEM`() throws {
        let block = try #require(try PEMBlock.blocks(in: Array(PEMTestFile.brokenGenerator.utf8)).first)
        #expect(throws: SkippedKey.Reason.rsaWeak) { try block.material() }
        // 65537 to the power of 129 has 2065 bits.
        for modulus in [BigNumber.power(of: 65537, 129).bytes, BigNumber.power(of: 65537, 200).bytes] {
            #expect(KeyMaterial.hasROCAFingerprint(modulus))
            let key = "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(Base64URL.encode(modulus))\",\"kid\":\"a\"}"
            #expect(try reason(of: key) == .rsaWeak)
        }
    }

    @Test func `an RSA modulus that misses the ROCA pattern for one small prime is accepted`() throws {
        let marked = BigNumber.power(of: 65537, 129)
        for prime in Self.smallPrimes {
            // Adding a multiple of all the others changes nothing but the remainder by this prime.
            let others = Self.smallPrimes.filter { $0 != prime }.reduce(BigNumber(2)) { $0.times($1) }
            let powers = Set((0..<prime).map { BigNumber.power(of: 65537, $0).remainder(by: prime) })
            for factor in 1..<min(prime, 12) {
                let modulus = marked.plus(others.times(factor))
                #expect(KeyMaterial.hasROCAFingerprint(modulus.bytes) == powers.contains(modulus.remainder(by: prime)))
            }
        }
        for modulus in [RSATestKey.first.modulus, RSATestKey.second.modulus] {
            #expect(!KeyMaterial.hasROCAFingerprint(Base64URL.decode(modulus) ?? []))
        }
    }

    private static let smallPrimes = (3...167).filter { number in (2..<number).allSatisfy { number % $0 != 0 } }

    @Test(arguments: [Algorithm.eddsa, .ed25519], [Algorithm.eddsa, .ed25519])
    func `EdDSA and Ed25519 are two names of one algorithm`(ofKey: Algorithm, listed: Algorithm) throws {
        let key = SigningKey.made(ofKey)
        let set = try set([key.jwk(kid: "a")], [listed])
        #expect(set.keyIDs == ["a"] && set.skipped.isEmpty)
        let token = try key.token(header: "{\"alg\":\"\(listed.rawValue)\",\"kid\":\"a\"}", payload: "{}")
        #expect(try set.verify(Array(token.utf8), algorithms: [listed]) == Array("{}".utf8))
    }

    @Test func `a key of an algorithm that the issuer does not list is skipped`() throws {
        let set = try set([SigningKey.es256().jwk(kid: "a"), SigningKey.es384().jwk(kid: "b")], [.es384])
        #expect(set.keyIDs == ["b"])
        #expect(set.skipped.map(\.reason) == [.algorithmNotListed])
    }

    @Test(arguments: [false, true])
    func `all Ed25519 points of small order are refused, with either sign`(sign: Bool) throws {
        let texts = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ]
        for text in texts {
            var bytes = stride(from: 0, to: 64, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
            if sign { bytes[31] |= 0x80 }
            let key = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(Base64URL.encode(bytes))\",\"kid\":\"a\"}"
            #expect(try reason(of: key) == .weakPoint)
        }
    }

    @Test func `a set with two equal kids, compared by bytes, is refused`() throws {
        #expect(throws: KeySetError.self) {
            try set([SigningKey.es256().jwk(kid: "a"), SigningKey.es384().jwk(kid: "a")])
        }
        #expect(throws: KeySetError.self, "even where one of the two could not serve") {
            try set([SigningKey.es256().jwk(kid: "a"), SigningKey.es256().jwk(kid: "a", further: ",\"use\":\"enc\"")])
        }
        let equivalent = try set([SigningKey.es256().jwk(kid: "é"), SigningKey.es256().jwk(kid: "e\u{301}")])
        #expect(equivalent.keyIDs.count == 2)
    }

    @Test func `a kid is compared by bytes`() throws {
        let (composed, decomposed) = (SigningKey.es256(), SigningKey.es256())
        let set = try set([composed.jwk(kid: "é"), decomposed.jwk(kid: "e\u{301}")])
        #expect((try? set.verify(Array(composed.token(kid: "é").utf8), algorithms: Self.all)) != nil)
        #expect((try? set.verify(Array(decomposed.token(kid: "e\u{301}").utf8), algorithms: Self.all)) != nil)
        #expect((try? set.verify(Array(composed.token(kid: "e\u{301}").utf8), algorithms: Self.all)) == nil)
    }

    @Test(arguments: refusedTexts)
    func `an invalid key set is refused with advice`(text: String, words: String) throws {
        let error = #expect(throws: KeySetError.self) {
            try KeySet(jwks: Array(text.utf8), algorithms: [.es256])
        }
        #expect(error?.description.contains(words) == true)
    }

    private static let refusedTexts: [(String, String)] = [
        ("", "not JSON"),
        ("{\"keys\":[],\"keys\":[]}", "appears twice"),
        (String(repeating: "[", count: 1000), "nested more than"),
        ("[]", "not a JSON Web Key Set"),
        ("{\"keys\":{}}", "not a JSON Web Key Set"),
        ("{\"keys\":[]}", "no key"),
        ("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "secretFile"),
        ("{\"keys\":[" + Array(repeating: "{}", count: 65).joined(separator: ",") + "]}", "more than 64"),
        ("{\"keys\":[]}" + String(repeating: " ", count: 256 * 1024), "larger than 262144"),
        ("{\"keys\":[\(SigningKey.es256().jwk(further: ",\"d\":\"AA\""))]}", "PRIVATE KEY"),
    ]

    @Test(arguments: [[Algorithm.hs256], [.es256, .hs512], []])
    func `symmetric algorithms are refused with a public key, alone or beside others`(algorithms: [Algorithm]) {
        #expect(throws: KeySetError.self) { try set([SigningKey.es256().jwk()], algorithms) }
    }

    @Test func `two sets of the same keys in any order have the same identity`() throws {
        let (a, b) = (SigningKey.es256(), SigningKey.es384())
        let first = try set([a.jwk(kid: "a"), b.jwk(kid: "b")])
        #expect(try set([b.jwk(kid: "b"), a.jwk(kid: "a")]).fingerprint == first.fingerprint)
        #expect(try set([a.jwk(kid: "a", further: ",\"x5t\":\"AA\""), b.jwk(kid: "b")]).fingerprint == first.fingerprint)
        #expect(try set([a.jwk(kid: "b"), b.jwk(kid: "a")]).fingerprint != first.fingerprint)
        #expect(try set([a.jwk(kid: "a")]).fingerprint != first.fingerprint)
        #expect(try set([a.jwk(kid: "a"), SigningKey.es384().jwk(kid: "b")]).fingerprint != first.fingerprint)
        let rsa = "{\(Self.rsaMembers),\"kid\":\"r\"}"
        #expect(try set([rsa], [.rs256]).fingerprint != (try set([rsa], [.rs256, .ps256])).fingerprint)
    }

    @Test func `the log line of a skipped key escapes its id`() {
        let key = SkippedKey(position: 2, id: "a\r\nb\u{0}", reason: .notForSignatures)
        #expect(key.description == "key 2 (kid \"a\\r\\nb\\u0000\"): use or key_ops does not allow it to verify signatures")
    }

    @Test func `a thumbprint is that of RFC 7638 section 3.1`() throws {
        let modulus = """
            0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst\
            n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO\
            pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw
            """
        let number = try #require(Base64URL.decode(modulus))
        let material = try KeyMaterial.rsa(modulus: number, publicExponent: [1, 0, 1])
        #expect(Base64URL.encode(material.thumbprint) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }
}

/// A natural number of any size, in bytes with the least first.
private struct BigNumber {
    private var digits: [Int]

    init(_ number: Int) {
        digits = []
        var rest = number
        while rest > 0 {
            digits.append(rest & 0xFF)
            rest >>= 8
        }
    }

    static func power(of base: Int, _ exponent: Int) -> BigNumber {
        (0..<exponent).reduce(BigNumber(1)) { power, _ in power.times(base) }
    }

    /// Big-endian, as a modulus is written.
    var bytes: [UInt8] { digits.reversed().map { UInt8($0) } }

    func times(_ factor: Int) -> BigNumber {
        var result = self
        result.digits = digits.map { $0 * factor }
        result.carry()
        return result
    }

    func plus(_ other: BigNumber) -> BigNumber {
        var result = self
        for (index, digit) in other.digits.enumerated() {
            if index < result.digits.count { result.digits[index] += digit } else { result.digits.append(digit) }
        }
        result.carry()
        return result
    }

    func remainder(by divisor: Int) -> Int {
        digits.reversed().reduce(0) { ($0 << 8 | $1) % divisor }
    }

    private mutating func carry() {
        var carried = 0
        for index in digits.indices {
            let sum = digits[index] + carried
            digits[index] = sum & 0xFF
            carried = sum >> 8
        }
        while carried > 0 {
            digits.append(carried & 0xFF)
            carried >>= 8
        }
    }
}
