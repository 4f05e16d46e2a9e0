// SPDX-License-Identifier: Apache-2.0
import TenantRules
import UserAuth

/// Makes of what rule files declare what UserAuth verifies with: reads key files, keeps going, and lists all problems.
struct IssuerAssembly {
    /// The most bytes of a key file.
    private static let limit = 256 * 1024

    private(set) var issuers: [Issuer] = []
    /// Why the service cannot start with these keys.
    private(set) var problems: [String] = []
    /// Keys that were left out of a set.
    private(set) var warnings: [String] = []

    init(of book: RuleBook, service: ServiceConfiguration?) async {
        for tenant in book.tenants {
            for declaration in tenant.issuers {
                await add(declaration, tenant: .fixed(tenant.id), of: "tenant \(tenant.id)")
            }
        }
        for declaration in service?.issuers ?? [] {
            await add(declaration, tenant: .claim(declaration.tenantClaim ?? "tenant"), of: "the service-wide file")
        }
    }

    static func apiKeys(of book: RuleBook) -> [APIKey] {
        book.tenants.flatMap { tenant in
            tenant.apiKeys.map { key in
                APIKey(
                    tenant: tenant.id,
                    id: key.id,
                    sha256: key.sha256,
                    expires: key.expires,
                    scopes: key.scopes,
                    rules: key.rules,
                    allowUsers: key.allowUsers
                )
            }
        }
    }

    private mutating func add(_ declaration: IssuerDeclaration, tenant: TenantBinding, of place: String) async {
        let subject = "\(place): keys of issuer \(declaration.issuer)"
        do {
            let algorithms = try declaration.algorithms.map { name in
                guard let algorithm = Algorithm(named: name) else { throw SetupProblems(["the algorithm \(name) is not served"]) }
                return algorithm
            }
            let keys = try await Self.keys(declaration.keys, algorithms: algorithms)
            warnings += keys.skipped.map { "\(subject): \($0)" }
            issuers.append(
                Issuer(
                    issuer: declaration.issuer,
                    audiences: declaration.audience,
                    algorithms: algorithms,
                    keys: keys,
                    userClaim: declaration.userClaim,
                    tenant: tenant,
                    maximumLifetime: declaration.maxLifetime
                )
            )
        } catch {
            problems.append("\(subject): \(error)")
        }
    }

    private static func keys(_ source: KeySource, algorithms: [Algorithm]) async throws -> KeySet {
        switch source {
        case .jwksFile(let path):
            return try await KeySet.jwks(read(path), algorithms: algorithms)
        case .pemFile(let path):
            return try await KeySet.pem(read(path), algorithms: algorithms)
        case .secretFile(let path):
            return try await KeySet.secret(read(path), algorithms: algorithms)
        case .jwksURL, .discovery:
            throw SetupProblems(["keys from the network are not served yet; write jwksFile, pemFile or secretFile"])
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            return try RuleFileSystem.local.read(path, limit)
        } catch {
            throw SetupProblems(["\(path): \(error.reason)"])
        }
    }
}
