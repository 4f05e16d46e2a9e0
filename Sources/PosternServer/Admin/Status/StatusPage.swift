// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOPosix
import OutgoingHTTP
import Synchronization
import UploadRules
import WireFormats

/// The status page at `/` of the admin listener, and the document at `/status.json` that its script shows and asks for again every
/// few seconds.
///
/// The document is made on a thread of its own, one at a time: with 100,000 tenants it takes long enough that tickets would have to
/// wait for it on an event loop. It is kept for a second, for all who look at the page.
final class StatusPage: Sendable {
    /// The page. Its text has a contrast of at least 4.5:1, in the light and the dark theme.
    static let page = InlinePage(
        template: PackageResources.status_html, style: PackageResources.status_css, script: PackageResources.status_js,
        images: ["data:"])

    /// The longest text that tenants are searched for, in Unicode scalars.
    static let maximumSearchLength = 100
    /// How long a document is kept.
    private static let lifetime = Duration.seconds(1)

    private struct Kept {
        let search: String
        let madeAt: Duration
        let document: ByteBuffer
    }

    private let readiness: Readiness
    private let state: ServiceState
    private let recent: RecentDecisions
    private let sink: LogSink
    private let audit: AuditLog?
    private let clock: ServiceClock
    private let startedAt: Duration
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let kept = Mutex<Kept?>(nil)

    init(readiness: Readiness, state: ServiceState, recent: RecentDecisions, sink: LogSink, audit: AuditLog?, clock: ServiceClock)
    {
        self.readiness = readiness
        self.state = state
        self.recent = recent
        self.sink = sink
        self.audit = audit
        self.clock = clock
        startedAt = clock.uptime()
        thread.start()
    }

    deinit {
        thread.shutdownGracefully { _ in }
    }

    /// Returns the document.
    /// - Parameter search: what tenants are searched for; empty for all
    func document(search: String, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        thread.runIfActive(eventLoop: loop) { self.document(search: search) }
    }

    /// Called on ``thread`` only, so that no document is made twice.
    private func document(search: String) -> ByteBuffer {
        let moment = clock.moment()
        if let kept = kept.withLock({ $0 }), kept.search.hasSameBytes(as: search), moment.uptime - kept.madeAt < Self.lifetime {
            return kept.document
        }
        let snapshot = state.current
        let report = StatusReport(
            readiness: ReadinessResponse(
                snapshot: snapshot, report: readiness.report(of: snapshot, at: moment.date), reloads: state.reloads.report,
                connections: readiness.connections, moment: moment),
            minutes: recent.lastHour, search: search, uptime: moment.uptime - startedAt,
            residentBytes: ProcessMetrics.MemorySize.current?.resident, droppedLogLines: sink.droppedLines, audit: audit?.status)
        let document = ByteBuffer(bytes: report.json())
        kept.withLock { $0 = Kept(search: search, madeAt: moment.uptime, document: document) }
        return document
    }

    /// The text that the query `tenants=…` of a request target searches for; empty without one.
    /// - Throws: `invalid-request`
    static func search(in target: String) throws(ProblemDetails) -> String {
        let query = target.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1).dropFirst().first ?? ""[...].utf8
        for pair in query.split(separator: UInt8(ascii: "&")) where pair.starts(with: "tenants=".utf8) {
            let value = pair.dropFirst("tenants=".utf8.count)
            guard let text = PercentEncoding.component.decodeUTF8(value), text.unicodeScalars.count <= maximumSearchLength else {
                throw ProblemDetails(
                    .invalidRequest,
                    detail: "The value of tenants must be percent-encoded UTF-8 of at most \(maximumSearchLength) characters.")
            }
            return text
        }
        return ""
    }
}
