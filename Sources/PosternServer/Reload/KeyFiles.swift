// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files with keys and certificate authorities that issuers name. Each is read when it is first asked for, and again when it has
/// changed; the last good keys stay in use while a file cannot be used.
final class KeyFiles {
    /// The largest file, in bytes.
    private static let maximumBytes = 256 * 1024

    /// One file may be read as different keys: an algorithm decides which of a set are used.
    private struct Use: Hashable {
        let source: KeySource
        let algorithms: [Algorithm]
    }

    private let files: RuleFileSystem
    private var now: Date
    private var keys: [Use: WatchedValue<KeySet>] = [:]
    /// Files of authorities, by path. Each fetch reads them: only whether they can be read is checked.
    private var authorities: [String: WatchedValue<Bool>] = [:]
    private var askedFor: (keys: Set<Use>, authorities: Set<String>) = ([], [])

    /// - Parameter now: the time, of the same clock as the file system's
    init(_ files: RuleFileSystem = .local, at now: Date) {
        self.files = files
        self.now = now
    }

    /// Looks at every file that was asked for.
    func look(everything: Bool, at now: Date) -> Look {
        self.now = now
        var found: Look = []
        for use in Array(keys.keys) {
            found.formUnion(keys[use]?.look(everything: everything, at: now, files) ?? [])
        }
        for path in Array(authorities.keys) {
            found.formUnion(authorities[path]?.look(everything: everything, at: now, files) ?? [])
        }
        return found
    }

    /// Returns the keys in a file, with the digest of the file.
    /// - Parameter source: one in a file
    /// - Throws: why there are none
    func keys(_ source: KeySource, algorithms: [Algorithm]) throws(SetupError) -> (set: KeySet, digest: SHA256Digest) {
        guard let path = source.path else { throw SetupError(["these keys are in no file"]) }
        let use = Use(source: source, algorithms: algorithms)
        askedFor.keys.insert(use)
        let known =
            keys[use]
            ?? WatchedValue([path], limit: Self.maximumBytes, at: now, files) { contents, _, _ throws(SetupError) in
                do throws(KeySetError) {
                    return try source.keySet(contents[0], algorithms: algorithms)
                } catch {
                    throw SetupError(["\(path): \(error)"])
                }
            }
        keys[use] = known
        guard let inUse = known.inUse else { throw known.problem ?? SetupError(["\(path): it has not been read"]) }
        return (inUse.value, inUse.digests[0])
    }

    /// - Throws: why a file of certificate authorities cannot be read
    func checkAuthorities(_ path: String) throws(SetupError) {
        askedFor.authorities.insert(path)
        let known = authorities[path] ?? WatchedValue([path], limit: Self.maximumBytes, at: now, files) { _, _, _ in true }
        authorities[path] = known
        if known.inUse == nil, let problem = known.problem { throw problem }
    }

    /// The problems of issuers whose key files or certificate authorities cannot be used.
    /// - Parameter problem: makes a problem of an issuer, by its index
    func problems(
        of issuers: [Issuer], _ problem: (_ index: Int, _ message: String, _ advice: String) -> Diagnostic
    ) -> [Diagnostic] {
        issuers.indices.compactMap { index in
            let issuer = issuers[index]
            do throws(SetupError) {
                if let path = issuer.keyAuthorities { try checkAuthorities(path) }
                if issuer.keySource.path != nil { _ = try keys(issuer.keySource, algorithms: issuer.algorithms) }
                return nil
            } catch {
                return problem(index, "keys of issuer \(issuer.identifier): \(error)", "check the path and what is in the file")
            }
        }
    }

    /// Forgets the files that were not asked for since the last call.
    func forgetUnused() {
        keys = keys.filter { askedFor.keys.contains($0.key) }
        authorities = authorities.filter { askedFor.authorities.contains($0.key) }
        askedFor = ([], [])
    }

    /// The files whose latest content is not in use, while keys of an earlier one are; each once, sorted.
    var heldBack: [HeldBackFile] {
        let found =
            keys.values.compactMap { HeldBackFile($0, advice: "put keys into it that can be used; the last ones stay in use") }
            + authorities.values.compactMap { HeldBackFile($0, advice: "check its path and permissions") }
        let byPath = Dictionary(found.map { ($0.file, $0) }) { first, _ in first }
        return byPath.values.sorted { $0.file.bytesPrecede($1.file) }
    }
}

extension KeySource {
    /// The file of the keys; nil if they are fetched.
    var path: String? {
        switch self {
        case .remote: nil
        case .jwksFile(let path), .pemFile(let path), .secretFile(let path): path
        }
    }

    fileprivate func keySet(_ bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) -> KeySet {
        switch self {
        case .pemFile: try KeySet(pem: bytes, algorithms: algorithms)
        case .secretFile: try KeySet(secret: bytes, algorithms: algorithms)
        case .jwksFile, .remote: try KeySet(jwks: bytes, algorithms: algorithms)
        }
    }
}
