// SPDX-License-Identifier: Apache-2.0
import TenantRules
import UserAuth

/// Makes of what rule files declare what UserAuth verifies with: reads key files, keeps going, and lists all problems.
enum IssuerAssembly {
    /// The most bytes of a key file.
    private static let limit = 256 * 1024

    static func issuers(of book: RuleBook, service: ServiceConfiguration?, problems: inout [String]) async -> [Issuer] {
        var issuers: [Issuer] = []
        for tenant in book.tenants {
            for declaration in tenant.issuers {
                if let issuer = await issuer(declaration, tenant: .fixed(tenant.id), of: "tenant \(tenant.id)", problems: &problems) {
                    issuers.append(issuer)
                }
            }
        }
        for declaration in service?.issuers ?? [] {
            let binding = TenantBinding.claim(declaration.tenantClaim ?? "tenant")
            if let issuer = await issuer(declaration, tenant: binding, of: "the service-wide file", problems: &problems) {
                issuers.append(issuer)
            }
        }
        return issuers
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

    private static func issuer(
        _ declaration: IssuerDeclaration,
        tenant: TenantBinding,
        of place: String,
        problems: inout [String]
    ) async -> Issuer? {
        let algorithms = declaration.algorithms.compactMap(Algorithm.init(rawValue:))
        do {
            return Issuer(
                issuer: declaration.issuer,
                audiences: declaration.audience,
                algorithms: algorithms,
                keys: try await keys(declaration.keys, algorithms: algorithms),
                userClaim: declaration.userClaim,
                tenant: tenant,
                maximumLifetime: declaration.maxLifetime
            )
        } catch {
            problems.append("\(place): keys of issuer \(declaration.issuer): \(error)")
            return nil
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
