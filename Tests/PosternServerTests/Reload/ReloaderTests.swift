// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import Logging
import NIOSSL
import PosternTestSupport
import RuleFiles
import Testing
import UploadRules
import UserAuth
import WireFormats

@testable import PosternServer

/// Which changes take effect, and what is told of the others.
@Suite(.timeLimit(.minutes(5)))
struct ReloaderTests {
    private func tenant(_ id: String, keys: Int = 2, size: String = "1MiB") -> String {
        let sums = ["a", "b"].prefix(keys).enumerated().map { index, digit in
            "{id: k\(index), sha256: \(String(repeating: digit, count: 64))}"
        }
        return """
            tenant: \(id)
            store: {bucket: \(id)-uploads, region: eu-west-1}
            auth: {apiKeys: [\(sums.joined(separator: ", "))]}
            rules: {a: {keyPrefix: a/, contentTypes: [image/png], maxSize: \(size)}}
            """
    }

    /// Loads a folder of rule files and a service-wide file.
    private func load(
        _ folder: TemporaryFolder, service: String? = nil, tls: TestCertificate? = nil,
        overlay: @escaping @Sendable (ServiceSettings) -> ServiceSettings = { $0 }
    ) async throws -> ServiceState {
        let file = try service.map { try ServiceSettings(file: try folder.write($0, to: "postern.yaml")) } ?? ServiceSettings()
        let certificate = try tls.map { try folder.write(try Data(contentsOf: URL(filePath: $0.path)), to: "chain.pem") }
        let key = try tls.map { try folder.write(try Data(contentsOf: URL(filePath: $0.key)), to: "key.pem") }
        let flags: @Sendable (ServiceSettings) -> ServiceSettings = { file in
            var settings = overlay(file)
            settings.tenants = folder.path + "/tenants"
            settings.environment = ["AWS_ACCESS_KEY_ID": "AKIACANARYACCESSKEY0", "AWS_SECRET_ACCESS_KEY": "canary"]
            (settings.tlsCert, settings.tlsKey) = (certificate, key)
            return settings
        }
        return try await ServiceState.load(
            flags(file), logger: LogRecorder().logger(), fetchTimeout: .seconds(600), overlay: flags
        ).state
    }

    /// Looks twice, and puts what has changed into force.
    private func reload(_ state: ServiceState) -> Reloader.Change? {
        for _ in 0..<2 {
            let outcome = state.reloader.look(everything: true, after: state.current, at: Date())
            guard let change = outcome.change else { continue }
            if let next = change.next { state.replace(with: next.snapshot) }
            return change
        }
        return nil
    }

    @Test func `a broken file of one tenant holds up neither another tenant nor itself`() async throws {
        let folder = try TemporaryFolder()
        for id in ["acme", "beta"] { try folder.write(tenant(id), to: "tenants/\(id).yaml") }
        let state = try await load(folder)
        try folder.write(tenant("acme", keys: 1), to: "tenants/acme.yaml")
        try folder.write(tenant("beta", size: "1M"), to: "tenants/beta.yaml")
        let change = try #require(reload(state))
        #expect(change.next?.changed == ["acme"] && change.heldBack.map(\.tenant) == ["beta"])
        #expect(state.current.book.files.map(\.apiKeys.count) == [1, 2] && state.current.generation == 2)
        #expect(reload(state) == nil, "what is held back is judged once")
        try folder.write(tenant("beta", keys: 1), to: "tenants/beta.yaml")
        let next = try #require(reload(state))
        #expect(next.next?.changed == ["beta"] && next.heldBack == [])
        #expect(state.current.book.files.map(\.apiKeys.count) == [1, 1])
    }

    @Test func `a single look changes nothing`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(tenant("acme"), to: "tenants/acme.yaml")
        let state = try await load(folder)
        try folder.write(tenant("acme", keys: 1), to: "tenants/acme.yaml")
        let outcome = state.reloader.look(everything: false, after: state.current, at: Date())
        #expect(outcome.isUnsettled && outcome.change == nil)
        #expect(state.reloader.look(everything: false, after: state.current, at: Date()).change?.next != nil)
    }

    @Test func `a folder that is gone or empty changes nothing, and is told`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(tenant("acme"), to: "tenants/acme.yaml")
        let state = try await load(folder)
        for text in [
            "there are no rule files in this folder", "the folder of rule files cannot be read: there is no such file or folder",
        ] {
            try FileManager.default.removeItem(atPath: text.hasPrefix("there") ? file : folder.path + "/tenants")
            let change = try #require(reload(state))
            #expect(change.next == nil && change.heldBack.map(\.file) == [folder.path + "/tenants"])
            #expect(change.heldBack.first?.problems.map(\.message) == [text] && state.current.book.tenants.count == 1)
            #expect(reload(state) == nil)
        }
        try folder.write(tenant("acme"), to: "tenants/acme.yaml")
        let change = try #require(reload(state))
        #expect(change.next == nil && change.heldBack == [])
    }

    @Test func `the service-wide file takes effect, flags before it, and settings for a restart are named once`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(tenant("acme"), to: "tenants/acme.yaml")
        let state = try await load(folder, service: "logLevel: info\n") { file in
            var settings = file
            settings.reload = .seconds(1)
            settings.maxConnections = 7
            return settings
        }
        try folder.write(
            "logLevel: debug\nreload: 2s\ntrustedProxies: [10.0.0.0/8]\nlisten: 127.0.0.1:1\nmaxConnections: 5\n",
            to: "postern.yaml")
        let change = try #require(reload(state))
        let settings = state.current.settings
        #expect(change.next?.isServiceFileChanged == true && settings.logLevel == .debug && settings.trustedProxies.count == 1)
        #expect(settings.reload == .seconds(1), "a flag comes first")
        #expect(change.settingsForRestart == ["listen"])
        try folder.write("logLevel: error\nlisten: 127.0.0.1:1\nmaxConnections: 5\n", to: "postern.yaml")
        #expect(reload(state)?.settingsForRestart == [] && state.current.settings.logLevel == .error)
        try folder.write("logLevel: warm\n", to: "postern.yaml")
        let held = try #require(reload(state))
        #expect(held.next == nil && held.heldBack.map(\.tenant) == [nil] && state.current.settings.logLevel == .error)
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `a renewed certificate is used once its key is there, too`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(tenant("acme"), to: "tenants/acme.yaml")
        let (first, second) = (try await TestCertificate(for: "IP:127.0.0.1"), try await TestCertificate(for: "IP:127.0.0.1"))
        let state = try await load(folder, tls: first)
        let before = try #require(state.current.certificate)
        let validity = before.validity
        #expect(validity.end > Date() && validity.warning(at: Date()) == nil && validity.warning(at: .distantFuture) != nil)
        try folder.write(try Data(contentsOf: URL(filePath: second.path)), to: "chain.pem")
        let held = try #require(reload(state))
        #expect(held.next == nil && held.heldBack.map(\.file) == [folder.path + "/chain.pem"])
        #expect(
            held.heldBack.first?.problems.map(\.message) == [
                "\(folder.path)/key.pem is not the key of the certificate in \(folder.path)/chain.pem"
            ])
        #expect(state.current.certificate?.context === before.context)
        try folder.write(try Data(contentsOf: URL(filePath: second.key)), to: "key.pem")
        let change = try #require(reload(state))
        #expect(change.next?.isCertificateChanged == true && change.heldBack == [] && state.current.generation == 2)
        #expect(state.current.certificate.map { $0.context !== before.context } == true)
    }
}
