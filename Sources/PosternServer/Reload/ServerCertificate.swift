// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import LocalFiles
import NIOSSL
import RuleFiles
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The certificate chain of the public listener with its key.
struct ServerCertificate: Sendable {
    let context: NIOSSLContext
    let validity: CertificateValidity

    /// The largest file, in bytes.
    fileprivate static let maximumBytes = 1 << 20

    /// Reads the files, which are looked at again later.
    static func watched(_ files: ServiceSettings.TLSFiles, at now: Date, _ system: RuleFileSystem) -> WatchedValue<
        ServerCertificate
    > {
        WatchedValue([files.certificates, files.key], limit: maximumBytes, at: now, system) {
            contents, previous, now throws(SetupError) in
            let new = try ServerCertificate(chain: contents[0], key: contents[1], files)
            if let previous, now < previous.validity.end, now >= new.validity.end {
                throw SetupError(["\(files.certificates): the certificate has expired, at \(new.validity.end.rfc3339)"])
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
        guard let validity = CertificateValidity(certificates) else {
            throw SetupError(["\(files.certificates): there is no certificate in it"])
        }
        self.validity = validity
    }
}

/// When a certificate is valid.
package struct CertificateValidity: Sendable, Equatable {
    package let start: Date
    package let end: Date

    /// The longest time before its end for which a certificate is warned of: renewal has failed then, since it is due weeks before.
    static let longestNotice = 14 * 86_400.0

    package init(start: Date, end: Date) {
        self.start = start
        self.end = end
    }

    /// Of the server's certificate, the first of a chain: some providers add one of an authority that has expired, which old clients
    /// know. Nil if the chain is empty.
    fileprivate init?(_ chain: [NIOSSLCertificate]) {
        guard let own = chain.first else { return nil }
        self.init(
            start: Date(timeIntervalSince1970: Double(own.notValidBefore)),
            end: Date(timeIntervalSince1970: Double(own.notValidAfter)))
    }

    /// Reads a certificate chain in PEM; nil if there is none that can be read.
    package init?(file: String) {
        guard let bytes = try? LocalFile(file).contents(limit: ServerCertificate.maximumBytes),
            let chain = try? NIOSSLCertificate.fromPEMBytes(bytes)
        else { return nil }
        self.init(chain)
    }

    /// How long before its end the certificate is warned of, in seconds: two weeks, or a sixth of a life that is shorter than twelve.
    var notice: Double { min(Self.longestNotice, end.timeIntervalSince(start) / 6) }

    /// What is wrong with the certificate of the public listener, and what to do; nil if it is valid, and not about to expire.
    package func warning(at now: Date) -> (message: String, advice: String)? {
        let renew = "renew it; the new files are used without a restart"
        if now >= end { return ("the certificate of the public listener has expired, at \(end.rfc3339)", renew) }
        if now < start {
            return ("the certificate of the public listener is not valid before \(start.rfc3339)", "check it, and the clock")
        }
        guard end.timeIntervalSince(now) <= notice else { return nil }
        return ("the certificate of the public listener expires soon, at \(end.rfc3339)", renew)
    }
}
