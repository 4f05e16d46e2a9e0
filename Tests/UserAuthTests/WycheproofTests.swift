// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import UserAuth

/// Every key is read as Postern reads an issuer's: public keys as a key set with all asymmetric algorithms, symmetric ones as a
/// secret file with all of HMAC's. So a token may try each algorithm, and only its key stands against it.
@Suite(.enabled(if: WycheproofFile.isPresent, WycheproofFile.absence))
struct WycheproofTests {
    /// Cases called invalid that cannot be refused: byte for byte they are the valid case 357. The wrong
    /// padding that their comments speak of is not in the file.
    private static let indistinguishable: Set<Int> = [367, 370]

    /// Cases called valid that Postern refuses.
    private static let strict: [Int: String] = [
        346: "the key's alg is PS256, the token's PS384 (RFC 7517 section 4.4: the key is for that algorithm)",
        350: "as 346",
        347: "the key's alg is ES521, which is no algorithm (RFC 7518 section 3.1); JWK case 19 wants such a key refused",
        351: "as 347",
        372: "a '?' in the header's base64url (RFC 4648 section 3.3); cases 361, 363, 366 and 371 want just that refused",
        373: "as 372, in the payload",
    ]

    private static let publicAlgorithms = Algorithm.allCases.filter { !$0.isSymmetric }
    private static let secretAlgorithms = Algorithm.allCases.filter(\.isSymmetric)

    @Test func `JSON web signatures: invalid ones are refused, valid and supported ones accepted`() throws {
        let cases = try WycheproofFile("json_web_signature_test.json").cases
        #expect(cases.count == 401)
        #expect(cases.count { !$0.isValid } == 355)
        let valid357 = cases.first { $0.id == 357 }
        for test in cases {
            let isAccepted = Self.accepts(test.jws, keys: [test.key])
            if Self.indistinguishable.contains(test.id) {
                #expect(test.jws == valid357?.jws && test.key == valid357?.key && isAccepted, "case \(test.id)")
            } else if Self.strict[test.id] != nil {
                #expect(test.isValid && !isAccepted, "case \(test.id)")
            } else {
                #expect(isAccepted == test.isValid, "case \(test.id)")
            }
        }
    }

    @Test func `JSON web keys: invalid ones are refused, valid ones accepted`() throws {
        let cases = try WycheproofFile("json_web_key_test.json").cases
        #expect(cases.count == 26)
        #expect(cases.count { !$0.isValid } == 21)
        for test in cases {
            let isAccepted = Self.accepts(test.jws, keys: try #require(test.key["keys"]?.elements))
            #expect(isAccepted == test.isValid, "case \(test.id)")
        }
    }

    /// Whether either way to read the keys accepts the signature.
    private static func accepts(_ jws: String, keys: [JSONValue]) -> Bool {
        let set = Array("{\"keys\":[".utf8) + keys.map(\.written).joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
        let publicKeys = try? KeySet(jwks: set, algorithms: publicAlgorithms)
        let secrets = try? KeySet(secret: set, algorithms: secretAlgorithms)
        return (try? publicKeys?.verify(Array(jws.utf8), algorithms: publicAlgorithms)) != nil
            || (try? secrets?.verify(Array(jws.utf8), algorithms: secretAlgorithms)) != nil
    }
}
