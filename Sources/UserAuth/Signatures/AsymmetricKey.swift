// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A public or private key of libcrypto. Never modified after its creation, so threads may share it.
final class AsymmetricKey: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes ownership of a reference.
    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    // MARK: Keys from numbers

    /// Creates a public key; nil for a secret, or if the point is not on its curve. (libcrypto checks an Ed25519 point only
    /// when it verifies a signature.)
    convenience init?(_ material: KeyMaterial) {
        let made: OpaquePointer?
        switch material {
        case .rsa(let modulus, let exponent):
            made = KeyParameters().number("n", modulus).number("e", exponent).key("RSA", COPENSSL_PUBLIC_KEY)
        case .elliptic(let curve, let x, let y):
            // SEC 1 section 2.3.4: 4, then both coordinates in full length.
            made = KeyParameters().text("group", curve.rawValue).bytes("pub", [4] + x + y).key("EC", COPENSSL_PUBLIC_KEY)
        case .ed25519(let point):
            made = EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, point, point.count)
        case .secret:
            made = nil
        }
        defer { ERR_clear_error() }
        guard let made else { return nil }
        self.init(owning: made)
        if case .elliptic = material, !passesPublicCheck { return nil }
    }

    /// Creates an RSA key pair from its numbers, big-endian.
    convenience init?(modulus: [UInt8], publicExponent: [UInt8], privateExponent: [UInt8]) {
        let numbers = KeyParameters().number("n", modulus).number("e", publicExponent).number("d", privateExponent)
        guard let made = numbers.key("RSA", COPENSSL_KEY_PAIR) else { return nil }
        self.init(owning: made)
    }

    private var passesPublicCheck: Bool {
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_public_check(context) == 1
    }

    // MARK: New keys

    /// Generates a key pair; nil if libcrypto fails.
    static func generate(_ curve: EllipticCurve) -> AsymmetricKey? {
        generate("EC") { EVP_PKEY_CTX_set_group_name($0, curve.rawValue) == 1 }
    }

    /// Generates an Ed25519 key pair; nil if libcrypto fails.
    static func generateEd25519() -> AsymmetricKey? {
        generate("ED25519") { _ in true }
    }

    private static func generate(_ type: String, _ configure: (OpaquePointer) -> Bool) -> AsymmetricKey? {
        defer { ERR_clear_error() }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, configure(context), EVP_PKEY_generate(context, &key) == 1 else { return nil }
        return key.map { AsymmetricKey(owning: $0) }
    }

    // MARK: PEM

    /// What a PEM text contains.
    enum Contents {
        case publicKey
        /// PKCS #8, or the older formats of EC and RSA. Not encrypted.
        case privateKey
        /// A certificate, of which the public key is read.
        case certificate
    }

    /// Reads the first block with such contents; nil if there is none, or libcrypto does not support the key.
    convenience init?(pem: String, _ contents: Contents) {
        defer { ERR_clear_error() }
        let text = Array(pem.utf8)
        let made = text.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let file = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(file) }
            switch contents {
            case .publicKey: return PEM_read_bio_PUBKEY(file, nil, noPassphrase, nil)
            case .privateKey: return PEM_read_bio_PrivateKey(file, nil, noPassphrase, nil)
            case .certificate:
                guard let certificate = PEM_read_bio_X509(file, nil, noPassphrase, nil) else { return nil }
                defer { X509_free(certificate) }
                return X509_get_pubkey(certificate)
            }
        }
        guard let made else { return nil }
        self.init(owning: made)
    }

    /// The private key in PKCS #8, unencrypted.
    var privatePEM: String? {
        Self.pem { PEM_write_bio_PKCS8PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }

    /// The public key as a PUBLIC KEY block.
    var publicPEM: String? {
        Self.pem { PEM_write_bio_PUBKEY($0, pointer) }
    }

    private static func pem(_ write: (OpaquePointer) -> Int32) -> String? {
        defer { ERR_clear_error() }
        guard let file = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(file) }
        guard write(file) == 1 else { return nil }
        var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(file))
        guard BIO_read(file, &text, Int32(clamping: text.count)) == text.count else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Contents

    /// Returns the public key's numbers, after checking them.
    func material() throws(SkippedKey.Reason) -> KeyMaterial {
        defer { ERR_clear_error() }
        switch type {
        case .rsa:
            guard let modulus = number(OSSL_PKEY_PARAM_RSA_N), let exponent = number(OSSL_PKEY_PARAM_RSA_E) else {
                throw .rejected
            }
            return try .rsa(modulus: modulus, publicExponent: exponent)
        case .elliptic(let curve):
            let length = curve.coordinateLength
            guard let x = number(OSSL_PKEY_PARAM_EC_PUB_X, length: length),
                let y = number(OSSL_PKEY_PARAM_EC_PUB_Y, length: length)
            else { throw .rejected }
            return try .elliptic(curve: curve, x: x, y: y)
        case .ed25519:
            var point = [UInt8](repeating: 0, count: 32)
            var count = point.count
            guard EVP_PKEY_get_raw_public_key(pointer, &point, &count) == 1, count == point.count else { throw .rejected }
            return try .ed25519(point: point)
        case nil:
            throw .rejected
        }
    }

    /// A type of key that can sign tokens.
    enum KeyType: Equatable {
        case rsa
        case elliptic(EllipticCurve)
        case ed25519
    }

    /// The type; nil for other keys, including RSA keys for PSS only.
    var type: KeyType? {
        if EVP_PKEY_is_a(pointer, "RSA") == 1 { return .rsa }
        if EVP_PKEY_is_a(pointer, "ED25519") == 1 { return .ed25519 }
        guard EVP_PKEY_is_a(pointer, "EC") == 1 else { return nil }
        var name = [CChar](repeating: 0, count: 32)
        var count = 0
        guard EVP_PKEY_get_utf8_string_param(pointer, OSSL_PKEY_PARAM_GROUP_NAME, &name, name.count, &count) == 1 else {
            return nil
        }
        // libcrypto calls secp256r1 by its ANSI X9.62 name, prime256v1 (RFC 5480 section 2.1.1.1).
        switch String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) {
        case "prime256v1": return .elliptic(.p256)
        case "secp384r1": return .elliptic(.p384)
        case "secp521r1": return .elliptic(.p521)
        default: return nil
        }
    }

    /// The largest length of a signature that libcrypto writes, in bytes.
    var maximumSignatureLength: Int { Int(EVP_PKEY_get_size(pointer)) }

    /// Returns a number of the key, big-endian.
    /// - Parameter length: the length in bytes, with leading zeros; nil for the shortest.
    private func number(_ name: String, length: Int? = nil) -> [UInt8]? {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(pointer, name, &number) == 1, let number else { return nil }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: length ?? (Int(BN_num_bits(number)) + 7) / 8)
        guard BN_bn2binpad(number, &bytes, Int32(clamping: bytes.count)) == bytes.count else { return nil }
        return bytes
    }
}

/// A callback that provides no passphrase. Without a callback, libcrypto would ask for one on the terminal.
private func noPassphrase(_: UnsafeMutablePointer<CChar>?, _: CInt, _: CInt, _: UnsafeMutableRawPointer?) -> CInt { -1 }

/// Builds a key from parameters with libcrypto's names (EVP_PKEY-RSA(7), EVP_PKEY-EC(7)). It owns all values until the key is created,
/// because libcrypto stores only their addresses.
private final class KeyParameters {
    private let builder = OSSL_PARAM_BLD_new()
    private var numbers: [OpaquePointer] = []
    private var buffers: [UnsafeMutableRawBufferPointer] = []
    private var isComplete = true

    deinit {
        OSSL_PARAM_BLD_free(builder)
        numbers.forEach { BN_free($0) }
        buffers.forEach { $0.deallocate() }
    }

    /// Adds a number, big-endian.
    func number(_ name: StaticString, _ bytes: [UInt8]) -> KeyParameters {
        guard let number = BN_bin2bn(bytes, Int32(clamping: bytes.count), nil) else { return failed() }
        numbers.append(number)
        return OSSL_PARAM_BLD_push_BN(builder, name.characters, number) == 1 ? self : failed()
    }

    func text(_ name: StaticString, _ text: String) -> KeyParameters {
        let value = copy(text.utf8)?.assumingMemoryBound(to: CChar.self)
        return OSSL_PARAM_BLD_push_utf8_string(builder, name.characters, value, text.utf8.count) == 1 ? self : failed()
    }

    func bytes(_ name: StaticString, _ bytes: [UInt8]) -> KeyParameters {
        OSSL_PARAM_BLD_push_octet_string(builder, name.characters, copy(bytes), bytes.count) == 1 ? self : failed()
    }

    /// Creates the key, which the caller owns; nil if libcrypto refuses it.
    /// - Parameter selection: `COPENSSL_PUBLIC_KEY` or `COPENSSL_KEY_PAIR`.
    func key(_ type: String, _ selection: Int32) -> OpaquePointer? {
        guard isComplete, let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, selection, parameters) == 1 else {
            return nil
        }
        return key
    }

    private func failed() -> KeyParameters {
        isComplete = false
        return self
    }

    private func copy(_ bytes: some Collection<UInt8>) -> UnsafeMutableRawPointer? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
        buffer.copyBytes(from: bytes)
        buffers.append(buffer)
        return buffer.baseAddress
    }
}

extension StaticString {
    fileprivate var characters: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
