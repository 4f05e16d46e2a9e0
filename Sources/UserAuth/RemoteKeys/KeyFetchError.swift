// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import WireFormats

/// Why an issuer's keys could not be fetched. The description is a sentence that says what to do.
///
/// Of what was received it holds the status and, of a key set, ids in printable ASCII, shortened; nothing else.
package struct KeyFetchError: Error, Sendable, CustomStringConvertible {
    /// What was asked for.
    package let document: Document
    package let cause: Cause

    package enum Document: String, Sendable, Hashable {
        case discovery = "discovery document"
        case keySet = "key set"
    }

    package enum Cause: Sendable {
        /// It may not be requested: the URL is neither https nor on this machine.
        case notPrivate
        case failure(OutgoingError)
        case redirect(status: Int)
        case status(Int)
        /// It is not JSON at this place, counted from 1.
        case notJSON(line: Int, byte: Int)
        /// The document names no issuer, or no key set.
        case incomplete
        /// The document is another issuer's.
        case issuerMismatch
        case keySet(KeySetError)
    }

    package init(_ document: Document, _ cause: Cause) {
        self.document = document
        self.cause = cause
    }
}

extension KeyFetchError {
    /// A word for each kind of error: the label of a metric.
    package enum Reason: String, Sendable, CaseIterable {
        case timeout
        case unreachable
        case tls
        case broken
        case badURL = "bad-url"
        case forbiddenAddress = "forbidden-address"
        case authorities
        case notPrivate = "not-private"
        case redirect
        case status
        case tooLarge = "too-large"
        case notJSON = "not-json"
        case discoveryIncomplete = "discovery-incomplete"
        case issuerMismatch = "issuer-mismatch"
        case notAKeySet = "not-a-key-set"
        case tooManyKeys = "too-many-keys"
        case duplicateKeyID = "duplicate-kid"
        case noUsableKey = "no-usable-key"
        case algorithms
    }

    package var reason: Reason {
        switch cause {
        case .notPrivate: .notPrivate
        case .failure(let failure): Reason(failure)
        case .redirect: .redirect
        case .status: .status
        case .notJSON: .notJSON
        case .incomplete: .discoveryIncomplete
        case .issuerMismatch: .issuerMismatch
        case .keySet(let error): Reason(error)
        }
    }
}

extension KeyFetchError.Reason {
    fileprivate init(_ failure: OutgoingError) {
        self =
            switch failure {
            case .unreachable: .unreachable
            case .tls: .tls
            case .timedOut: .timeout
            case .tooLarge: .tooLarge
            case .broken: .broken
            case .badURL: .badURL
            case .forbiddenAddress: .forbiddenAddress
            case .authorities: .authorities
            }
    }

    fileprivate init(_ error: KeySetError) {
        self =
            switch error {
            case .tooLarge: .tooLarge
            case .noAlgorithms, .symmetricAlgorithm, .asymmetricAlgorithm: .algorithms
            case .notJSON: .notJSON
            case .tooManyKeys: .tooManyKeys
            case .duplicateKeyID: .duplicateKeyID
            case .noUsableKey: .noUsableKey
            // The others are those of files.
            case .notAKeySet, .notPEM, .privateKey, .publicKeyAsSecret, .secretTooShort: .notAKeySet
            }
    }
}

extension KeyFetchError {
    /// How many skipped keys a sentence tells of.
    private static let toldKeys = 3

    /// A sentence without the issuer's name: what is wrong and what to do.
    package var description: String {
        switch cause {
        case .notPrivate:
            "the \(document.rawValue)'s URL is not https: Postern reads keys over https, and over http only on this machine"
        case .failure(let failure):
            "the \(document.rawValue) was not read: \(failure)\(advice(failure))"
        case .redirect(let status):
            """
            the \(document.rawValue) was answered with a redirect (status \(status)), which Postern does not follow: configure \
            the address that answers itself
            """
        case .status(let status):
            "the \(document.rawValue) was answered with status \(status) instead of 200: check the address, and the provider"
        case .notJSON(let line, let byte):
            "the \(document.rawValue) is not JSON (line \(line), byte \(byte)): check that the address is that of the document"
        case .incomplete:
            """
            the discovery document lacks issuer or jwks_uri, or they are not strings: check the issuer, or name the key set \
            itself as jwks
            """
        case .issuerMismatch:
            """
            the discovery document is that of another issuer: the issuer must be written as the provider writes it, byte for \
            byte, with or without the slash at its end
            """
        case .keySet(let error):
            "the key set cannot be used: \(Self.sentence(error))"
        }
    }

    private func advice(_ failure: OutgoingError) -> String {
        switch failure {
        case .unreachable: "; check the address, the name service and what is allowed to leave this network"
        case .tls: "; check the clock, and whether a private certificate authority must be configured"
        case .timedOut: "; check the provider and the network on the way"
        case .tooLarge, .broken, .badURL: "; check that the address is that of the document"
        case .forbiddenAddress(.linkLocal):
            "; Postern reads no keys from there: check the provider's discovery document, and the name service"
        case .forbiddenAddress(.loopback):
            "; only an issuer on this machine may have its keys here: name the key set itself as jwks if this is meant"
        case .authorities: "; it must be a PEM file that Postern may read"
        }
    }

    /// The error's own sentence where it holds nothing of the set; otherwise one with bounded ids.
    private static func sentence(_ error: KeySetError) -> String {
        switch error {
        case .notJSON(let error):
            // Its own sentence may hold the name of a member.
            return "it is not JSON (line \(error.line), byte \(error.byte))"
        case .duplicateKeyID(let id):
            return "several keys have the kid \"\(id.printableASCII())\": each needs its own"
        case .noUsableKey(let skipped):
            guard !skipped.isEmpty else { return "it has no keys" }
            let told = skipped.prefix(toldKeys).map { "; \($0.shown)" }
            let rest = skipped.count > toldKeys ? "; and \(skipped.count - toldKeys) more" : ""
            return "it has no key that verifies the issuer's tokens" + told.joined() + rest
        default:
            return error.description
        }
    }
}
