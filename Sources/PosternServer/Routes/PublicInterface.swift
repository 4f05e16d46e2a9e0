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

/// The public interface: each request becomes its response here, in one synchronous call. Tests call it without a socket.
struct PublicInterface: Sendable {
    /// A page at `GET /`, as `postern dev` has one; nil where the request may not have it.
    typealias FrontPage = @Sendable (RequestHead) -> Response?

    private let metrics: ServiceMetrics
    private let decisions: DecisionLog
    private let trustedProxies: [AddressRange]
    private let hosts: HostNames?
    private let frontPage: FrontPage?
    private let tickets: TicketRoute
    private let batch: BatchRoute
    private let random = RandomPool()

    init(
        metrics: ServiceMetrics, decisions: DecisionLog, trustedProxies: [AddressRange] = [], hosts: HostNames? = nil,
        frontPage: FrontPage? = nil
    ) {
        let desk = TicketIssuer(signer: PolicySigner(), decisions: decisions)
        self.metrics = metrics
        self.decisions = decisions
        self.trustedProxies = trustedProxies
        self.hosts = hosts
        self.frontPage = frontPage
        tickets = TicketRoute(desk: desk)
        batch = BatchRoute(desk: desk, metrics: metrics)
    }

    // MARK: Fields that responses share

    private static let always: ResponseFields = ["Vary": "Origin", "X-Content-Type-Options": "nosniff"]
    private static let uncached = always.adding("Cache-Control", "no-store")
    static let jsonFields = uncached.adding("Content-Type", "application/json")
    private static let document = Response(
        status: 200,
        shared: always.adding("Content-Type", "application/yaml").adding("Cache-Control", "public, max-age=300"),
        body: .buffer(ByteBuffer(bytes: PackageResources.openapi_yaml))
    )
    private static let health = Response(status: 200, shared: jsonFields, body: .bytes(Array(#"{"status":"ok"}"#.utf8)))

    // MARK: Responding

    /// Answers a whole request.
    /// - Parameters:
    ///   - route: what its path names
    ///   - snapshot: rules, keys and credentials in force
    func respond(to request: Request, _ route: Route, snapshot: ServiceSnapshot) -> Response {
        let arrival = arrival(request.head, snapshot)
        let label = Self.label(request.head, route)
        var response: Response
        var code: ProblemCode?
        do {
            response = try answer(request, route, arrival)
        } catch {
            (response, code) = refuse(error, arrival)
        }
        finish(&response, arrival, code: code)
        count(label, response, request.head)
        return response
    }

    /// Answers a client that waits for `100 Continue`, where its head alone is reason enough to refuse it.
    func refusalWithoutBody(_ head: RequestHead, _ route: Route, snapshot: ServiceSnapshot) -> Response? {
        let arrival = arrival(head, snapshot)
        do {
            guard try answerByHead(head, route, arrival) == nil else { return nil }
            _ = try TenantContext(arrival)
            try JSONBody.check(head)
            return nil
        } catch {
            var (response, code) = refuse(error, arrival)
            finish(&response, arrival, code: code)
            count(.route(route), response, head)
            return response
        }
    }

    /// Answers what the connection refused.
    /// - Parameter head: nil where it could not be read
    func respond(
        to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, snapshot: ServiceSnapshot, at now: Date
    ) -> Response {
        let problem = ProblemDetails(rejection)
        let arrival = head.map { self.arrival($0, snapshot) }
        let requestID = arrival?.requestID ?? makeRequestID()
        metrics.answered(problem.code)
        metrics.answered(.route(.other), status: problem.code.status, seconds: 0)
        decisions.rejected(problem, requestID: requestID, peer: arrival?.peer.address ?? peer?.description ?? "-", at: now)
        var response = problem.response(requestID: requestID)
        response.shared = Self.uncached
        if let arrival {
            finish(&response, arrival, code: problem.code)
        } else {
            response.fields.add("X-Request-Id", requestID)
        }
        return response
    }

    private func answer(_ request: Request, _ route: Route, _ arrival: RequestInfo) throws -> Response {
        if let response = try answerByHead(request.head, route, arrival) { return response }
        let context = try TenantContext(arrival)
        switch route {
        case .tickets: return try tickets.respond(to: request, context)
        case .batch: return try batch.respond(to: request, context)
        default: return RulesRoute().respond(context)
        }
    }

    /// The response where neither a body nor the asker matters; nil where they do.
    private func answerByHead(_ head: RequestHead, _ route: Route, _ arrival: RequestInfo) throws(ProblemDetails) -> Response? {
        if let problem = hosts?.problem(of: head, setting: nil) { throw problem }
        guard arrival.origins.count <= 1 else {
            throw ProblemDetails(
                .originNotAllowed,
                detail: "Send one Origin header field at most; this request has \(arrival.origins.count).")
        }
        if CrossOrigin.isPreflight(head) {
            guard let fields = CrossOrigin.preflight(head, origins: arrival.snapshot.origins) else {
                throw ProblemDetails(
                    .originNotAllowed,
                    detail: "Pages of this origin may not ask: an operator adds it to 'origins' of a tenant's rule file.")
            }
            return Response(status: 204, shared: Self.uncached, fields: fields)
        }
        let nothing = ProblemDetails(
            .notFound, detail: "There is nothing at this path: the interface is described at /openapi.yaml.")
        guard route != .other, route != .page || frontPage != nil else { throw nothing }
        guard route.methods.contains(head.method.rawValue) else {
            throw ProblemDetails(
                .methodNotAllowed, detail: "Use \(route.methods.joined(separator: ", ")) on this path.",
                extras: [.strings("allowed", route.methods)], allow: route.methods)
        }
        switch route {
        case .health: return Self.health
        case .document: return Self.document
        case .page:
            guard let page = frontPage?(head) else { throw nothing }
            return page
        case .tickets, .batch, .rules, .other: return nil
        }
    }

    private func refuse(_ error: any Error, _ arrival: RequestInfo) -> (Response, ProblemCode) {
        let problem = ProblemDetails(error)
        if let failure = error as? AuthenticationError { metrics.authenticationFailed(failure.reason) }
        metrics.answered(problem.code)
        if !(error is LoggedProblem) { decisions.refused(problem, cause: error, arrival: arrival) }
        var response = problem.response(requestID: arrival.requestID)
        response.shared = Self.uncached
        return (response, problem.code)
    }

    private func finish(_ response: inout Response, _ arrival: RequestInfo, code: ProblemCode?) {
        response.fields.add("X-Request-Id", arrival.requestID)
        if let origin = arrival.origin, code != .originNotAllowed, response.status != 204,
            arrival.snapshot.origins.contains(origin)
        {
            CrossOrigin.expose(&response.fields, to: origin)
        }
    }

    private func count(_ label: RequestLabel, _ response: Response, _ head: RequestHead) {
        let seconds = Double((NIODeadline.now() - head.received).nanoseconds) / 1e9
        metrics.answered(label, status: response.status, seconds: seconds)
    }

    // MARK: Taking a request down

    private static func label(_ head: RequestHead, _ route: Route) -> RequestLabel {
        head.method == .OPTIONS && CrossOrigin.isPreflight(head) ? .preflight : .route(route)
    }

    private func arrival(_ head: RequestHead, _ snapshot: ServiceSnapshot) -> RequestInfo {
        let peer = ClientAddress(
            connection: head.peer, forwardedFor: trustedProxies.isEmpty ? [] : head.values("x-forwarded-for"),
            trusted: trustedProxies)
        return RequestInfo(
            snapshot: snapshot,
            time: head.date,
            authorization: head.values("authorization"),
            origins: head.values("origin"),
            requestID: givenRequestID(head, peer) ?? makeRequestID(),
            peer: peer
        )
    }

    /// The id that a trusted proxy gave the request: 1 to 128 letters, digits, `-`, `_`, `.`, `=` or `/`.
    private func givenRequestID(_ head: RequestHead, _ peer: ClientAddress) -> String? {
        guard !trustedProxies.isEmpty, peer.isProxy else { return nil }
        let values = head.values("x-request-id")
        guard values.count == 1, let id = values.first, (1...128).contains(id.utf8.count),
            id.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "-_.=/".utf8.contains($0) })
        else { return nil }
        return id
    }

    private func makeRequestID() -> String {
        RequestID.make(random)
    }
}

extension ResponseFields {
    fileprivate func adding(_ name: String, _ value: String) -> ResponseFields {
        var fields = self
        fields.add(name, value)
        return fields
    }
}

/// Ids of requests: 128 random bits as 32 hexadecimal digits.
enum RequestID {
    static func make(_ random: RandomPool) -> String {
        let words = (random.next(), random.next())
        return String(unsafeUninitializedCapacity: 32) { text in
            for digit in 0..<16 {
                text[digit] = Hexadecimal.digit(UInt8(words.0 >> UInt64(4 * digit) & 0xf))
                text[16 + digit] = Hexadecimal.digit(UInt8(words.1 >> UInt64(4 * digit) & 0xf))
            }
            return 32
        }
    }
}
