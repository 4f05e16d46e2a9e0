// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An error that STS returned, with advice for operators ("Common errors" and the errors of each action, AWS STS API Reference).
struct STSError: Equatable {
    /// Letters and digits, 64 at most; nil if the response has none.
    let code: String?
    let status: Int

    init(_ response: STSResponse?, status: Int) {
        let named = response?["ErrorResponse/Error/Code"] ?? response?["Error/Code"] ?? response?["Response/Errors/Error/Code"]
        let isCode = named.map { code in
            (1...64).contains(code.utf8.count) && code.utf8.allSatisfy(\.isASCIILetterOrDigit)
        }
        code = isCode == true ? named : nil
        self.status = status
    }

    /// Whether the cause of the error is STS itself and not the request.
    var isOutage: Bool {
        // A response without a code comes from an intermediary, not from STS.
        code == nil || status >= 500 || status == 429 || Self.throttling.contains(code ?? "") || code == "IDPCommunicationError"
    }

    private static let throttling: Set = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"]

    /// Returns a sentence for operators.
    /// - Parameters:
    ///   - action: the action of the request
    ///   - host: the host of STS
    func message(action: String, host: String) -> String {
        guard let code else {
            return
                "STS at \(host) returned status \(status) without an error code to \(action): check that this is the address of STS"
        }
        return "STS at \(host) refused \(action) (\(code))" + (Self.advice(code, action).map { ": \($0)" } ?? "")
    }

    private static func advice(_ code: String, _ action: String) -> String? {
        switch code {
        case "AccessDenied", "AccessDeniedException":
            switch action {
            case "AssumeRole":
                "the role's trust policy must name the caller, with this external id if it requires one, and the caller must be "
                    + "allowed sts:AssumeRole"
            case "AssumeRoleWithWebIdentity": "the role's trust policy must name the token's issuer, audience and subject"
            default: nil
            }
        case "InvalidIdentityToken": "the token's issuer must be an identity provider of the role's account, with this audience"
        case "ExpiredTokenException", "ExpiredToken":
            action == "AssumeRoleWithWebIdentity"
                ? "the web identity token has expired: check the platform that renews its file"
                : "the session token of the calling credentials has expired: renew them"
        case "IDPRejectedClaim": "the identity provider no longer accepts the token: check that its account is active there"
        case "IDPCommunicationError": "STS cannot reach the identity provider: check that it is reachable from the internet"
        case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId":
            "STS does not know the access key of the request: check that it exists, and belongs to this account and not to another store"
        case "SignatureDoesNotMatch", "InvalidSignatureException":
            "check the calling secret access key, the region and this machine's clock"
        case "RequestExpired", "RequestTimeTooSkewed": "this machine's clock is wrong: set it"
        case "RegionDisabledException": "STS is not active in this region for the account: activate it, or set another AWS_REGION"
        case "MalformedPolicyDocument", "MalformedPolicyDocumentException":
            "the session policy is not accepted: remove sessionPolicy from the rule file"
        case "PackedPolicyTooLarge":
            "the session policy is too long: give each tenant fewer rules and prefixes, or use several roles"
        case "ValidationError":
            "a parameter is not valid: check that duration_seconds is within the role's maximum session duration"
        case "NoSuchEntity", "NoSuchEntityException", "NoSuchRole": "there is no such role: check its ARN"
        case _ where throttling.contains(code):
            "it limits the rate of requests; Postern tries again later"
        default: nil
        }
    }
}
