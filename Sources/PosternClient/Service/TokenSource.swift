// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Asks the app for tokens. Requests whose tokens were refused at the same time share one renewal.
actor TokenSource {
    private let provide: PosternClient.TokenProvider
    /// The token of the last renewal.
    private var renewed: String?
    private var waiting: [AsyncStream<Result<String, UploadError>>.Continuation] = []
    private var renewal: Task<Void, Never>?

    init(_ provide: @escaping PosternClient.TokenProvider) {
        self.provide = provide
    }

    /// The app's token.
    nonisolated func token() async throws(UploadError) -> String {
        try await Self.result { try await provide(false) }
    }

    /// Another token than one that Postern has refused.
    ///
    /// A task that is cancelled stops waiting at once, and the renewal goes on for the others.
    /// - Returns: nil if the app has no other one
    func token(insteadOf refused: String) async throws(UploadError) -> String? {
        if let renewed, renewed != refused { return renewed }
        let (results, continuation) = AsyncStream<Result<String, UploadError>>.makeStream()
        waiting.append(continuation)
        if renewal == nil {
            renewal = Task { [provide] in
                let result: Result<String, UploadError>
                do throws(UploadError) {
                    result = .success(try await Self.result { try await provide(true) })
                } catch {
                    result = .failure(error)
                }
                finish(result)
            }
        }
        for await result in results {
            let token = try result.get()
            return token == refused ? nil : token
        }
        throw .aborted
    }

    private func finish(_ result: Result<String, UploadError>) {
        if case .success(let token) = result { renewed = token }
        renewal = nil
        for continuation in waiting {
            continuation.yield(result)
            continuation.finish()
        }
        waiting = []
    }

    private static func result(_ provide: () async throws -> String) async throws(UploadError) -> String {
        do {
            return try await provide()
        } catch let error as UploadError {
            throw error
        } catch {
            if Task.isCancelled { throw .aborted }
            let reason = (error as? any LocalizedError)?.errorDescription ?? "\(error)"
            throw UploadError(.tokenUnavailable, "There is no token to ask Postern with: \(reason)")
        }
    }
}
