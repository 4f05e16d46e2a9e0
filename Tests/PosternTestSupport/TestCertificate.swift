// SPDX-License-Identifier: Apache-2.0

import Foundation
package import NIOSSL

/// A certificate that is its own authority, made by the `openssl` command for one test.
package struct TestCertificate {
    /// A PEM file.
    package let path: String
    /// Its private key, a PEM file.
    package let key: String
    private let folder: TemporaryFolder

    package static let canBeMade = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    /// - Parameter name: whom it is for, e.g. `IP:127.0.0.1`.
    package init(for name: String) async throws {
        folder = try TemporaryFolder()
        path = folder.path + "/certificate.pem"
        key = folder.path + "/key.pem"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=postern-test", "-addext", "subjectAltName=\(name)", "-keyout", key, "-out", path,
        ]
        process.standardError = FileHandle.nullDevice
        // `waitUntilExit` would hold one of the few threads that all tests share.
        let end = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in end.continuation.finish() }
        try process.run()
        for await _ in end.stream {}
    }

    /// What a server that has the certificate speaks.
    /// - Parameter newest: the newest version of TLS that it knows; nil for the library's.
    package func context(upTo newest: TLSVersion? = nil) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = newest
        return try NIOSSLContext(configuration: configuration)
    }
}
