// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import UploadRules
import UserAuth
import WireFormats

extension TicketJudgement.Cause {
    /// What an operator can do so that the request gets a ticket.
    /// - Parameters:
    ///   - name: the rule that the request names
    ///   - rules: the names of the tenant's rules
    func advice(rule name: String?, among rules: [String]) -> String {
        switch self {
        case .authentication(let error): error.explainAdvice
        case .access(let error): error.explainAdvice
        case .refusal(let refusal): refusal.explainAdvice(rule: name, among: rules)
        case .request: "The client must send another request: no rule would take this one."
        }
    }
}

extension AuthenticationError {
    fileprivate var explainAdvice: String {
        switch self {
        case .issuerEnded: "Change or remove 'until' of the issuer's entry, or let users get tokens of another issuer."
        case .apiKeyExpired: "Make a new key with 'postern key new', or change 'expires'."
        case .issuedTooEarly: "Change 'deny.issuedBefore', which refuses also a token of this moment."
        case .requiredClaimMissing(let claim), .requiredClaimMismatch(let claim):
            "The issuer's 'claims' require another value of \(claim.quoted): change it there, or ask for another user or claim."
        case .userMissing, .userMalformed: "A user has 1 to \(Uploader.maximumUserBytes) bytes: give another --user."
        case .scopesMalformed: "A token has at most 128 scopes of 1 to 256 bytes: give other ones with --scope."
        case .tenantMissing, .tenantMalformed: "The tenant claim has 1 to 256 bytes: write a shorter alias."
        default: "The service would refuse such a token (\(reason)): 'postern whoami' says more about a real one."
        }
    }
}

extension AccessError {
    fileprivate var explainAdvice: String {
        switch self {
        case .tenantUnknown:
            "The tenant does not accept tokens of this issuer: write serviceIssuers, or an alias for it, in its file."
        case .tenantSuspended: "Remove 'suspended', or write suspended: false."
        case .issuedTooEarly: "Change 'deny.issuedBefore', which refuses also a token of this moment."
        case .userDenied: "Remove the user from 'deny.users'."
        case .originNotAllowed: "Add the origin to 'origins', or let the page be served from one that is listed."
        case .userNamedByToken: "Only requests with an API key name a user: leave 'user' out of the request."
        case .userMissing: "Let the request name one of the key's 'allowUsers', or remove 'allowUsers'."
        case .userNotAllowed: "Add the user to 'allowUsers' of the key."
        case .userInvalid: "Let the request name a user of 1 to \(Uploader.maximumUserBytes) bytes."
        }
    }
}

extension Refusal {
    fileprivate func explainAdvice(rule name: String?, among rules: [String]) -> String {
        switch self {
        case .ruleUnknown(let allowed):
            if let name, rules.contains(where: { $0.hasSameBytes(as: name) }) {
                return "This caller may not use the rule: change the line, or let the caller name another rule."
            } else if let meant = name?.closestMatch(in: allowed) {
                return "Did you mean the rule \(meant)?"
            }
            return "Add the rule, or let the client name one that exists."
        case .ruleRequired: return "The caller may use several rules, or none: let the request name one, or add one."
        case .scopeMissing(let scope): return "Let the issuer give the scope \(scope.quoted), or change 'requireScope'."
        case .claimMissing(let name):
            return
                "Let the issuer's tokens have the claim that its 'attributes' call \(name.quoted) (--claim \(name)=…), or change the template."
        case .userRequired: return "Let the back end name the user in 'user', or use a rule without {user}."
        case .contentTypeNotAllowed: return "Add the type to 'contentTypes', or let the client send a file of another type."
        case .sizeTooLarge: return "Raise 'maxSize', or let the client send a smaller file."
        case .sizeTooSmall: return "Lower 'minSize', or let the client send a larger file."
        case .sizeRequired: return "With method: put each ticket is for one size: let the client send 'size'."
        case .checksumRequired: return "Let the client send the checksum, or change 'checksum'."
        case .checksumNotAllowed: return "Add the algorithm to 'checksum.algorithms', or let the client send another one."
        case .checksumMalformed: return "The client computes or encodes the checksum wrongly."
        case .metadataNotAllowed: return "Add the name to 'metadata.allowed', or let the client leave it out."
        case .parameterInvalid(.unknown): return "Declare the parameter under 'parameters', or let the client leave it out."
        case .parameterInvalid: return "Let the client send the parameter, or change 'parameters' and the template that uses it."
        case .keyTooLong: return "Shorten 'keyPrefix' or 'keyName', or let the client send a shorter name."
        case .formTooLarge, .headersTooLarge:
            return "A store reads no more: use fewer or shorter fields in the rule, or let the client send less."
        case .headerImpossible:
            return "A header field has only visible ASCII: let the client send another name or other metadata."
        case .policyTooLong: return "Raise 'maxPolicyBytes' if the store takes more, or shorten what the rule signs."
        case .invalid(_, .request): return "The client must send another request: no rule would take this one."
        case .invalid: return "Let the client send other values, or change the line."
        }
    }
}
