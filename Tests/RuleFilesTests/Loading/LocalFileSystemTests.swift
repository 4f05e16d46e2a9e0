// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import UserAuth

@testable import RuleFiles
@testable import UploadRules

struct LocalFileSystemTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func write(_ text: String, _ name: String) throws {
        try temporary.write(text, to: name)
    }

    private func messages() -> [String] {
        guard case .failure(let found) = RuleLoader.load(folder: folder).result else { return [] }
        return found.problems.map { String($0.description.dropFirst(folder.count)) }
    }

    @Test func `a Kubernetes volume loads: its files are links into ..data, which is a link too`() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: "\(folder)/..2026_01", withIntermediateDirectories: true)
        try write(Example.acme, "..2026_01/acme.yaml")
        try files.createSymbolicLink(atPath: "\(folder)/..data", withDestinationPath: "..2026_01")
        try files.createSymbolicLink(atPath: "\(folder)/acme.yaml", withDestinationPath: "..data/acme.yaml")
        let book = try RuleLoader.load(folder: folder).result.get()
        #expect(book.tenants.map(\.id) == ["acme"])
        #expect(book.files.first?.issuers.first?.keySource == .jwksFile("\(folder)/jwks.json"))
    }

    @Test func `a named pipe, a broken link, a circle of links and a device are diagnostics and do not block`() throws {
        #expect(mkfifo("\(folder)/pipe.yaml", 0o600) == 0)
        let files = FileManager.default
        try files.createSymbolicLink(atPath: "\(folder)/broken.yaml", withDestinationPath: "nowhere")
        try files.createSymbolicLink(atPath: "\(folder)/circle.yaml", withDestinationPath: "circle.yaml")
        try files.createSymbolicLink(atPath: "\(folder)/zero.yaml", withDestinationPath: "/dev/zero")
        try files.createDirectory(atPath: "\(folder)/folder.yaml", withIntermediateDirectories: true)
        let advice = "check its path and permissions"
        #expect(
            messages() == [
                "/broken.yaml: the file cannot be read: there is no such file or folder; \(advice)",
                "/circle.yaml: the file cannot be read: its symbolic links form a loop; \(advice)",
                "/pipe.yaml: the file cannot be read: it is not a regular file; \(advice)",
                "/zero.yaml: it is a link to “/dev/zero”, which is outside of the folder of rule files; put the file itself into the folder",
            ]
        )
    }

    @Test func `a large file is read only up to the limit`() throws {
        try temporary.write([UInt8](repeating: UInt8(ascii: "#"), count: 5_000_000), to: "acme.yaml")
        #expect(messages() == ["/acme.yaml:1:1: the file is larger than 256 KiB; shorten it, or split the tenant into several"])
        let bytes = try RuleFileSystem.local.read("\(folder)/acme.yaml", 100_000)
        #expect(bytes.count == 100_000)
    }

    @Test func `a missing folder and a file in its place are diagnostics`() throws {
        try write("x", "file")
        for (path, reason) in [("\(folder)/none", "there is no such file or folder"), ("\(folder)/file", "it is not a folder")] {
            guard case .failure(let found) = RuleLoader.load(folder: path).result else {
                Issue.record("loaded")
                continue
            }
            #expect(found.problems.map(\.message) == ["the folder of rule files cannot be read: \(reason)"])
        }
    }
}
