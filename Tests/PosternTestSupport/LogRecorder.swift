// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// Records every event that is logged, as a line of text.
package final class LogRecorder: Sendable {
    private let recorded = Mutex<[String]>([])
    private let format: @Sendable (LogEvent) -> String

    /// - Parameter format: Makes the line of an event, whose metadata includes the logger's.
    package init(format: @escaping @Sendable (LogEvent) -> String = { "\($0.level) \($0.message) \($0.metadata ?? [:])" }) {
        self.format = format
    }

    package var lines: [String] { recorded.withLock { $0 } }

    package var text: String { lines.joined(separator: "\n") }

    /// Returns a logger that records events of all levels.
    package func logger() -> Logger {
        Logger(label: "test") { _ in Handler(recorder: self) }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var event = event
            event.metadata = metadata.merging(event.metadata ?? [:]) { $1 }
            let line = recorder.format(event)
            recorder.recorded.withLock { $0.append(line) }
        }
    }
}
