// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

extension TenantContext {
    /// The permitted rules whose scope the asker has: those that can end in a ticket.
    var usableRules: [UploadRule] { principal.usableRules(of: tenant) }

    /// The rule of this name, or the only one where no name is given. A refusal tells the names of those alone that can end in
    /// a ticket.
    func rule(named name: String?) throws(Refusal) -> UploadRule {
        try tenant.rule(named: name, among: principal.permittedRules(of: tenant), telling: usableRules)
    }

    /// Who is counted by a limit per user: the user, or the API key where it names none.
    func asker(for uploader: Uploader) -> String {
        if let user = uploader.user { return "user " + user }
        guard case .apiKey(let id, _, _) = principal.source else { return "" }
        return "key " + id
    }

    /// On whose behalf the upload is: a token speaks for its own user, an API key for the one it names.
    func uploader(asking asked: UploadRequest) throws(ProblemDetails) -> Uploader {
        switch principal.source {
        case .token:
            guard asked.user == nil else {
                throw ProblemDetails(
                    .userNotAllowed, detail: "A token speaks for its own user: leave 'user' out. Only an API key may name one.")
            }
            return Uploader(tenant: tenant.id, user: principal.user, scopes: principal.scopes)
        case .apiKey(_, _, let allowUsers):
            if let user = asked.user, user.isEmpty || user.utf8.count > Uploader.maximumUserBytes {
                throw ProblemDetails(
                    .invalidRequest, detail: "The member 'user' must have 1 to \(Uploader.maximumUserBytes) bytes.")
            }
            if let allowUsers {
                guard let user = asked.user else {
                    throw ProblemDetails(
                        .userNotAllowed, detail: "This API key asks for certain users only: name one of them in 'user'.")
                }
                guard allowUsers.contains(where: { $0.hasSameBytes(as: user) }) else {
                    throw ProblemDetails(
                        .userNotAllowed,
                        detail: "This API key may not ask on behalf of that user: its operator sets 'allowUsers'.")
                }
            }
            return Uploader(tenant: tenant.id, user: asked.user, scopes: principal.scopes)
        }
    }
}
