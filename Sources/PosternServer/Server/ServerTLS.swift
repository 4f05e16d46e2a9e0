// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOSSL
import RuleFiles

extension NIOSSLContext {
    /// What serves TLS with the certificate chain and key of two PEM files.
    /// - Throws: `SetupError` that names the file
    static func serving(_ files: ServiceSettings.TLSFiles) throws -> NIOSSLContext {
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificates).map { .certificate($0) }
        } catch {
            throw SetupError(["\(files.certificates): no certificate chain in PEM could be read here"])
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw SetupError(["\(files.key): no private key in PEM without a passphrase could be read here"])
        }
        do {
            return try NIOSSLContext(configuration: .serving(chain: chain, key: .privateKey(key)))
        } catch {
            throw SetupError(["\(files.key) is not the key of the certificate in \(files.certificates)"])
        }
    }
}
