// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL

/// A certificate that is its own authority, made by the `openssl` command for one test.
struct TestCertificate {
    /// A PEM file.
    let path: String
    let context: NIOSSLContext

    static let canBeMade = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    /// - Parameter name: whom it is for, e.g. `IP:127.0.0.1`.
    init(for name: String) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "postern-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let certificate = directory.appending(path: "certificate.pem").path
        let key = directory.appending(path: "key.pem").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=postern-test", "-addext", "subjectAltName=\(name)", "-keyout", key, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        path = certificate
        context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem))
            )
        )
    }

    func remove() {
        try? FileManager.default.removeItem(at: URL(filePath: path).deletingLastPathComponent())
    }
}
