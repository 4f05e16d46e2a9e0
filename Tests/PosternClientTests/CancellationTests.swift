// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CancellationTests {
    enum Stage: CaseIterable, Sendable {
        case token, renewal, ticket, upload, answer
    }

    @Test(arguments: Stage.allCases)
    func `an upload ends at once when it is cancelled`(stage: Stage) async throws {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        /// Says that the stage is reached, and waits as a slow network does.
        @Sendable func hang(at reachedStage: Stage) async {
            guard stage == reachedStage else { return }
            signal.finish()
            try? await Task.sleep(for: .seconds(86_400))
        }
        let transport = FakeTransport(
            service: { _, _ in
                await hang(at: .ticket)
                if stage == .renewal { return .success(.problem(401, "token-expired")) }
                return .success(.ticket())
            },
            store: { _, _ in
                await hang(at: .upload)
                await hang(at: .answer)
                return .failure(.network("cancelled"))
            })
        let test = try TestClient(
            transport,
            token: { refresh in
                await hang(at: refresh ? .renewal : .token)
                return refresh ? "new" : "old"
            })
        let upload = test.client.upload(file: try test.file())
        for await _ in reached {}
        upload.cancel()
        await expectAborted(upload)
        for await progress in upload.progress { #expect(progress.sent < progress.total) }
    }

    @Test func `an upload ends at once when it is cancelled between two attempts`() async throws {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        let timing = ClientTiming(
            now: { .zero },
            sleep: { duration in
                if duration < .seconds(60) { signal.finish() }
                try await Task.sleep(for: .seconds(86_400))
            },
            random: { 0 })
        let test = try TestClient(FakeTransport(store: { _, _ in .failure(.network("reset")) }))
        let endpoint = try #require(URL(string: "https://postern.example"))
        let client = PosternClient(
            endpoint: endpoint, token: { _ in "tok" }, transport: test.transport, configuration: PosternClient.Configuration(),
            timing: timing)
        let upload = client.upload(file: try test.file())
        for await _ in reached {}
        upload.cancel()
        await expectAborted(upload)
    }

    @Test func `an upload is cancelled with the task that waits for its result`() async throws {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        let test = try TestClient(
            FakeTransport(store: { _, _ in
                signal.finish()
                try? await Task.sleep(for: .seconds(86_400))
                return .failure(.network("cancelled"))
            }))
        let upload = test.client.upload(file: try test.file())
        let task = Task { await expectAborted(upload) }
        for await _ in reached {}
        task.cancel()
        await task.value
    }

    private func expectAborted(_ upload: Upload) async {
        let error = await #expect(throws: UploadError.self) { try await upload.result }
        #expect(error?.code == .aborted)
    }
}
