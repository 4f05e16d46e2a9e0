// SPDX-License-Identifier: Apache-2.0

/// Why there are no credentials to sign with. Never holds a secret.
package enum CredentialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// None of these variables of the environment is set.
    case notSet(names: [String])
    /// One variable of a pair is set, the other is not.
    case incomplete(missing: String)
    /// The credentials have ended.
    case expired
    /// A variable holds what cannot be a key: white space, a control, a quote, a slash in an id.
    case malformed(name: String)
    /// What an operator wrote is wrong: an unknown profile, a broken file, a bad URL. A sentence that says what to write;
    /// trying again does not help.
    case configuration(String)
    /// A source that is configured did not answer, or not as it should. A sentence; trying again may help.
    case unavailable(String)
    /// A source that is configured understood and said no. A sentence; trying again may help, when somebody has changed
    /// something there.
    case refused(String)

    /// Whether trying again may help: then the service starts, and waits for the source.
    package var isTransient: Bool {
        switch self {
        case .expired, .unavailable, .refused: true
        case .notSet, .incomplete, .malformed, .configuration: false
        }
    }

    /// Whether the source may be back at any moment.
    var isOutage: Bool {
        switch self {
        case .expired, .unavailable: true
        case .notSet, .incomplete, .malformed, .configuration, .refused: false
        }
    }

    package var description: String {
        switch self {
        case .notSet(let names): "no AWS credentials were found: set \(names.joined(separator: " and ")) in the environment"
        case .incomplete(let missing): "half of a pair of AWS credentials is set: set \(missing) too"
        case .expired: "the AWS credentials have ended: renew them"
        case .malformed(let name):
            "\(name) holds what it cannot hold (white space, a quote, a control, a slash in an id): set it to the bare value"
        case .configuration(let sentence), .unavailable(let sentence), .refused(let sentence): sentence
        }
    }
}
