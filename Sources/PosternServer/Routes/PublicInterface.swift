// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import PostPolicy
import RuleFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The public interface: turns each request into its response in one synchronous call; only the audit log can delay it.
struct PublicInterface: Sendable {
    /// Answers `GET` and `HEAD` of the paths that only `postern dev` has; returns nil for any other request.
    typealias Pages = @Sendable (RequestHead) -> Response?

    private let metrics: ServiceMetrics
    private let log: DecisionLog
    private let audit: AuditLog?
    private let hosts: HostNames?
    private let pages: Pages?
    private let tickets: TicketRoute
    private let batch: BatchRoute
    private let presign: PresignRoute
    private let random = RandomPool()

    init(
        metrics: ServiceMetrics, log: DecisionLog, audit: AuditLog? = nil, hosts: HostNames? = nil, pages: Pages? = nil
    ) {
        let issuer = TicketIssuer(signer: PolicySigner(), log: log, audit: audit)
        self.metrics = metrics
        self.log = log
        self.audit = audit
        self.hosts = hosts
        self.pages = pages
        tickets = TicketRoute(issuer: issuer)
        batch = BatchRoute(issuer: issuer, metrics: metrics)
        presign = PresignRoute(issuer: issuer)
    }

    // MARK: Constant responses

    private static let commonFields = commonFields(vary: "Origin")
    static let uncachedFields = commonFields.adding("Cache-Control", "no-store")
    /// Of a response that depends on `Accept` too.
    static let negotiatedFields = commonFields(vary: "Accept, Origin").adding("Cache-Control", "no-store")
    private static let document = documentResponse("application/yaml", PackageResources.openapi_yaml)
    private static let documentJSON = documentResponse("application/json", PackageResources.openapi_json)
    private static let health = Response(
        status: 200, shared: uncachedFields.adding("Content-Type", "application/json"),
        body: .bytes(Array(#"{"status":"ok"}"#.utf8)))

    private static func commonFields(vary: String) -> ResponseFields {
        ["Vary": vary, "X-Content-Type-Options": "nosniff"]
    }

    private static func documentResponse(_ contentType: String, _ bytes: [UInt8]) -> Response {
        Response(
            status: 200,
            shared: commonFields.adding("Content-Type", contentType).adding("Cache-Control", "public, max-age=300"),
            body: .buffer(ByteBuffer(bytes: bytes))
        )
    }

    // MARK: Responding

    /// Answers a complete request. With an audit log, a response with tickets comes when their lines are written.
    /// - Parameters:
    ///   - route: the route of its path
    ///   - snapshot: the rules, keys and credentials in force
    func answer(to request: Request, _ route: Route, snapshot: ServiceSnapshot) -> Answer {
        let head = request.head
        let info = info(head, snapshot)
        let label: RequestLabel = head.isPreflight ? .preflight : .route(route)
        var lines = AuditLines()
        do {
            let response = try makeResponse(to: request, route, info, &lines)
            guard let audit, lines.count > 0 else { return .now(finish(response, label, info, head)) }
            let written = lines
            return .later { loop in
                audit.write(written, on: loop).map {
                    for ticket in written.tickets { ticket.count() }
                    if route == .batch { metrics.countBatchTickets(written.tickets.count) }
                    return finish(response, label, info, head)
                }.flatMapErrorThrowing { error in
                    for ticket in written.tickets { ticket.countRefusal(.auditUnavailable) }
                    if let ticket = written.tickets.first {
                        log.recordRefusal(.auditUnavailable, cause: error, nil, of: ticket.context, rule: ticket.rule)
                    }
                    let (response, code) = problemResponse(LoggedError(problem: .auditUnavailable), route, info)
                    return finish(response, code: code, label, info, head)
                }
            }
        } catch {
            let (response, code) = problemResponse(error, route, info)
            return .now(finish(response, code: code, label, info, head))
        }
    }

    /// Adds what depends on the request, and counts the response.
    private func finish(
        _ response: Response, code: ProblemCode? = nil, _ label: RequestLabel, _ info: RequestInfo, _ head: RequestHead
    ) -> Response {
        var response = response
        addFields(to: &response, info, code: code)
        count(label, response, head)
        return response
    }

    /// Responds to the head of a request that waits for `100 Continue`, if the head alone is sufficient to refuse it.
    /// - Returns: nil if the body is wanted
    func refusalWithoutBody(_ head: RequestHead, _ route: Route, snapshot: ServiceSnapshot) -> Response? {
        let info = info(head, snapshot)
        do {
            guard try responseWithoutBody(to: head, route, info) == nil else { return nil }
            let context = try TenantContext(info)
            if route.takesJSON { try context.attribute { try head.checkDeclaresJSON() } }
            return nil
        } catch {
            let (response, code) = problemResponse(error, route, info)
            return finish(response, code: code, .route(route), info, head)
        }
    }

    /// Responds to a request that its connection rejected.
    /// - Parameter head: nil if it could not be read
    func respond(
        to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, snapshot: ServiceSnapshot, at now: Date
    ) -> Response {
        let problem = ProblemDetails(rejection)
        let info = head.map { self.info($0, snapshot) }
        let requestID = info?.requestID ?? random.makeRequestID()
        metrics.countProblem(problem.code)
        metrics.countResponse(.route(.other), status: problem.code.status, seconds: 0)
        log.recordRejection(
            problem, requestID: requestID, peer: info?.client.address ?? peer?.description ?? "-", trace: info?.traceParent,
            at: now)
        var response = problem.response(requestID: requestID)
        response.shared = info?.snapshot.fields.uncached ?? Self.uncachedFields
        if let info {
            addFields(to: &response, info, code: problem.code)
        } else {
            response.fields.add("X-Request-Id", requestID)
        }
        return response
    }

    private func info(_ head: RequestHead, _ snapshot: ServiceSnapshot) -> RequestInfo {
        RequestInfo(head, snapshot: snapshot, random: random)
    }

    private func makeResponse(
        to request: Request, _ route: Route, _ info: RequestInfo, _ lines: inout AuditLines
    ) throws -> Response {
        if let response = try responseWithoutBody(to: request.head, route, info) { return response }
        let context = try TenantContext(info)
        switch route {
        case .tickets: return try context.attribute { try tickets.respond(to: request, context, &lines) }
        case .batch: return try context.attribute { try batch.respond(to: request, context, &lines) }
        case .presign: return try context.attribute { try presign.respond(to: request.head, context, &lines) }
        default: return RulesRoute().respond(context)
        }
    }

    /// The response to requests that need neither a body nor a caller; nil for the others.
    private func responseWithoutBody(
        to head: RequestHead, _ route: Route, _ info: RequestInfo
    ) throws(ProblemDetails) -> Response? {
        if let problem = hosts?.problem(of: head, setting: nil) { throw problem }
        guard info.origins.count <= 1 else {
            throw ProblemDetails(
                .originNotAllowed,
                detail: "Send at most one Origin header field; this request has \(info.origins.count).")
        }
        if head.isPreflight, let origin = info.origin {
            guard info.snapshot.origins.contains(origin) else {
                throw ProblemDetails(
                    .originNotAllowed,
                    detail:
                        "Pages from this origin may not request tickets; add the origin to 'origins' in the tenant's rule file.")
            }
            let fields = ResponseFields.preflight(from: origin, requested: head.values("access-control-request-headers"))
            return Response(status: 204, shared: info.snapshot.fields.uncached, fields: fields)
        }
        if route == .other {
            if head.method == .GET || head.method == .HEAD, let page = pages?(head) { return page }
            throw ProblemDetails(
                .notFound, detail: "There is nothing at this path: the interface is described at /openapi.yaml.")
        }
        guard route.methods.contains(head.method.rawValue) else {
            throw ProblemDetails(
                .methodNotAllowed, detail: "Use \(route.methods.joined(separator: ", ")) on this path.",
                extras: [.strings("allowed", route.methods)], allow: route.methods)
        }
        switch route {
        case .health: return Self.health
        case .document: return Self.document
        case .documentJSON: return Self.documentJSON
        case .tickets, .batch, .presign, .rules, .other: return nil
        }
    }

    private func problemResponse(_ error: any Error, _ route: Route, _ info: RequestInfo) -> (Response, ProblemCode) {
        let refusal = error as? TenantRefusal
        let error = refusal?.cause ?? error
        let problem = ProblemDetails(error)
        if let refusal, route.isForTickets { refusal.context.served.countRefusal(problem.code, of: nil) }
        if let error = error as? AuthenticationError { metrics.countAuthenticationFailure(error.reason) }
        metrics.countProblem(problem.code)
        if !(error is LoggedError) { log.recordRefusal(problem, cause: error, of: info, refusal?.context) }
        // Callers that are not authenticated are not audited.
        if let refusal, !(error is AuthenticationError) {
            audit?.recordRefusal(problem, cause: error, nil, rule: nil, of: refusal.context)
        }
        var response = problem.response(requestID: info.requestID)
        response.shared = info.snapshot.fields.uncached
        return (response, problem.code)
    }

    /// Adds the fields that depend on the request.
    private func addFields(to response: inout Response, _ info: RequestInfo, code: ProblemCode?) {
        response.fields.add("X-Request-Id", info.requestID)
        if let origin = info.origin, code != .originNotAllowed, response.status != 204, info.snapshot.origins.contains(origin) {
            response.fields.allow(origin: origin)
        }
    }

    private func count(_ label: RequestLabel, _ response: Response, _ head: RequestHead) {
        let seconds = Double((NIODeadline.now() - head.received).nanoseconds) / 1e9
        metrics.countResponse(label, status: response.status, seconds: seconds)
    }
}

extension ResponseFields {
    fileprivate func adding(_ name: String, _ value: String) -> ResponseFields {
        var fields = self
        fields.add(name, value)
        return fields
    }
}

/// Connects the public listener to the ``PublicInterface``: finds each request's route, and passes on the snapshot in force.
struct PublicResponder: Responder {
    /// The largest bodies, in bytes: of a batch, and of any other request.
    private static let maxBatchBytes = 256 * 1024
    private static let maxBodyBytes = 16 * 1024

    private let interface: PublicInterface
    private let state: ServiceState
    /// By the raw values of their routes.
    private let endpoints: [Endpoint]

    init(_ interface: PublicInterface, state: ServiceState) {
        func endpoint(_ route: Route) -> Endpoint {
            Endpoint(
                .whole(maxBytes: route == .batch ? Self.maxBatchBytes : Self.maxBodyBytes) { request in
                    interface.answer(to: request, route, snapshot: state.current)
                },
                refusal: { interface.refusalWithoutBody($0, route, snapshot: state.current) }
            )
        }
        self.interface = interface
        self.state = state
        endpoints = Route.allCases.map(endpoint)
    }

    func endpoint(for head: RequestHead) -> Endpoint {
        endpoints[Route(path: head.path).rawValue]
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        interface.respond(to: rejection, head: head, peer: peer, snapshot: state.current, at: date)
    }
}
