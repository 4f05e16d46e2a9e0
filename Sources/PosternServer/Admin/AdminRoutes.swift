// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import StrictJSON
import TenantRules

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The admin listener: for the operator's tools, never for the public.
struct AdminRoutes: Sendable {
    let readiness: Readiness
    let probe: HealthProbe
    let state: ServiceState
    let metrics: MetricsPage

    static let paths = ["/healthz", "/readyz", "/metrics"]

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AdminProblems())
        router.get("/healthz") { _, _ in await self.health() }
        router.get("/readyz") { _, _ in self.ready() }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: metrics.text()))
            )
        }
        return router
    }

    private func health() async -> Response {
        let answers = await probe.publicPortAnswers()
        return Self.status(answers ? "ok" : "failed", ok: answers) { json in
            if !answers {
                json.key("reasons")
                json.beginArray()
                json.string("the public port does not answer GET /healthz within 2 s")
                json.endArray()
            }
        }
    }

    private func ready() -> Response {
        let now = Date()
        let report = readiness.report(at: now)
        let answer = ReadinessAnswer(snapshot: state.current, report: report, now: now, uptime: Uptime.now())
        return Self.status(report.isReady ? "ready" : "not-ready", ok: report.isReady) { answer.write(to: &$0) }
    }

    private static func status(_ word: String, ok: Bool, _ more: (inout JSONWriter) -> Void) -> Response {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("status")
        json.string(word)
        more(&json)
        json.endObject()
        return Response(
            status: ok ? .ok : .serviceUnavailable,
            headers: [.contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: .init(byteBuffer: ByteBuffer(bytes: json.finish()))
        )
    }
}

/// Unknown paths and wrong methods of the admin listener as problems.
private struct AdminProblems: RouterMiddleware {
    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem =
                AdminRoutes.paths.contains(request.uri.path)
                ? Problem(.methodNotAllowed, detail: "Use GET on this path.", allow: ["GET", "HEAD"])
                : Problem(.notFound, detail: "There is nothing at this path: try \(AdminRoutes.paths.joined(separator: ", ")).")
            let response = problem.response(requestID: context.id)
            return request.method == .head ? response.createHeadResponse() : response
        }
    }
}
