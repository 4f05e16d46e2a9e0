// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import Synchronization
internal import WireFormats

/// A key that is ready to sign. It is shared by all tasks that sign with it.
final class SigningKey: Sendable {
    /// The value of `X-Amz-Credential` for this key: `<access key id>/<day>/<region>/s3/aws4_request`. Empty for SigV2.
    let credential: String
    private let key: HMACKey

    private init(key: HMACKey, credential: String) {
        self.key = key
        self.credential = credential
    }

    /// Derives the SigV4 key for one day, one region and S3; nil if libcrypto fails.
    static func v4(_ credentials: SigningCredentials, day: String, region: String) -> SigningKey? {
        guard var code = v4Code(secret: credentials.secretAccessKey, day: day, region: region) else { return nil }
        defer { code.wipe() }
        let credential = "\(credentials.accessKeyID)/\(day)/\(region)/\(CredentialScope.service)/\(CredentialScope.terminator)"
        return code.withSpan { HMACKey(.sha256, key: $0) }.map { SigningKey(key: $0, credential: credential) }
    }

    /// Makes the SigV2 key, which is the secret itself; nil if libcrypto fails.
    static func v2(_ credentials: SigningCredentials) -> SigningKey? {
        withWipedBytes(of: "", credentials.secretAccessKey) { HMACKey(.sha1, key: $0) }
            .map { SigningKey(key: $0, credential: "") }
    }

    /// Returns the authentication code of a message under this key; nil if libcrypto fails.
    func authenticate(_ message: Span<UInt8>) -> AuthenticationCode? {
        key.authenticationCode(of: message)
    }
}

extension SigningKey {
    /// Derives the raw SigV4 key ("Create a signed AWS API request", "Calculate the signature"): the HMACs of day, region,
    /// service and terminator, each keyed with the previous one, the first with `AWS4` + secret. The caller must wipe the
    /// result.
    static func v4Code(
        secret: String, day: String, region: String, service: String = CredentialScope.service
    ) -> AuthenticationCode? {
        guard var code = withWipedBytes(of: "AWS4", secret, { authenticate(day, under: $0) }) else { return nil }
        for part in [region, service, CredentialScope.terminator] {
            let next = code.withSpan { authenticate(part, under: $0) }
            code.wipe()
            guard let next else { return nil }
            code = next
        }
        return code
    }

    private static func authenticate(_ part: String, under key: Span<UInt8>) -> AuthenticationCode? {
        HMACKey(.sha256, key: key)?.authenticationCode(of: Array(part.utf8).span)
    }

    /// Copies a prefix and a secret into bytes that are wiped after the call. (The `String` itself cannot be wiped.)
    private static func withWipedBytes<Result>(
        of prefix: String, _ secret: String, _ use: (Span<UInt8>) -> Result?
    ) -> Result? {
        // Allocated at its full size, since growing would leave copies in memory.
        var bytes = [UInt8](repeating: 0, count: prefix.utf8.count + secret.utf8.count)
        for (index, byte) in prefix.utf8.enumerated() { bytes[index] = byte }
        for (index, byte) in secret.utf8.enumerated() { bytes[prefix.utf8.count + index] = byte }
        defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        return use(bytes.span)
    }
}

/// A message authentication code of up to 32 bytes, stored inline.
struct AuthenticationCode: Sendable {
    fileprivate var bytes = SIMD32<UInt8>()
    fileprivate let count: Int

    /// The code as SigV4 writes it.
    var hexadecimal: String {
        withSpan { Hexadecimal.encode($0) }
    }

    /// The code as SigV2 writes it.
    var base64: String {
        withSpan { Base64.encode($0) }
    }

    /// Calls a closure with the code's bytes.
    func withSpan<Result>(_ use: (Span<UInt8>) -> Result) -> Result {
        withUnsafeBytes(of: bytes) {
            use(UnsafeBufferPointer(rebasing: $0.bindMemory(to: UInt8.self).prefix(count)).span)
        }
    }

    /// Overwrites a code that served as a key.
    mutating func wipe() {
        withUnsafeMutableBytes(of: &bytes) { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}

extension HMACKey {
    /// Returns the authentication code of a message, for digests of at most 256 bits; nil if libcrypto fails.
    func authenticationCode(of message: Span<UInt8>) -> AuthenticationCode? {
        var code = AuthenticationCode(count: digest.size)
        let isComputed = withUnsafeMutableBytes(of: &code.bytes) { output in
            message.withUnsafeBytes { authenticate($0, into: output) }
        }
        return isComputed ? code : nil
    }
}

/// A bounded cache of signing keys. It evicts the least recently used key first.
///
/// A key is looked up by everything that it was derived from, so a new day, or a new secret for the same access key id, never
/// yields an outdated key.
final class SigningKeyCache: Sendable {
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many keys are kept, at least one.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// What a key is derived from.
    struct Identity: Sendable {
        let accessKeyID: String
        let secretAccessKey: String
        let scope: Scope
    }

    /// What a key can sign for.
    enum Scope: Sendable {
        /// One day, counted from 1970-01-01, and one region.
        case v4(dayNumber: Int, region: String)
        case v2
    }

    private struct State {
        var entries: [Identity: Entry] = [:]
        /// Counts the uses, to determine which key was used least recently.
        var uses: UInt64 = 0
    }

    private struct Entry {
        let key: SigningKey
        var lastUse: UInt64
    }

    /// How many keys are kept now.
    var count: Int { state.withLock { $0.entries.count } }

    /// Returns the key of an identity, and derives it if it is not cached. Nil if it cannot be derived.
    func key<Failure>(
        _ identity: Identity, derive: () throws(Failure) -> SigningKey?
    ) throws(Failure) -> SigningKey? {
        let kept = state.withLock { state -> SigningKey? in
            state.uses += 1
            let use = state.uses
            return state.entries.updateIfPresent(identity) { $0.lastUse = use }?.key
        }
        // Derived outside of the lock: two tasks that miss at once both derive the key, and other tasks do not wait for them.
        if let kept { return kept }
        guard let key = try derive() else { return nil }
        insert(key, identity)
        return key
    }

    private func insert(_ key: SigningKey, _ identity: Identity) {
        state.withLock { state in
            // Keys of past days are not used again, except yesterday's: by a request that began before midnight.
            state.entries = state.entries.filter { !$0.key.isStale(comparedTo: identity) }
            while state.entries.count >= capacity, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[oldest.key] = nil
            }
            state.uses += 1
            state.entries[identity] = Entry(key: key, lastUse: state.uses)
        }
    }
}

extension SigningKeyCache.Identity: Hashable {
    static func == (left: Self, right: Self) -> Bool {
        left.accessKeyID.hasSameBytes(as: right.accessKeyID) && left.secretAccessKey.hasSameBytes(as: right.secretAccessKey)
            && left.scope == right.scope
    }

    func hash(into hasher: inout Hasher) {
        // Enough to distribute the hashes: an id rarely has several regions, and never has two secrets for long.
        hasher.combine(accessKeyID)
        if case .v4(let dayNumber, _) = scope { hasher.combine(dayNumber) }
    }

    /// Whether both are SigV4 keys of days that are neither equal nor adjacent.
    fileprivate func isStale(comparedTo other: Self) -> Bool {
        guard case .v4(let day, _) = scope, case .v4(let otherDay, _) = other.scope else { return false }
        return abs(otherDay - day) > 1
    }
}

extension SigningKeyCache.Scope: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.v4(let leftDay, let leftRegion), .v4(let rightDay, let rightRegion)):
            leftDay == rightDay && leftRegion.hasSameBytes(as: rightRegion)
        case (.v2, .v2): true
        default: false
        }
    }
}

extension Dictionary {
    /// Changes the value of a key and returns it; nil if the key is not in the dictionary.
    fileprivate mutating func updateIfPresent(_ key: Key, _ change: (inout Value) -> Void) -> Value? {
        guard let index = index(forKey: key) else { return nil }
        change(&values[index])
        return values[index]
    }
}

extension SigningKeyCache.Identity: CustomStringConvertible, CustomReflectable {
    /// Only the last four characters of the access key id, as in `SigningCredentials`.
    var description: String { "Identity(…\(accessKeyID.suffix(4)))" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
