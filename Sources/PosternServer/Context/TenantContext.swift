// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth

/// A request whose asker is known. Its initialiser authenticates: a route that takes this context cannot forget to.
struct TenantContext {
    let arrival: RequestInfo
    let principal: Principal
    let served: ServedTenant

    var tenant: Tenant { served.tenant }

    /// - Throws: `AuthenticationError`; `ProblemDetails` where the clock cannot be right, or the tenant is not known or does not list
    ///   the origin
    init(_ arrival: RequestInfo) throws {
        try ClockRange.check(arrival.time)
        let principal = try arrival.snapshot.authenticator.authenticate(authorization: arrival.authorization, at: arrival.time)
        guard let served = arrival.snapshot.tenant(principal.tenant) else {
            throw ProblemDetails(.tenantUnknown, detail: "The token is valid, but its tenant is not set up here.")
        }
        if let origin = arrival.origin, !served.tenant.origins.contains(origin) {
            throw ProblemDetails(
                .originNotAllowed,
                detail: "Pages of this origin may not ask for this tenant: its operator adds the origin under 'origins'."
            )
        }
        self.arrival = arrival
        self.principal = principal
        self.served = served
    }
}
