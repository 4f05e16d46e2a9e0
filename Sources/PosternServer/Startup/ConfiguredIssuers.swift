// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OutgoingHTTP
import RuleFiles
import UploadRules
package import UserAuth
import WireFormats

/// One issuer as a tenant's rule file or the service-wide file declares it, with its keys.
package struct ConfiguredIssuer: Sendable {
    package let trusted: TrustedIssuer
    /// `jwks`, `discovery` or `file`.
    package let source: String
    /// The tenant whose file declares it; nil for the service-wide file.
    package let tenant: String?
    /// Fetches its keys; nil for keys in files.
    package let remote: RemoteKeys?

    package var issuer: Issuer { trusted.issuer }

    var identifier: String { issuer.identifier }

    /// The location of its keys: the URL of the set, `discovery` or `file`.
    var keyLocation: String {
        if case .jwks(let url) = remote?.endpoint { return url }
        return source
    }

    /// The ids of the keys in use; nil for a key without an id.
    var currentKeyIDs: [String?] { trusted.keys.current?.keyIDs ?? [] }
}

/// The issuers that rule files and the service-wide file declare. Declarations of one issuer with the same keys share them.
package struct ConfiguredIssuers: Sendable {
    package let all: [ConfiguredIssuer]
    /// The first declaration of each key set.
    package let keySets: [ConfiguredIssuer]
    private let byTenant: [String: [ConfiguredIssuer]]
    private let serviceWide: [ConfiguredIssuer]

    package init(_ all: [ConfiguredIssuer]) {
        self.all = all
        var seen: Set<ObjectIdentifier> = []
        keySets = all.filter { seen.insert(ObjectIdentifier($0.trusted.keys)).inserted }
        byTenant = Dictionary(grouping: all.filter { $0.tenant != nil }) { $0.tenant ?? "" }
        serviceWide = all.filter { $0.tenant == nil }
    }

    /// The key sets that are fetched.
    package var remote: [RemoteKeys] { keySets.compactMap(\.remote) }

    /// Whether every issuer whose tokens may be for the tenant has keys.
    func haveKeys(for file: TenantFile) -> Bool {
        let own = byTenant[file.tenant.id] ?? []
        let shared = serviceWide.filter { file.serviceIssuers.accept($0.issuer.name) }
        return (own + shared).allSatisfy { $0.trusted.keys.current != nil }
    }
}

/// Reads the keys of all declared issuers, and collects every problem.
struct IssuerLoader {
    /// The largest key file, in bytes.
    private static let maximumFileBytes = 256 * 1024

    private(set) var issuers: [ConfiguredIssuer] = []
    private var keySets: [KeySetIdentity: (keys: IssuerKeys, remote: RemoteKeys?)] = [:]
    /// Why the service cannot start.
    private(set) var problems: [String] = []
    /// Warnings about skipped keys, and about secrets that other accounts may read.
    private(set) var warnings: [String] = []
    private let proxies: ProxySettings

    /// - Parameter proxies: the proxy for keys that are fetched
    init(_ book: RuleBook, serviceWide: [Issuer], proxies: ProxySettings) async {
        self.proxies = proxies
        for file in book.files {
            for issuer in file.issuers {
                await add(issuer, declaredIn: "tenant \(file.tenant.id)", owner: file.tenant.id)
            }
        }
        for issuer in serviceWide {
            await add(issuer, declaredIn: "the service-wide file", owner: nil)
        }
    }

    private mutating func add(_ issuer: Issuer, declaredIn place: String, owner: String?) async {
        let subject = "\(place): keys of issuer \(issuer.identifier)"
        do {
            let (keys, remote) = try keys(of: issuer, subject: subject)
            let trusted = TrustedIssuer(issuer, owner: owner, keys: keys)
            issuers.append(.init(trusted: trusted, source: issuer.keySource.word, tenant: owner, remote: remote))
        } catch {
            problems.append("\(subject): \(error)")
        }
    }

    /// What decides which keys a declaration has. A thousand tenants with one provider fetch its keys once.
    private struct KeySetIdentity: Hashable {
        let issuer: ExactString
        let source: KeySource
        let authorities: String?
        let algorithms: [Algorithm]
    }

    private mutating func keys(of issuer: Issuer, subject: String) throws -> (keys: IssuerKeys, remote: RemoteKeys?) {
        let identity = KeySetIdentity(
            issuer: ExactString(issuer.identifier), source: issuer.keySource, authorities: issuer.keyAuthorities,
            algorithms: issuer.algorithms)
        if let known = keySets[identity] { return known }
        let result: (keys: IssuerKeys, remote: RemoteKeys?)
        if let remote = remoteKeys(of: issuer) {
            if let path = issuer.keyAuthorities { _ = try Self.read(path) }
            result = (remote.keys, remote)
        } else {
            let set = try Self.keys(issuer.keySource, algorithms: issuer.algorithms)
            warnings += set.skipped.filter { !$0.isExpected }.map {
                "\(subject): \(issuer.keySource.path.map { $0 + ": " } ?? "")\($0)"
            }
            if case .secretFile(let path) = issuer.keySource, let warning = LocalFile(path).secrecyWarning {
                warnings.append("\(subject): \(warning)")
            }
            result = (IssuerKeys(set), nil)
        }
        keySets[identity] = result
        return result
    }

    /// Returns nil for keys in files.
    private func remoteKeys(of issuer: Issuer) -> RemoteKeys? {
        guard case .remote(let endpoint) = issuer.keySource else { return nil }
        return RemoteKeys(
            issuer: issuer.identifier,
            endpoint: endpoint,
            algorithms: issuer.algorithms,
            authorities: issuer.keyAuthorities,
            proxies: proxies,
            uptime: ServiceClock.system.uptime
        )
    }

    private static func keys(_ source: KeySource, algorithms: [Algorithm]) throws -> KeySet {
        switch source {
        case .jwksFile(let path):
            try keys(in: path) { bytes throws(KeySetError) in try KeySet(jwks: bytes, algorithms: algorithms) }
        case .pemFile(let path):
            try keys(in: path) { bytes throws(KeySetError) in try KeySet(pem: bytes, algorithms: algorithms) }
        case .secretFile(let path):
            try keys(in: path) { bytes throws(KeySetError) in try KeySet(secret: bytes, algorithms: algorithms) }
        case .remote: throw SetupError(["these keys are in no file"])
        }
    }

    private static func keys(in path: String, parse: ([UInt8]) throws(KeySetError) -> KeySet) throws -> KeySet {
        let bytes = try read(path)
        do throws(KeySetError) {
            return try parse(bytes)
        } catch {
            throw SetupError(["\(path): \(error)"])
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do throws(FileReadError) {
            return try LocalFile(path).contents(limit: maximumFileBytes)
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

    /// The file of the keys; nil if they are fetched.
    fileprivate var path: String? {
        switch self {
        case .remote: nil
        case .jwksFile(let path), .pemFile(let path), .secretFile(let path): path
        }
    }
}
