// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What lets a client upload one file: a signed form, or a presigned URL.
package enum SignedUpload: Sendable {
    /// A form, and the URL to post it to, which ends in `/`.
    case post(SignedForm, url: String)
    case put(PresignedPut)
}

/// Why an admitted request cannot be signed.
package enum SigningError: Error, Sendable, Equatable {
    /// What the request asks for does not fit into a form or a header.
    case refused(Refusal)
    /// The form is too large because of the session token.
    case sessionTokenTooLong
    /// The policy would fit into this many bytes of base64, the most that the store takes, without the session token.
    case sessionTokenTooLongForStore(maximum: Int)
    /// Another fault: of the credentials, of the dates, or of libcrypto.
    case failed(PolicyError)
}

extension Admission {
    /// Signs the upload as its store takes it. Tickets, `postern doctor` and `postern explain` all sign here.
    /// - Parameters:
    ///   - store: the rule's store
    ///   - end: when the store stops accepting the upload
    ///   - now: the current time
    package func sign(
        for store: Store, until end: Date, by signer: PolicySigner, with credentials: SigningCredentials, at now: Date
    ) throws(SigningError) -> SignedUpload {
        switch store.method {
        case .post: .post(try form(for: store, until: end, by: signer, with: credentials, at: now), url: store.endpoint.url)
        case .put: .put(try put(to: store, until: end, by: signer, with: credentials, at: now))
        }
    }

    private func form(
        for store: Store, until end: Date, by signer: PolicySigner, with credentials: SigningCredentials, at now: Date
    ) throws(SigningError) -> SignedForm {
        let form: SignedForm
        do throws(PolicyError) {
            let policy = try policy(for: store.endpoint, expiration: end)
            form = try signer.sign(policy, version: store.signature, credentials: credentials, region: store.region, at: now)
        } catch {
            if credentials.sessionToken != nil, error.isSessionTokenTooLong { throw .sessionTokenTooLong }
            if case .formTooLarge = error { throw .refused(.formTooLarge) }
            throw .failed(error)
        }
        guard let maximum = store.maxPolicyBytes, form.policyBytes > maximum else { return form }
        if let token = credentials.sessionToken {
            let condition = "{\"X-Amz-Security-Token\":\"\"},".utf8.count + token.utf8.count
            if (form.policyJSON.count - condition + 2) / 3 * 4 <= maximum {
                throw .sessionTokenTooLongForStore(maximum: maximum)
            }
        }
        throw .refused(.policyTooLong(bytes: form.policyBytes, max: maximum))
    }

    private func put(
        to store: Store, until end: Date, by signer: PolicySigner, with credentials: SigningCredentials, at now: Date
    ) throws(SigningError) -> PresignedPut {
        do throws(PolicyError) {
            return try signer.presign(
                try putUpload(to: store.endpoint, expiration: end), credentials: credentials, at: now)
        } catch {
            switch error {
            case .formTooLarge: throw .refused(.headersTooLarge)
            case .fieldValueInvalid: throw .refused(.headerImpossible)
            default: throw .failed(error)
            }
        }
    }
}

/// When a ticket ends: after the rule's time, or earlier if the credentials end first.
///
/// A store refuses an upload whose session has ended, whatever was signed as its end.
package struct TicketExpiry: Sendable {
    /// Tickets end this many seconds before their credentials.
    package static let margin = 60.0
    /// The shortest lifetime, in seconds: a ticket that the credentials would make shorter is not issued.
    package static let shortest = 30.0

    /// The end, in whole seconds.
    package let instant: Date

    /// Returns nil if the credentials end too soon.
    package init?(ruleSeconds: Int, credentials: SigningCredentials, at now: Date) {
        let wanted = now.timeIntervalSince1970 + Double(ruleSeconds)
        guard let end = credentials.expiration?.timeIntervalSince1970 else {
            instant = Date(timeIntervalSince1970: wanted.rounded(.down))
            return
        }
        let possible = min(wanted, end - Self.margin)
        guard possible >= wanted || possible - now.timeIntervalSince1970 >= Self.shortest else { return nil }
        instant = Date(timeIntervalSince1970: possible.rounded(.down))
    }
}
