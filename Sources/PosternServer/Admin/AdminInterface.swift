// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import NIOPosix
import OutgoingHTTP
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The interface of the admin listener: health, readiness, metrics and a status page, for operators.
struct AdminInterface: Responder {
    private enum Route: String, CaseIterable {
        case health = "/healthz"
        case ready = "/readyz"
        case metrics = "/metrics"
        case page = "/"
        case status = "/status.json"
        case document = "/openapi.yaml"
    }

    private static let commonFields: ResponseFields = ["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"]
    private static let page = StatusPage.page.response()
    private static let document = ByteBuffer(bytes: PackageResources.openapi_admin_yaml)

    private let readiness: Readiness
    private let probe: HealthProbe
    private let state: ServiceState
    private let metrics: MetricsExposition
    private let status: StatusPage
    private let clock: ServiceClock
    private let random = RandomPool()

    init(
        readiness: Readiness, probe: HealthProbe, state: ServiceState, metrics: MetricsExposition, status: StatusPage,
        clock: ServiceClock
    ) {
        self.readiness = readiness
        self.probe = probe
        self.state = state
        self.metrics = metrics
        self.status = status
        self.clock = clock
    }

    func endpoint(for head: RequestHead) -> Endpoint {
        Endpoint(.whole(maxBytes: 16 * 1024) { respond(to: $0) })
    }

    func respond(to request: Request) -> Answer {
        // A web page whose name points here (DNS rebinding) must not read these responses.
        if let problem = state.current.adminHosts.problem(of: request.head, setting: "adminHosts") {
            return .now(problemResponse(problem))
        }
        let path = request.head.path
        guard let route = Route(rawValue: path) else {
            let paths = Route.allCases.map(\.rawValue).joined(separator: ", ")
            return .now(problemResponse(ProblemDetails(.notFound, detail: "There is nothing at this path: try \(paths).")))
        }
        guard request.head.method == .GET || request.head.method == .HEAD else {
            let problem = ProblemDetails(.methodNotAllowed, detail: "Use GET on this path.", allow: ["GET", "HEAD"])
            return .now(problemResponse(problem))
        }
        switch route {
        case .health:
            let requestID = random.makeRequestID()
            return .later { [probe] loop in
                probe.checkPublicPort(on: loop).map { isHealthy in
                    var response = Self.healthResponse(isHealthy)
                    response.fields.add("X-Request-Id", requestID)
                    return response
                }
            }
        case .ready:
            return .later { loop in
                NIOThreadPool.singleton.runIfActive(eventLoop: loop) { readinessResponse() }
            }
        case .metrics:
            var fields: ResponseFields = ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"]
            fields.add("X-Request-Id", random.makeRequestID())
            // Not on the loop, which also serves tickets: with 100,000 tenants it takes most of a second. So may /readyz.
            return .later { [metrics, fields] loop in
                NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
                    Response(status: 200, shared: Self.commonFields, fields: fields, body: .bytes(Array(metrics.text().utf8)))
                }
            }
        case .page:
            var response = Self.page
            response.fields.add("X-Request-Id", random.makeRequestID())
            return .now(response)
        case .status:
            do throws(ProblemDetails) {
                return statusAnswer(search: try StatusPage.search(in: request.head.target))
            } catch {
                return .now(problemResponse(error))
            }
        case .document:
            var fields: ResponseFields = ["Content-Type": "application/yaml"]
            fields.add("X-Request-Id", random.makeRequestID())
            return .now(Response(status: 200, shared: Self.commonFields, fields: fields, body: .buffer(Self.document)))
        }
    }

    private func statusAnswer(search: String) -> Answer {
        var fields: ResponseFields = [
            "Content-Type": "application/json", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        ]
        fields.add("X-Request-Id", random.makeRequestID())
        return .later { [status, fields] loop in
            status.document(search: search, on: loop).map {
                Response(status: 200, shared: Self.commonFields, fields: fields, body: .buffer($0))
            }
        }
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        problemResponse(ProblemDetails(rejection))
    }

    private func problemResponse(_ problem: ProblemDetails) -> Response {
        let requestID = random.makeRequestID()
        var response = problem.response(requestID: requestID)
        response.shared = Self.commonFields
        response.fields.add("X-Request-Id", requestID)
        return response
    }

    private static func healthResponse(_ isHealthy: Bool) -> Response {
        statusResponse(isHealthy ? "ok" : "failed", isOK: isHealthy) { json in
            if !isHealthy { json.member("reasons", ["the public port does not answer GET /healthz within 2 s"]) }
        }
    }

    private func readinessResponse() -> Response {
        let moment = clock.moment()
        let snapshot = state.current
        let report = readiness.report(of: snapshot, at: moment.date)
        let members = ReadinessResponse(
            snapshot: snapshot, report: report, reloads: state.reloads.report, connections: readiness.connections,
            moment: moment)
        var response = Self.statusResponse(report.isReady ? "ready" : "not-ready", isOK: report.isReady) {
            members.write(to: &$0)
        }
        response.fields.add("X-Request-Id", random.makeRequestID())
        return response
    }

    private static func statusResponse(_ status: String, isOK: Bool, _ writeMembers: (inout JSONWriter) -> Void) -> Response {
        let json = JSONWriter.object { json in
            json.member("status", status)
            writeMembers(&json)
        }
        return Response(
            status: isOK ? 200 : 503, shared: commonFields, fields: ["Content-Type": "application/json"], body: .bytes(json))
    }
}
