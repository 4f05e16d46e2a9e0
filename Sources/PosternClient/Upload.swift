// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One upload that is running or has ended.
///
/// It goes on if nobody holds this value. If a task that waits for ``result`` is cancelled, the upload is.
public final class Upload: Sendable {
    /// The bytes of the file that have been sent, for one reader. Numbers never become smaller, even if an attempt is repeated; a
    /// slow reader gets only the newest. The last one is the total if the file was stored; the sequence ends with the upload.
    public let progress: AsyncStream<UploadProgress>
    private let task: Task<Result<UploadResult, UploadError>, Never>

    init(_ work: @escaping @Sendable (ProgressReporter) async throws(UploadError) -> UploadResult) {
        let (stream, continuation) = AsyncStream.makeStream(of: UploadProgress.self, bufferingPolicy: .bufferingNewest(1))
        progress = stream
        task = Task {
            defer { continuation.finish() }
            do throws(UploadError) {
                return .success(try await work(ProgressReporter(continuation)))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Waits for the end of the upload.
    public var result: UploadResult {
        get async throws(UploadError) {
            try await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }.get()
        }
    }

    /// Ends the upload at once, with ``UploadError/Code/aborted``.
    public func cancel() {
        task.cancel()
    }
}

/// How much of a file has been sent.
public struct UploadProgress: Sendable, Hashable {
    /// Bytes of the file; equal to ``total`` only when the store has it.
    public let sent: Int64
    /// The file's size in bytes.
    public let total: Int64
    /// ``sent`` as a part of ``total``, 0 to 1.
    public var fraction: Double { total > 0 ? Double(sent) / Double(total) : 1 }
}

/// Writes the progress of one upload, in order.
final class ProgressReporter: Sendable {
    private let continuation: AsyncStream<UploadProgress>.Continuation
    private let newest = Mutex(UploadProgress(sent: 0, total: 0))

    init(_ continuation: AsyncStream<UploadProgress>.Continuation) {
        self.continuation = continuation
    }

    func begin(total: Int64) {
        write { _ in UploadProgress(sent: 0, total: total) }
    }

    /// - Parameter sent: bytes of the file in this attempt
    func report(_ sent: Int64) {
        // The last byte is reported when the file is stored.
        write { newest in
            let sent = min(sent, newest.total - 1)
            return sent > newest.sent ? UploadProgress(sent: sent, total: newest.total) : nil
        }
    }

    func finish() {
        write { UploadProgress(sent: $0.total, total: $0.total) }
    }

    private func write(_ next: (UploadProgress) -> UploadProgress?) {
        newest.withLock { newest in
            guard let progress = next(newest) else { return }
            newest = progress
            continuation.yield(progress)
        }
    }
}
