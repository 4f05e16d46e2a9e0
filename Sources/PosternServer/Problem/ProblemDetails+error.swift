// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import UploadRules
import UserAuth
import WireFormats

extension ProblemDetails {
    /// The one place that turns an error of any target into a response.
    init(_ error: any Error) {
        switch error {
        case let problem as ProblemDetails: self = problem
        case let decided as LoggedProblem: self = decided.problem
        case let failure as AuthenticationError: self.init(failure)
        case let refusal as Refusal: self.init(refusal)
        case let syntax as JSONSyntaxError: self.init(.malformedJSON, detail: "The body is not valid JSON: \(syntax).")
        case is CredentialError:
            self.init(
                .credentialsUnavailable, detail: "There are no valid credentials to sign with at the moment.", retryAfter: 5)
        default: self = .internalError
        }
    }

    /// Every failed check is the same 401, but a service that has no keys yet says so.
    private init(_ failure: AuthenticationError) {
        if case .keysUnavailable = failure {
            self.init(.keysUnavailable, detail: "The keys of the token's issuer have not been fetched yet.", retryAfter: 5)
        } else {
            self = .unauthenticated
        }
    }
}
