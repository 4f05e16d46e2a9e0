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

    /// Whether what the declaration says decides its keys, without the content of any file.
    fileprivate var isWithoutFiles: Bool { remote != nil && issuer.keyAuthorities == nil }

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
    /// For the issuers of the next generation.
    fileprivate let shared: [KeySetIdentity: SharedKeys]
    /// The files that declare ``all``, in the same order, and which of these each declares.
    private let files: [(file: TenantFile, declared: Range<Int>)]
    private let byTenant: [String: [ConfiguredIssuer]]
    private let serviceWide: [ConfiguredIssuer]

    fileprivate init(
        _ all: [ConfiguredIssuer], _ shared: [KeySetIdentity: SharedKeys], files: [(file: TenantFile, declared: Range<Int>)]
    ) {
        self.all = all
        self.files = files
        var seen: Set<ObjectIdentifier> = []
        keySets = all.filter { seen.insert(ObjectIdentifier($0.trusted.keys)).inserted }
        self.shared = shared.filter { seen.contains(ObjectIdentifier($0.value.keys)) }
        byTenant = Dictionary(grouping: all.filter { $0.tenant != nil }) { $0.tenant ?? "" }
        serviceWide = all.filter { $0.tenant == nil }
    }

    /// For each of these files, what it declares if it was among the files of these issuers; nil for another one, and for one whose keys
    /// depend on other files.
    /// - Parameter book: files sorted by the tenants' ids
    fileprivate func declared(by book: RuleBook) -> [ArraySlice<ConfiguredIssuer>?] {
        var rest = files[...]
        return book.files.map { file in
            while let first = rest.first, first.file.tenant.id < file.tenant.id { rest.removeFirst() }
            guard let first = rest.first, first.file === file else { return nil }
            let declared = all[first.declared]
            return declared.allSatisfy(\.isWithoutFiles) ? declared : nil
        }
    }

    /// The key sets that are fetched.
    package var remote: [RemoteKeys] { keySets.compactMap(\.remote) }

    /// The issuers whose tokens may be for the tenant.
    func issuers(of file: TenantFile) -> [ConfiguredIssuer] {
        (byTenant[file.tenant.id] ?? []) + serviceWide.filter { file.serviceIssuers.accept($0.issuer.name) }
    }

    /// Whether every issuer whose tokens may be for the tenant has keys.
    func haveKeys(for file: TenantFile) -> Bool {
        issuers(of: file).allSatisfy { $0.trusted.keys.current != nil }
    }
}

/// What decides which keys a declaration has. A thousand tenants with one provider fetch its keys once.
private struct KeySetIdentity: Hashable {
    let issuer: ExactString
    let source: KeySource
    /// The digest of a file with keys: with another content it is another key set.
    let content: SHA256Digest?
    let authorities: String?
    let algorithms: [Algorithm]
}

/// The keys of all declarations with one identity.
private struct SharedKeys {
    let keys: IssuerKeys
    /// Nil for keys in files.
    let remote: RemoteKeys?
}

/// Makes the issuers of all declarations, and collects every problem. What did not change since the generation before lives on: key
/// sets with their identity, and declarations as ``TrustedIssuer/renewed(_:after:in:)`` says.
struct IssuerLoader {
    let issuers: ConfiguredIssuers
    /// Why the service cannot start.
    let problems: [String]
    /// Warnings about skipped keys, and about secrets that other accounts may read, of key sets that are new.
    let warnings: [String]

    /// - Parameters:
    ///   - proxies: the proxy for keys that are fetched
    ///   - previous: the issuers of the generation before
    ///   - generation: of the rules
    init(
        _ book: RuleBook, serviceWide: [Issuer], proxies: ProxySettings, keyFiles: KeyFiles,
        after previous: ConfiguredIssuers? = nil, generation: Int = 1
    ) {
        var builder = Builder(proxies: proxies, shared: previous?.shared ?? [:])
        let unchanged = previous?.declared(by: book) ?? Array(repeating: nil, count: book.files.count)
        var files: [(file: TenantFile, declared: Range<Int>)] = []
        files.reserveCapacity(book.files.count)
        for (file, unchanged) in zip(book.files, unchanged) {
            let start = builder.declarations.count
            if let unchanged {
                for issuer in unchanged {
                    builder.declarations.append((IssuerDeclaration.unchanged(issuer.trusted), issuer.remote))
                }
            } else {
                for issuer in file.issuers { builder.add(issuer, owner: file.tenant.id, keyFiles) }
            }
            files.append((file, start..<builder.declarations.count))
        }
        for issuer in serviceWide { builder.add(issuer, owner: nil, keyFiles) }
        let trusted = TrustedIssuer.renewed(
            builder.declarations.map(\.issuer), after: previous?.all.map(\.trusted) ?? [], in: generation)
        let all = zip(trusted, builder.declarations).map { trusted, declared in
            ConfiguredIssuer(
                trusted: trusted, source: trusted.issuer.keySource.word, tenant: trusted.owner, remote: declared.remote)
        }
        issuers = ConfiguredIssuers(all, builder.shared, files: files)
        (problems, warnings) = (builder.problems, builder.warnings)
    }

    private struct Builder {
        let proxies: ProxySettings
        /// Those of the generation before, and new ones.
        var shared: [KeySetIdentity: SharedKeys]
        var declarations: [(issuer: IssuerDeclaration, remote: RemoteKeys?)] = []
        var problems: [String] = []
        var warnings: [String] = []

        mutating func add(_ issuer: Issuer, owner: String?, _ keyFiles: KeyFiles) {
            let subject =
                "\(owner.map { "tenant \($0)" } ?? "the service-wide file"): keys of issuer \(issuer.identifier)"
            do throws(SetupError) {
                let shared = try keys(of: issuer, subject: subject, keyFiles)
                declarations.append((.new(issuer, owner: owner, keys: shared.keys), shared.remote))
            } catch {
                problems.append("\(subject): \(error)")
            }
        }

        private mutating func keys(
            of issuer: Issuer, subject: String, _ keyFiles: KeyFiles
        ) throws(SetupError) -> SharedKeys {
            if let path = issuer.keyAuthorities { try keyFiles.checkAuthorities(path) }
            let file = issuer.keySource.path == nil ? nil : try keyFiles.keys(issuer.keySource, algorithms: issuer.algorithms)
            let identity = KeySetIdentity(
                issuer: ExactString(issuer.identifier), source: issuer.keySource, content: file?.digest,
                authorities: issuer.keyAuthorities, algorithms: issuer.algorithms)
            if let same = shared[identity] { return same }
            let made = makeKeys(of: issuer, file?.set, subject: subject)
            shared[identity] = made
            return made
        }

        /// - Parameter set: nil for keys that are fetched
        private mutating func makeKeys(of issuer: Issuer, _ set: KeySet?, subject: String) -> SharedKeys {
            if case .remote(let endpoint) = issuer.keySource {
                let remote = RemoteKeys(
                    issuer: issuer.identifier, endpoint: endpoint, algorithms: issuer.algorithms,
                    authorities: issuer.keyAuthorities, proxies: proxies, uptime: ServiceClock.system.uptime)
                return SharedKeys(keys: remote.keys, remote: remote)
            }
            let path = issuer.keySource.path.map { $0 + ": " } ?? ""
            warnings += set?.skipped.filter { !$0.isExpected }.map { "\(subject): \(path)\($0)" } ?? []
            if case .secretFile(let path) = issuer.keySource, let warning = LocalFile(path).secrecyWarning {
                warnings.append("\(subject): \(warning)")
            }
            return SharedKeys(keys: IssuerKeys(set), remote: nil)
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
