// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

/// Makes of what rule files declare what UserAuth verifies with: reads key files, keeps going, and lists all problems.
struct IssuerLoader {
    /// The most bytes of a key file.
    private static let limit = 256 * 1024

    private(set) var entries: [TrustedIssuers.Entry] = []
    /// Why the service cannot start with these keys.
    private(set) var problems: [String] = []
    /// Keys that were left out of a set, and secrets that accounts other than their owner may read.
    private(set) var warnings: [String] = []
    /// Those that are fetched, so that all who declare the same share one set and one fetch.
    private var remote: [RemoteIdentity: RemoteKeys] = [:]

    /// What makes two declarations the same. Algorithms may come in any order.
    private struct RemoteIdentity: Hashable {
        let issuer: ExactString
        let endpoint: KeyEndpoint
        let algorithms: Set<Algorithm>
        let authorities: String?
    }

    init(of book: RuleBook, service: ServiceConfiguration?) async {
        for file in book.files {
            for issuer in file.issuers {
                await add(issuer, of: "tenant \(file.tenant.id)", owner: file.tenant.id)
            }
        }
        for issuer in service?.issuers ?? [] {
            await add(issuer, of: "the service-wide file", owner: nil)
        }
    }

    private mutating func add(_ issuer: Issuer, of place: String, owner: String?) async {
        let subject = "\(place): keys of issuer \(issuer.identifier)"
        do {
            let remote = remoteKeys(of: issuer)
            let keys: IssuerKeys
            if let remote {
                keys = remote.keys
                if let path = issuer.keyAuthorities { _ = try Self.read(path) }
            } else {
                let set = try Self.keys(issuer.keySource, algorithms: issuer.algorithms)
                warnings += set.skipped.map { "\(subject): \($0)" }
                if case .secretFile(let path) = issuer.keySource, let warning = LocalFile(path).secrecyWarning {
                    warnings.append("\(subject): \(warning)")
                }
                keys = IssuerKeys(set)
            }
            let trusted = TrustedIssuer(issuer, owner: owner, keys: keys)
            entries.append(.init(trusted: trusted, source: issuer.keySource.word, tenant: owner, remote: remote))
        } catch {
            problems.append("\(subject): \(error)")
        }
    }

    /// What fetches the issuer's keys; nil where they are in a file.
    private mutating func remoteKeys(of issuer: Issuer) -> RemoteKeys? {
        guard case .remote(let endpoint) = issuer.keySource else { return nil }
        let identity = RemoteIdentity(
            issuer: ExactString(issuer.identifier), endpoint: endpoint, algorithms: Set(issuer.algorithms),
            authorities: issuer.keyAuthorities)
        if let known = remote[identity] { return known }
        let made = RemoteKeys(
            issuer: issuer.identifier,
            endpoint: endpoint,
            algorithms: issuer.algorithms,
            authorities: issuer.keyAuthorities,
            uptime: Uptime.now
        )
        remote[identity] = made
        return made
    }

    private static func keys(_ source: KeySource, algorithms: [Algorithm]) throws -> KeySet {
        switch source {
        case .jwksFile(let path): try KeySet(jwks: read(path), algorithms: algorithms)
        case .pemFile(let path): try KeySet(pem: read(path), algorithms: algorithms)
        case .secretFile(let path): try KeySet(secret: read(path), algorithms: algorithms)
        case .remote: throw SetupError(["these keys are in no file"])
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do throws(FileReadError) {
            return try LocalFile(path).contents(limit: limit)
        } catch {
            throw SetupError(["\(path): \(error)"])
        }
    }
}

extension KeySource {
    /// For operators: `jwks`, `discovery` or `file`.
    fileprivate var word: String {
        switch self {
        case .remote(.jwks): "jwks"
        case .remote(.discovery): "discovery"
        case .jwksFile, .pemFile, .secretFile: "file"
        }
    }
}
