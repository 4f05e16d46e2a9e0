// SPDX-License-Identifier: Apache-2.0

public import PosternClient
import Synchronization

#if canImport(FoundationNetworking)
    package import Foundation
    package import FoundationNetworking
#else
    public import Foundation
#endif

/// Sends prepared uploads in a session that outlives the app. Make one at each start of the app: it hears of uploads that ended
/// meanwhile.
///
/// A ticket must last as long as the upload may take to begin. An upload whose ticket expires first fails with the store's refusal:
/// prepare it again.
public final class BackgroundUploads: Sendable {
    /// What became of an upload, with the id of its ``PosternClient/PreparedUpload``. It is called on a queue of the session.
    public typealias Ended = @Sendable (_ id: String, _ result: Result<UploadResult, UploadError>) -> Void

    /// The maximum size of an answer of a store.
    private static let limit = 65_536

    private let folder: URL
    private let session: URLSession
    private let delegate: Delegate

    #if canImport(Darwin)
        /// - Parameters:
        ///   - identifier: of the background session, always the same, such as `com.example.app.uploads`.
        ///   - folder: a folder of the app's own, which is there when the app is started again, and is not backed up.
        ///   - ended: is called for each upload that has ended.
        public convenience init(identifier: String, folder: URL, ended: @escaping Ended) {
            self.init(configuration: .background(withIdentifier: identifier), folder: folder, ended: ended)
        }

        /// Call it in `application(_:handleEventsForBackgroundURLSession:completionHandler:)`, which starts the app to hear of
        /// uploads.
        public func handleEvents(completionHandler: @escaping @Sendable () -> Void) {
            delegate.state.withLock { $0.completionHandler = completionHandler }
        }
    #endif

    package init(configuration: URLSessionConfiguration, folder: URL, ended: @escaping Ended) {
        self.folder = folder
        delegate = Delegate(folder: folder, limit: Self.limit, ended: ended)
        session = URLSession(configuration: configuration.withoutState, delegate: delegate, delegateQueue: nil)
    }

    deinit {
        // Uploads of a background session go on.
        session.finishTasksAndInvalidate()
    }

    /// Starts an upload.
    /// - Parameter upload: was prepared in a folder that remains.
    /// - Throws: ``PosternClient/UploadError/Code/fileUnreadable`` if it cannot be remembered
    public func start(_ upload: PreparedUpload) throws(UploadError) {
        let headers = upload.headers.map { (name: $0.key, value: $0.value) }
        guard let request = URLRequest(upload.method, upload.url, headers: headers, timeout: .seconds(upload.expiresIn)) else {
            throw UploadError.ticketUnusable
        }
        try upload.save(in: folder)
        let task = session.uploadTask(with: request, fromFile: upload.bodyFile)
        task.taskDescription = upload.id
        task.resume()
    }

    fileprivate struct State {
        var bodies: [String: [UInt8]] = [:]
        var completionHandler: (@Sendable () -> Void)?
    }

    fileprivate final class Delegate: NSObject, URLSessionDataDelegate {
        let state = Mutex(State())
        private let folder: URL
        private let limit: Int
        private let ended: Ended

        init(folder: URL, limit: Int, ended: @escaping Ended) {
            self.folder = folder
            self.limit = limit
            self.ended = ended
        }

        func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            guard let id = dataTask.taskDescription else { return }
            state.withLock { state in
                let body = state.bodies[id] ?? []
                state.bodies[id] = body + data.prefix(max(limit - body.count, 0))
            }
        }

        func urlSession(
            _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
            newRequest: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            completionHandler(nil)
        }

        func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            guard let id = task.taskDescription, let upload = PreparedUpload.saved(id, in: folder) else { return }
            let body = state.withLock { $0.bodies.removeValue(forKey: id) } ?? []
            let result: Result<UploadResult, UploadError>
            do throws(UploadError) {
                if let error { throw upload.error(TransportError(error)) }
                guard let response = TransportResponse(task.response, body: body) else {
                    throw upload.error(.network("there was no answer"))
                }
                result = .success(try upload.result(response))
            } catch {
                result = .failure(error)
            }
            upload.remove()
            PreparedUpload.forget(id, in: folder)
            ended(id, result)
        }

        #if canImport(Darwin)
            func urlSessionDidFinishEvents(forBackgroundURLSession session: URLSession) {
                let handler = state.withLock { state in
                    defer { state.completionHandler = nil }
                    return state.completionHandler
                }
                // UIKit wants it on the main thread.
                if let handler { Task { @MainActor in handler() } }
            }
        #endif
    }
}
