// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import TenantRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The outermost middleware: takes the request down, answers preflights, turns every error into a problem, counts.
struct FrontDoor: RouterMiddleware {
    typealias Context = PublicContext

    let state: ServiceState
    let metrics: ServiceMetrics
    let decisions: DecisionLog
    let trustedProxies: [AddressRange]

    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")

    func handle(
        _ request: Request,
        context: PublicContext,
        next: (Request, PublicContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        let origins = request.headers[values: .origin]
        let arrival = Arrival(
            snapshot: state.current,
            time: Date(),
            authorization: request.headers[values: .authorization],
            origin: origins.first,
            requestID: context.requestID,
            peer: Peer(
                connection: context.connection,
                forwardedFor: trustedProxies.isEmpty ? [] : Self.forwardedFor.map { request.headers[values: $0] } ?? [],
                trusted: trustedProxies
            )
        )
        var route = RequestRoute(path: request.uri.path)
        var response: Response
        var code: ProblemCode?
        if origins.count > 1 {
            let problem = Problem(
                .originNotAllowed, detail: "Send one Origin header field at most; this request has \(origins.count).")
            metrics.answered(problem.code)
            (response, code) = (problem.response(requestID: arrival.requestID), problem.code)
        } else if CrossOrigin.isPreflight(request.head) {
            route = .preflight
            response = preflight(request, arrival)
        } else {
            var context = context
            context.arrival = arrival
            (response, code) = await answer(request, context, arrival, next)
        }
        response.headers[.vary] = "Origin"
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if let origin = arrival.origin, arrival.snapshot.origins.contains(origin), code != .originNotAllowed {
            CrossOrigin.expose(&response.headers, to: origin)
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        metrics.answered(route, status: response.status.code, seconds: seconds)
        // Also where the router knows no such path or method (RFC 9110, section 9.3.2).
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(
        _ request: Request,
        _ context: PublicContext,
        _ arrival: Arrival,
        _ next: (Request, PublicContext) async throws -> Response
    ) async -> (Response, ProblemCode?) {
        do {
            // The router takes `//v1/tickets/` for the same as `/v1/tickets`; a proxy in front that guards paths does not.
            let path = request.uri.path
            guard path == "/" || RoutePath.methods(of: path) != nil else { throw HTTPError(.notFound) }
            return (try await next(request, context), nil)
        } catch {
            let problem = Problem(error, path: request.uri.path)
            if let failure = error as? AuthenticationFailure { metrics.authenticationFailed(failure.reason) }
            metrics.answered(problem.code)
            if !(error is DecidedProblem) { decisions.refused(problem, cause: error, arrival: arrival) }
            return (problem.response(requestID: arrival.requestID), problem.code)
        }
    }

    private func preflight(_ request: Request, _ arrival: Arrival) -> Response {
        if let fields = CrossOrigin.preflight(request.head, origins: arrival.snapshot.origins) {
            return Response(status: .noContent, headers: fields)
        }
        let problem = Problem(
            .originNotAllowed,
            detail: "Pages of this origin may not ask: an operator adds it to 'origins' of a tenant's rule file."
        )
        metrics.answered(problem.code)
        return problem.response(requestID: arrival.requestID)
    }
}
