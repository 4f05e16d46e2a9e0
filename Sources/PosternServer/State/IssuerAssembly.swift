// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import TenantRules
import UserAuth

/// Makes of what rule files declare what UserAuth verifies with: reads key files, keeps going, and lists all problems.
struct IssuerAssembly {
    /// The most bytes of a key file.
    private static let limit = 256 * 1024

    private(set) var entries: [TrustedIssuers.Entry] = []
    /// Why the service cannot start with these keys.
    private(set) var problems: [String] = []
    /// Keys that were left out of a set, and secrets that accounts other than their owner may read.
    private(set) var warnings: [String] = []
    /// Those that are fetched, so that all who declare the same share one set and one fetch.
    private var remote: [RemoteIdentity: RemoteKeys] = [:]

    /// What makes two declarations the same. Issuers by their bytes, algorithms in any order.
    private struct RemoteIdentity: Hashable {
        let issuer: [UInt8]
        let endpoint: KeyEndpoint
        let algorithms: Set<Algorithm>
        let authorities: String?
    }

    init(of book: RuleBook, service: ServiceConfiguration?) async {
        for tenant in book.tenants {
            for declaration in tenant.issuers {
                await add(declaration, tenant: .fixed(tenant.id), of: "tenant \(tenant.id)", owner: tenant.id)
            }
        }
        for declaration in service?.issuers ?? [] {
            await add(declaration, tenant: .claim(declaration.tenantClaim ?? "tenant"), of: "the service-wide file", owner: nil)
        }
    }

    private mutating func add(_ declaration: IssuerDeclaration, tenant: TenantBinding, of place: String, owner: String?) async {
        let subject = "\(place): keys of issuer \(declaration.issuer)"
        do {
            let algorithms = try declaration.algorithms.map { name in
                guard let algorithm = Algorithm(named: name) else { throw SetupProblems(["the algorithm \(name) is not served"]) }
                return algorithm
            }
            let remote = remoteKeys(declaration, algorithms: algorithms)
            let keys: IssuerKeys
            if let remote {
                keys = remote.keys
                if let path = declaration.keyAuthorities { _ = try Self.read(path) }
            } else {
                let set = try await Self.keys(declaration.keys, algorithms: algorithms)
                warnings += set.skipped.map { "\(subject): \($0)" }
                if case .secretFile(let path) = declaration.keys, let warning = LocalFile(path).secrecyWarning {
                    warnings.append("\(subject): \(warning)")
                }
                keys = IssuerKeys(set)
            }
            let issuer = Issuer(
                issuer: declaration.issuer,
                audiences: declaration.audience,
                algorithms: algorithms,
                keys: keys,
                userClaim: declaration.userClaim,
                tenant: tenant,
                maximumLifetime: declaration.maxLifetime
            )
            entries.append(.init(issuer: issuer, source: declaration.keys.word, tenant: owner, remote: remote))
        } catch {
            problems.append("\(subject): \(error)")
        }
    }

    /// What fetches the issuer's keys; nil where they are in a file.
    private mutating func remoteKeys(_ declaration: IssuerDeclaration, algorithms: [Algorithm]) -> RemoteKeys? {
        guard let endpoint = declaration.keys.endpoint else { return nil }
        let identity = RemoteIdentity(
            issuer: Array(declaration.issuer.utf8), endpoint: endpoint, algorithms: Set(algorithms),
            authorities: declaration.keyAuthorities)
        if let known = remote[identity] { return known }
        let made = RemoteKeys(
            issuer: declaration.issuer,
            endpoint: endpoint,
            algorithms: algorithms,
            authorities: declaration.keyAuthorities,
            uptime: Uptime.now
        )
        remote[identity] = made
        return made
    }

    private static func keys(_ source: KeySource, algorithms: [Algorithm]) async throws -> KeySet {
        switch source {
        case .jwksFile(let path): try KeySet.jwks(read(path), algorithms: algorithms)
        case .pemFile(let path): try KeySet.pem(read(path), algorithms: algorithms)
        case .secretFile(let path): try KeySet.secret(read(path), algorithms: algorithms)
        case .jwksURL, .discovery: throw SetupProblems(["these keys are in no file"])
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do throws(FileReadError) {
            return try LocalFile(path).contents(limit: limit)
        } catch {
            throw SetupProblems(["\(path): \(error)"])
        }
    }
}

extension KeySource {
    /// For operators: `jwks`, `discovery` or `file`.
    fileprivate var word: String {
        switch self {
        case .jwksURL: "jwks"
        case .discovery: "discovery"
        case .jwksFile, .pemFile, .secretFile: "file"
        }
    }

    /// Where they are fetched; nil for files.
    fileprivate var endpoint: KeyEndpoint? {
        switch self {
        case .jwksURL(let url): .jwks(url: url)
        case .discovery: .discovery
        case .jwksFile, .pemFile, .secretFile: nil
        }
    }
}
