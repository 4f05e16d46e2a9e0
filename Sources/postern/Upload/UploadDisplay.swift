// SPDX-License-Identifier: Apache-2.0

import PosternClient
import Synchronization
import SystemPackage
import WireFormats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What `postern upload` writes: a line for each file when it has ended, and on a terminal one that shows the progress.
final class UploadDisplay: Sendable {
    enum Format: Sendable {
        /// Stored files on standard output, refusals on standard error.
        case text
        /// A JSON object on a line for each file, on standard output.
        case json
    }

    private struct State {
        var line: ProgressLine
        var rate = TransferRate()
        /// The files that are being sent, in the order in which they began, and what has been sent of each.
        var running: [(file: Int, name: String, sent: Int64)] = []
        /// Bytes of the files that have ended.
        var endedBytes: Int64 = 0
        var isShown = false
    }

    private let format: Format
    private let isTerminal: Bool
    private let sizes: [Int64]
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// - Parameters:
    ///   - sizes: of the files in bytes, 0 if one is not known
    ///   - term: the variable `TERM`
    init(format: Format, sizes: [Int64], term: String?) {
        self.format = format
        self.sizes = sizes
        isTerminal = isatty(StandardStream.error.rawValue) != 0 && term != nil && term != "dumb"
        let line = ProgressLine(sent: 0, total: sizes.reduce(0, +), ended: 0, files: sizes.count, rate: nil, name: "")
        state = Mutex(State(line: line))
        if isTerminal { TerminalGuard.endLineOnInterrupt() }
    }

    func began(_ file: Int, _ name: String) {
        state.withLock { $0.running.append((file, name, 0)) }
    }

    func progress(_ file: Int, _ sent: Int64) {
        state.withLock { state in
            guard let place = state.running.firstIndex(where: { $0.file == file }) else { return }
            state.running[place].sent = sent
        }
    }

    func ended(_ file: Int, _ path: String, _ result: Result<UploadResult, UploadError>) {
        state.withLock { state in
            state.running.removeAll { $0.file == file }
            state.endedBytes += sizes[file]
            state.line.ended += 1
            clear(&state)
            write(path, result)
        }
    }

    /// Draws the progress ten times a second until the task is cancelled.
    func draw() async {
        guard isTerminal else { return }
        repeat {
            state.withLock { state in
                state.line.sent = min(state.endedBytes + state.running.reduce(0) { $0 + $1.sent }, state.line.total)
                state.line.name = state.running.first?.name ?? ""
                state.rate.note(state.line.sent, at: ContinuousClock.now - start)
                state.line.rate = state.rate.perSecond
                StandardStream.write("\r\(state.line.text(width: TerminalGuard.width))\u{1B}[K", to: StandardStream.error)
                state.isShown = true
            }
            try? await Task.sleep(for: .milliseconds(100))
        } while !Task.isCancelled
        state.withLock { clear(&$0) }
    }

    private func clear(_ state: inout State) {
        guard state.isShown else { return }
        StandardStream.write("\r\u{1B}[K", to: StandardStream.error)
        state.isShown = false
    }

    private func write(_ path: String, _ result: Result<UploadResult, UploadError>) {
        switch (format, result) {
        case (.text, .success(let stored)):
            StandardStream.write("\(path.printable()): stored as \(stored.key.printable())\n", to: StandardStream.output)
        case (.text, .failure(let error)):
            var line = "\(path.printable()): \(error.message.printable()) (\(error.code.rawValue.printable())"
            if let detail = error.detail { line += "; the store says: \(detail.printable(limit: 300))" }
            if let id = error.requestID { line += "; request \(id.printable(limit: 128))" }
            StandardStream.write(line + ")\n", to: StandardStream.error)
        case (.json, _):
            let json = JSONWriter.object { json in
                json.member("file", path)
                switch result {
                case .success(let stored):
                    json.member("stored", true)
                    json.member("key", stored.key)
                    json.member("size", Int(stored.size))
                    json.member("rule", stored.rule)
                    json.member("id", stored.ticketID)
                    json.member("etag", stored.etag)
                case .failure(let error):
                    json.member("stored", false)
                    json.member("code", error.code.rawValue)
                    json.member("message", error.message)
                    json.member("retryable", error.isRetryable)
                    json.member("status", error.status)
                    json.member("detail", error.detail)
                    json.member("requestId", error.requestID)
                }
            }
            StandardStream.write(String(decoding: json, as: UTF8.self).printableJSON + "\n", to: StandardStream.output)
        }
    }
}

/// The terminal of standard error.
private enum TerminalGuard {
    /// Columns; 80 if the terminal does not say.
    static var width: Int {
        var size = winsize()
        guard ioctl(StandardStream.error.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Ends the line of the progress when Ctrl-C ends the process, so that the shell's prompt is on a line of its own.
    static func endLineOnInterrupt() {
        signal(SIGINT) { number in
            var end = UInt8(ascii: "\n")
            _ = write(2, &end, 1)
            signal(number, SIG_DFL)
            raise(number)
        }
    }
}
