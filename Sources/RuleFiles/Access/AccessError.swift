// SPDX-License-Identifier: Apache-2.0

import UploadRules

/// Why a tenant refuses an authenticated caller, or the user that a request names, before a rule judges the request.
package enum AccessError: Error, Sendable, Hashable {
    /// No tenant accepts the caller.
    case tenantUnknown
    /// The tenant's file has `suspended: true`.
    case tenantSuspended
    /// The token was issued before the tenant's `deny.issuedBefore`, or does not say when.
    case issuedTooEarly
    /// The tenant's `deny.users` has the user.
    case userDenied
    /// The tenant's `origins` do not have the origin of the request.
    case originNotAllowed
    /// A request with a token names a user.
    case userNamedByToken
    /// The API key is limited to some users, and the request names none.
    case userMissing
    /// The API key is limited to other users.
    case userNotAllowed
    /// The user that the request of an API key names does not have 1 to 256 bytes.
    case userInvalid
}

extension AccessError {
    /// A plain sentence that says what to do. It repeats nothing of the request.
    package var detail: String {
        switch self {
        case .tenantUnknown: "The token is valid, but no tenant here accepts it: ask the operator to add or change a rule file."
        case .tenantSuspended: "The operator has suspended this tenant: no tickets are issued for it."
        case .issuedTooEarly: "The operator has refused tokens of this age: get a new token from your identity provider."
        case .userDenied: "The operator has blocked this user: no tickets are issued for the user."
        case .originNotAllowed:
            "Pages from this origin may not request tickets of this tenant; add the origin to 'origins' in its rule file."
        case .userNamedByToken:
            "A token is for its own user: leave 'user' out. Only requests with an API key may name a user."
        case .userMissing: "This API key is limited to certain users: name one of them in 'user'."
        case .userNotAllowed:
            "This API key may not name that user: ask the operator to add the user to the key's 'allowUsers'."
        case .userInvalid: "The member 'user' must have 1 to \(Uploader.maximumUserBytes) bytes."
        }
    }
}
