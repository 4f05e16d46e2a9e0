// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What STS said no with: its error code, and what an operator can do ("Common errors" and the errors of each action in the
/// API reference of STS).
struct STSError: Equatable {
    /// Letters and digits, 64 at most; nil where the answer names none.
    let code: String?
    let status: Int

    init(_ answer: XMLAnswer?, status: Int) {
        let named = answer?["ErrorResponse/Error/Code"] ?? answer?["Error/Code"] ?? answer?["Response/Errors/Error/Code"]
        let isCode = named.map { code in
            (1...64).contains(code.utf8.count) && code.utf8.allSatisfy(\.isASCIILetterOrDigit)
        }
        code = isCode == true ? named : nil
        self.status = status
    }

    /// Whether STS is in trouble itself, and not what it was asked.
    var isOutage: Bool {
        // Without a code it was not STS that spoke.
        code == nil || status >= 500 || status == 429 || Self.throttling.contains(code ?? "") || code == "IDPCommunicationError"
    }

    private static let throttling: Set = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"]

    /// The sentence for an operator.
    /// - Parameters:
    ///   - action: what STS was asked to do
    ///   - host: which STS it was
    func sentence(_ action: String, host: String) -> String {
        guard let code else { return "STS at \(host) answered \(action) with status \(status) and no error code" }
        return "STS at \(host) refused \(action) (\(code))" + (Self.advice(code, action).map { ": \($0)" } ?? "")
    }

    private static func advice(_ code: String, _ action: String) -> String? {
        switch code {
        case "AccessDenied", "AccessDeniedException":
            switch action {
            case "AssumeRole":
                "the role's trust policy must name the caller, with this external id if it asks for one, and the caller must be "
                    + "allowed sts:AssumeRole"
            case "AssumeRoleWithWebIdentity": "the role's trust policy must name the token's issuer, audience and subject"
            default: nil
            }
        case "InvalidIdentityToken": "the token's issuer must be an identity provider of the role's account, with this audience"
        case "ExpiredTokenException", "ExpiredToken":
            action == "AssumeRoleWithWebIdentity"
                ? "the web identity token has ended: whoever writes its file must renew it"
                : "the session token of the calling credentials has ended: renew them"
        case "IDPRejectedClaim": "the identity provider does not accept the token any more"
        case "IDPCommunicationError": "STS cannot reach the identity provider"
        case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId":
            "the calling access key is unknown there: is it deleted, or of another account or store?"
        case "SignatureDoesNotMatch", "InvalidSignatureException":
            "the calling secret access key, the region or this machine's clock is wrong"
        case "RequestExpired", "RequestTimeTooSkewed": "this machine's clock is wrong"
        case "RegionDisabledException": "STS is not active in this region for the account: activate it, or set another AWS_REGION"
        case "MalformedPolicyDocument", "MalformedPolicyDocumentException": "the session policy is not accepted"
        case "PackedPolicyTooLarge": "the session policy is too long: fewer rules and prefixes for each tenant, or several roles"
        case "ValidationError":
            "a value is out of its bounds: is the role's maximum session duration shorter than duration_seconds, or a name not allowed?"
        case "NoSuchEntity", "NoSuchEntityException", "NoSuchRole": "there is no such role"
        case _ where throttling.contains(code):
            "it has too much to do; it is asked again later"
        default: nil
        }
    }
}
