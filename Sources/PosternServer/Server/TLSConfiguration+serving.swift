// SPDX-License-Identifier: Apache-2.0

import NIOSSL

extension TLSConfiguration {
    /// TLS 1.2 or later with the certificate chain and key of two PEM files.
    /// - Throws: `SetupProblems` that names the file
    static func serving(_ files: ServiceSettings.TLSFiles) throws -> TLSConfiguration {
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificates).map { .certificate($0) }
        } catch {
            throw SetupProblems(["\(files.certificates): no certificate chain in PEM could be read here"])
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw SetupProblems(["\(files.key): no private key in PEM without a passphrase could be read here"])
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw SetupProblems(["\(files.key) is not the key of the certificate in \(files.certificates)"])
        }
        return configuration
    }
}
