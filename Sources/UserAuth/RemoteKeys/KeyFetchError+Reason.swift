// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP

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
