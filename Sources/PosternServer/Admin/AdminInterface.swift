// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The admin listener: for the operator's tools, never for the public.
struct AdminInterface: Responder {
    private enum Route: String, CaseIterable {
        case health = "/healthz"
        case ready = "/readyz"
        case metrics = "/metrics"
    }

    private static let shared: ResponseFields = ["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"]

    private let readiness: Readiness
    private let probe: HealthProbe
    private let state: ServiceState
    private let metrics: MetricsExposition
    private let clock: ServiceClock
    private let hosts: HostNames
    private let random = RandomPool()

    init(
        readiness: Readiness, probe: HealthProbe, state: ServiceState, metrics: MetricsExposition, clock: ServiceClock,
        hosts: HostNames
    ) {
        self.readiness = readiness
        self.probe = probe
        self.state = state
        self.metrics = metrics
        self.clock = clock
        self.hosts = hosts
    }

    func endpoint(for head: RequestHead) -> Endpoint {
        Endpoint(.whole(maxBytes: 16 * 1024) { respond(to: $0) })
    }

    func respond(to request: Request) -> Answer {
        // A page whose name was made to point here (DNS rebinding) must not read what the operator reads.
        if let problem = hosts.problem(of: request.head, setting: "adminHosts") { return .now(refuse(problem)) }
        let path = request.head.path
        guard let route = Route(rawValue: path) else {
            let paths = Route.allCases.map(\.rawValue).joined(separator: ", ")
            return .now(refuse(ProblemDetails(.notFound, detail: "There is nothing at this path: try \(paths).")))
        }
        guard request.head.method == .GET || request.head.method == .HEAD else {
            return .now(refuse(ProblemDetails(.methodNotAllowed, detail: "Use GET on this path.", allow: ["GET", "HEAD"])))
        }
        switch route {
        case .health:
            let requestID = RequestID.make(random)
            return .later { [probe] loop in
                probe.publicPortAnswers(on: loop).map { answers in
                    var response = Self.health(answers)
                    response.fields.add("X-Request-Id", requestID)
                    return response
                }
            }
        case .ready:
            return .now(ready())
        case .metrics:
            var fields: ResponseFields = ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"]
            fields.add("X-Request-Id", RequestID.make(random))
            return .now(Response(status: 200, shared: Self.shared, fields: fields, body: .bytes(Array(metrics.text().utf8))))
        }
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        refuse(ProblemDetails(rejection))
    }

    private func refuse(_ problem: ProblemDetails) -> Response {
        let requestID = RequestID.make(random)
        var response = problem.response(requestID: requestID)
        response.shared = Self.shared
        response.fields.add("X-Request-Id", requestID)
        return response
    }

    private static func health(_ answers: Bool) -> Response {
        status(answers ? "ok" : "failed", ok: answers) { json in
            if !answers { json.member("reasons", ["the public port does not answer GET /healthz within 2 s"]) }
        }
    }

    private func ready() -> Response {
        let moment = clock.moment()
        let report = readiness.report(at: moment.date)
        let answer = ReadinessResponse(
            snapshot: state.current, report: report, connections: readiness.connections, moment: moment)
        var response = Self.status(report.isReady ? "ready" : "not-ready", ok: report.isReady) { answer.write(to: &$0) }
        response.fields.add("X-Request-Id", RequestID.make(random))
        return response
    }

    private static func status(_ word: String, ok: Bool, _ more: (inout JSONWriter) -> Void) -> Response {
        let json = JSONWriter.object { json in
            json.member("status", word)
            more(&json)
        }
        return Response(status: ok ? 200 : 503, shared: shared, fields: ["Content-Type": "application/json"], body: .bytes(json))
    }
}
