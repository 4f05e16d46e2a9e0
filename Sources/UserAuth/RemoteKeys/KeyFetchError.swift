// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import WireFormats

/// Why an issuer's keys could not be fetched. The description says what to do.
///
/// It contains nothing from the response except the status and, from a key set, ids in short printable ASCII.
package struct KeyFetchError: Error, Sendable, CustomStringConvertible {
    /// The requested document.
    package let document: Document
    package let cause: Cause

    package enum Document: String, Sendable, Hashable {
        case discovery = "discovery document"
        case keySet = "key set"
    }

    package enum Cause: Sendable {
        /// The URL is neither https nor on this machine, so it is not requested.
        case unprotectedURL
        case failure(OutgoingError)
        case redirect(status: Int)
        case status(Int)
        /// It is not JSON. The position of the error is counted from 1.
        case notJSON(line: Int, byte: Int)
        /// The discovery document has no issuer or no address of a key set.
        case incomplete
        /// The discovery document is for another issuer.
        /// The document is for another issuer; `hasTenantPlaceholder` if that has `{tenantid}`, as Microsoft's for all directories.
        case issuerMismatch(hasTenantPlaceholder: Bool)
        case keySet(KeySetError)
    }

    package init(_ document: Document, _ cause: Cause) {
        self.document = document
        self.cause = cause
    }
}

extension KeyFetchError {
    /// A word for each kind of error, which is a metric label.
    package enum Reason: String, Sendable, CaseIterable {
        case timeout
        case unreachable
        case proxy
        case tls
        case broken
        case badURL = "bad-url"
        case forbiddenAddress = "forbidden-address"
        case authorities
        case unprotectedURL = "not-private"
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
        case .unprotectedURL: .unprotectedURL
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
            case .proxy(_, .unreachable), .proxy(_, .authentication), .proxy(_, .refused): .proxy
            case .proxy(_, .tls): .tls
            case .proxy(_, .timedOut): .timeout
            case .proxy(_, .broken): .broken
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
            // The others occur with files only.
            case .notAKeySet, .notPEM, .privateKey, .publicKeyAsSecret, .secretTooShort: .notAKeySet
            }
    }
}

extension KeyFetchError {
    /// The largest number of skipped keys in a description.
    private static let maximumListedKeys = 3

    /// What is wrong and what to do, without the issuer's name.
    package var description: String {
        switch cause {
        case .unprotectedURL:
            "the \(document.rawValue)'s URL is not https: Postern fetches keys over https, and over http only from this machine"
        case .failure(let failure):
            "the \(document.rawValue) could not be fetched: \(failure)\(advice(failure))"
        case .redirect(let status):
            """
            the \(document.rawValue)'s server sent a redirect (status \(status)), and Postern follows no redirects: \
            configure the final address
            """
        case .status(let status) where status == 401 || status == 403:
            """
            the \(document.rawValue)'s server returned status \(status), and Postern sends no credentials: let anyone read it (in \
            Kubernetes, bind the role system:service-account-issuer-discovery to system:unauthenticated), or save the key set and \
            configure it as jwksFile
            """
        case .status(404) where document == .discovery:
            """
            the discovery document's server returned status 404: check the issuer or, if the provider has no such document, \
            configure the address of the key set as jwks (Supabase: the issuer and /.well-known/jwks.json)
            """
        case .status(let status):
            "the \(document.rawValue)'s server returned status \(status) instead of 200: check the address and the provider"
        case .notJSON(let line, let byte):
            "the \(document.rawValue) is not JSON (line \(line), byte \(byte)): check that the address is right"
        case .incomplete:
            """
            the discovery document has no issuer or jwks_uri, or they are not strings: check the issuer, or configure the \
            address of the key set as jwks
            """
        case .issuerMismatch(hasTenantPlaceholder: true):
            """
            the discovery document is for many directories (its issuer has {tenantid}, literally): declare, service-wide, the \
            issuer https://login.microsoftonline.com/{tid}/v2.0 with keys: \
            {jwks: https://login.microsoftonline.com/common/discovery/v2.0/keys}
            """
        case .issuerMismatch:
            """
            the discovery document is for another issuer: write the issuer exactly as the provider does, byte for byte, with \
            or without a final slash
            """
        case .keySet(let error):
            "the key set cannot be used: \(Self.description(of: error))"
        }
    }

    private func advice(_ failure: OutgoingError) -> String {
        switch failure {
        case .unreachable: "; check the address, DNS and the firewall"
        case .tls: "; check the clock, and whether a private certificate authority must be configured"
        case .timedOut: "; check the provider and the network"
        case .tooLarge, .broken, .badURL: "; check that the address is right"
        case .forbiddenAddress(.linkLocal):
            "; Postern fetches no keys from there: check the provider's discovery document, and DNS"
        case .forbiddenAddress(.loopback):
            "; only an issuer on this machine may have its keys here: if this is intended, configure the address of the key set as jwks"
        case .authorities: "; it must be a PEM file that Postern can read"
        case .proxy(_, .unreachable): "; check the proxy's address and the firewall"
        case .proxy(_, .refused): "; allow the host in the proxy's configuration, or list it in NO_PROXY"
        // The description says what to do.
        case .proxy(_, .authentication): ""
        case .proxy(_, .tls):
            "; check the clock, and whether a private certificate authority must be configured: a proxy that decrypts TLS has one"
        case .proxy(_, .timedOut): "; check the proxy, the provider and the network"
        case .proxy(_, .broken): "; check the proxy, and that the address is right"
        }
    }

    /// Describes an error of a key set from the network: as the error does, except that ids are in short printable ASCII.
    private static func description(of error: KeySetError) -> String {
        switch error {
        case .notJSON(let error):
            // The error's own description can contain the name of a member.
            return "it is not JSON (line \(error.line), byte \(error.byte))"
        case .duplicateKeyID(let id):
            return "several keys have the kid \"\(id.printableASCII())\": each needs a different one"
        case .noUsableKey(let skipped):
            guard !skipped.isEmpty else { return "it has no keys" }
            let listed = skipped.prefix(maximumListedKeys).map { "; \($0.boundedDescription)" }
            let rest = skipped.count > maximumListedKeys ? "; and \(skipped.count - maximumListedKeys) more" : ""
            return "it has no key that can verify the issuer's tokens" + listed.joined() + rest
        default:
            return error.description
        }
    }
}
