// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import HTTPServer
import NIOCore
import PostPolicy
import PosternTestSupport

/// A store in a temporary folder with a clock that stands still, and what is needed to sign for it.
struct TestStore: Sendable {
    static let origin = "http://127.0.0.1:8080"
    static let now = Date.january2027
    static let credentials = SigningCredentials(accessKeyID: "POSTERNDEVTEST", secretAccessKey: "canary-secret-key")

    let place: TemporaryFolder
    let log = LogRecorder()
    private let signer = PolicySigner()

    init() throws {
        place = try TemporaryFolder()
    }

    /// A signed form, good for five minutes.
    func form(
        key: String = "images/u1/me.png",
        sizes: ClosedRange<Int> = 1...1000,
        version: SignatureVersion = .v4,
        credentials: SigningCredentials = credentials,
        _ fields: KeyValuePairs<String, String> = ["Content-Type": "image/png"]
    ) throws -> [FormField] {
        var policy = try UploadPolicy(bucket: "bucket", key: key, contentLength: sizes, expiration: Self.now + 300)
        for (name, value) in fields { try policy.add(name, value) }
        return try signer.sign(policy, version: version, credentials: credentials, region: "us-east-1", at: Self.now).fields
    }

    /// A form that is signed with any policy text at all.
    func form(policyJSON: String, _ fields: [FormField]) throws -> [FormField] {
        let encoded = Data(policyJSON.utf8).base64EncodedString()
        let signature = try signer.signature(
            ofPolicy: encoded,
            version: .v2,
            credentials: Self.credentials,
            region: "us-east-1",
            at: Self.now
        )
        return fields + [
            FormField(name: "AWSAccessKeyId", value: Self.credentials.accessKeyID), FormField(name: "policy", value: encoded),
            FormField(name: "signature", value: signature),
        ]
    }

    /// Runs a test against the builder's store, which listens on a free port.
    func run(
        at date: Date = now,
        allowedOrigins: [String] = [origin],
        ignored: Set<IgnoredCheck> = [],
        further: @escaping @Sendable () -> (buckets: [String], origins: [String]) = { ([], []) },
        _ test: (StoreClient) async throws -> Void
    ) async throws {
        let configuration = try DevStoreConfiguration(
            folder: place.path,
            buckets: ["bucket", "other-bucket"],
            port: 0,
            credentials: Self.credentials,
            allowedOrigins: allowedOrigins,
            ignored: ignored,
            further: further
        )
        // Longer than a test may wait for its turn among hundreds of others.
        var limits = ConnectionLimits.devStore
        limits.requestTimeout = .minutes(10)
        limits.idleTimeout = .minutes(10)
        limits.streamTimeout = .minutes(10)
        limits.lingerTime = .minutes(2)
        let listener = try buildDevStore(configuration: configuration, logger: log.logger(), limits: limits, now: { date })
        let client = StoreClient(port: try await listener.start())
        do {
            try await test(client)
        } catch {
            try await listener.stop()
            throw error
        }
        try await listener.stop()
    }
}

extension TemporaryFolder {
    /// The relative paths of the files that are objects, without the store's own.
    func objects() -> [String] {
        files().filter { !$0.hasPrefix(".postern/") }
    }
}

extension [FormField] {
    /// The same form with another value in a field; a field that is not there is added at the end.
    func setting(_ name: String, _ value: String) -> [FormField] {
        guard contains(where: { $0.name == name }) else { return self + [FormField(name: name, value: value)] }
        return map { $0.name == name ? FormField(name: name, value: value) : $0 }
    }

    func removing(_ name: String) -> [FormField] {
        filter { $0.name != name }
    }

    func value(_ name: String) -> String {
        first { $0.name == name }?.value ?? ""
    }
}
