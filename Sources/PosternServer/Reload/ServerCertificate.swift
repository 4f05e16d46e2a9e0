// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOSSL
import RuleFiles
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The certificate chain of the public listener with its key.
struct ServerCertificate: Sendable {
    let context: NIOSSLContext
    /// When the certificate expires.
    let end: Date

    /// The largest file, in bytes.
    private static let maximumBytes = 1 << 20

    /// Reads the files, which are looked at again later.
    static func watched(_ files: ServiceSettings.TLSFiles, at now: Date, _ system: RuleFileSystem) -> WatchedValue<
        ServerCertificate
    > {
        WatchedValue([files.certificates, files.key], limit: maximumBytes, at: now, system) {
            contents, previous, now throws(SetupError) in
            let new = try ServerCertificate(chain: contents[0], key: contents[1], files)
            if let previous, now < previous.end, now >= new.end {
                throw SetupError(["\(files.certificates): the certificate has expired, at \(new.end.rfc3339)"])
            }
            return new
        }
    }

    /// - Parameters:
    ///   - chain: certificates in PEM, that of the server first
    ///   - key: its private key in PEM
    ///   - files: their paths, for errors
    /// - Throws: what is wrong, with the path of the file
    private init(chain: [UInt8], key: [UInt8], _ files: ServiceSettings.TLSFiles) throws(SetupError) {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(chain)
        } catch {
            throw SetupError(["\(files.certificates): this is not a certificate chain in PEM"])
        }
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(bytes: key, format: .pem)
        } catch {
            throw SetupError(["\(files.key): this is not a private key in PEM without a passphrase"])
        }
        do {
            context = try NIOSSLContext(
                configuration: .serving(chain: certificates.map { .certificate($0) }, key: .privateKey(privateKey)))
        } catch {
            throw SetupError(["\(files.key) is not the key of the certificate in \(files.certificates)"])
        }
        // Some providers add a certificate of an authority that has expired, which old clients know.
        let end = certificates.first?.notValidAfter ?? 0
        self.end = Date(timeIntervalSince1970: Double(end))
    }

    /// A warning if the certificate has expired; nil otherwise.
    func warning(at now: Date) -> String? {
        now < end ? nil : "the certificate of the public listener has expired, at \(end.rfc3339)"
    }
}
