// SPDX-License-Identifier: Apache-2.0

import Foundation
import LocalFiles
import PosternTestSupport
import Testing
import UploadRules
import WireFormats

@testable import RuleFiles

/// A folder `t` in memory and perhaps the service-wide file `postern.yaml`, loaded and then looked at as they change.
struct FolderUnderTest {
    let system: MemoryFileSystem
    var folder: RuleFolder
    private(set) var book: RuleBook

    /// - Parameters:
    ///   - files: by their names in the folder
    ///   - service: the service-wide file
    init(_ files: [String: String], service: String? = nil) throws {
        var all = Dictionary(uniqueKeysWithValues: files.map { ("t/\($0)", $1) })
        if let service { all["postern.yaml"] = service }
        try self.init(MemoryFileSystem(all), path: "t")
    }

    /// - Parameter path: of the folder
    init(_ system: MemoryFileSystem, path: String) throws {
        self.system = system
        // Nothing is racy.
        system.advance(by: .seconds(60))
        let hasService = system.files.stamp("postern.yaml").kind == .regular
        let service = hasService ? try ServiceSettings(file: "postern.yaml", files: system.files) : ServiceSettings()
        let (outcome, folder) = RuleFolder.load(path, service: service, at: system.now, files: system.files)
        self.folder = folder
        book = try outcome.result.get()
        _ = system.takeReads()
    }

    /// Looks again, after a time.
    mutating func look(after time: Duration = .seconds(5), everything: Bool = false) -> RuleFolder.Look {
        system.advance(by: time)
        return folder.look(everything: everything, at: system.now)
    }

    /// Looks until what was found counts, and makes the next book.
    mutating func reload(
        checkingTenant: @escaping (TenantFile) -> [Diagnostic] = { _ in [] },
        checkingService: @escaping (ServiceSettings) -> [Diagnostic] = { _ in [] }
    ) -> RuleReload {
        for _ in 0..<3 where look() != .settled {}
        let reload = folder.makeBook(checkingTenant: checkingTenant, checkingService: checkingService)
        book = reload.book
        return reload
    }

    /// Edits files, by their names in the folder, and reloads.
    mutating func reload(writing files: [String: String], removing names: [String] = []) -> RuleReload {
        for (name, text) in files { system.write(text, to: "t/\(name)") }
        for name in names { system.remove("t/\(name)") }
        return reload()
    }

    /// The ids of the tenants in the book.
    var tenants: [String] { book.tenants.map(\.id) }

    func file(of tenant: String, _ location: SourceLocation = #_sourceLocation) throws -> TenantFile {
        try #require(book.files.first { $0.tenant.id == tenant }, sourceLocation: location)
    }

    /// The text of a tenant's file. All tenants have one bucket.
    static func tenant(
        _ id: String, prefix: String? = nil, issuer: String? = nil, audience: String = "up", keys: [String] = ["cms"],
        more: String = ""
    ) -> String {
        var auth: [String] = []
        if let issuer {
            auth.append(
                "issuers: [{issuer: \"\(issuer)\", audience: \(audience), algorithms: [ES256], keys: {jwksFile: \(id).json}}]")
        }
        if !keys.isEmpty {
            let keys = keys.map { "{id: \($0), sha256: \(DigestAlgorithm.sha256.hash($0.utf8).hexadecimal)}" }
            auth.append("apiKeys: [\(keys.joined(separator: ", "))]")
        }
        return """
            tenant: \(id)
            store: {bucket: shared, region: eu-west-1}
            \(auth.isEmpty ? "" : "auth:\n  \(auth.joined(separator: "\n  "))")
            rules:
              files: {keyPrefix: "\(prefix ?? "\(id)/")", contentTypes: [image/png], maxSize: 1MiB}
            \(more)

            """
    }

    /// The text of a service-wide file with issuers of these names.
    static func service(_ names: [String], audience: String = "up", more: String = "") -> String {
        let issuers = names.map { name in
            "  - {issuer: \"https://\(name).example\", name: \(name), audience: \(audience), algorithms: [ES256], keys: {pemFile: k}, tenantClaim: org}\n"
        }
        return "drainDelay: 1s\n\(more)" + (issuers.isEmpty ? "" : "issuers:\n" + issuers.joined())
    }
}

extension RuleReload {
    /// The files that are held back: `acme.yaml`, or `acme.yaml (not served)`.
    var heldBackNames: [String] {
        heldBack.map { ($0.file.split(separator: "/").last.map(String.init) ?? "") + ($0.isServed ? "" : " (not served)") }
    }

    /// The problems of a file that is held back.
    func problems(of file: String) -> [String] {
        heldBack.first { $0.file == file }?.problems.map(\.description) ?? []
    }
}
