// SPDX-License-Identifier: Apache-2.0

/// Why there are no credentials to sign with. Never contains a secret.
package enum CredentialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A provider is not set up, so the next one is tried. The reason is part of a sentence.
    case notConfigured(String)
    /// None of these environment variables is set.
    case notSet(names: [String])
    /// One environment variable of a pair is set, the other is not.
    case incomplete(missing: String)
    /// The credentials have expired.
    case expired
    /// A variable has a value that cannot be a key: white space, a control, a quote, a slash in an id, or too long an id.
    case malformed(name: String)
    /// A setting is wrong: an unknown profile, a broken file, a bad URL. A sentence that says what to write; retrying does not
    /// help.
    case configuration(String)
    /// A configured source did not respond, or its response was invalid. A sentence; retrying may help.
    case unavailable(String)
    /// A configured source refused the request. A sentence; retrying helps only after its settings have been changed.
    case refused(String)

    /// Whether retrying may help. If so, the service starts anyway, and retries until it has credentials.
    package var isTransient: Bool {
        switch self {
        case .expired, .unavailable, .refused: true
        case .notConfigured, .notSet, .incomplete, .malformed, .configuration: false
        }
    }

    /// Whether the failure may resolve itself.
    var isOutage: Bool {
        switch self {
        case .expired, .unavailable: true
        case .notConfigured, .notSet, .incomplete, .malformed, .configuration, .refused: false
        }
    }

    package var description: String {
        switch self {
        case .notConfigured(let reason): reason
        case .notSet(let names): "no AWS credentials were found: set \(names.joined(separator: " and ")) in the environment"
        case .incomplete(let missing): "only one of the two AWS key variables is set: set \(missing) too"
        case .expired: "the AWS credentials have expired: renew them"
        case .malformed(let name):
            "\(name) is not valid: set it to the bare value, without white space, quotes and control characters; an access key "
                + "id also has no slash, and at most \(Self.longestAccessKeyID) characters"
        case .configuration(let sentence), .unavailable(let sentence), .refused(let sentence): sentence
        }
    }

    /// The maximum length of an AWS access key id (`AccessKey`, IAM API Reference).
    static let longestAccessKeyID = 128
}
