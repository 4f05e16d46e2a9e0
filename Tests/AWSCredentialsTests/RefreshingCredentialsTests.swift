// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import PosternTestSupport
import Synchronization
import Testing

@testable import AWSCredentials

/// A source of credentials and two clocks in the test's hand.
private final class Source: Sendable {
    private struct State {
        var lifetime: Double? = 3600
        var isUp = true
        var fetches = 0
    }

    private let state = Mutex(State())
    private let clock = TestClock()

    var now: Date { clock.date }
    var uptime: Duration { clock.uptime }
    var moment: Moment { clock.moment }
    var fetches: Int { state.withLock { $0.fetches } }
    func setUp(_ isUp: Bool) { state.withLock { $0.isUp = isUp } }
    func setLifetime(_ seconds: Double?) { state.withLock { $0.lifetime = seconds } }
    func jump(wall seconds: Double) { clock.setWallClock(by: seconds) }

    func pass(_ seconds: Double) { clock.advance(by: .seconds(seconds)) }

    func answer() throws(CredentialError) -> ProvidedCredentials {
        let provided = state.withLock { state -> ProvidedCredentials? in
            state.fetches += 1
            guard state.isUp else { return nil }
            return ProvidedCredentials(
                credentials: SigningCredentials(
                    accessKeyID: "AKIA\(state.fetches)",
                    secretAccessKey: "canary",
                    expiration: state.lifetime.map { now + $0 }
                ),
                provider: "scene"
            )
        }
        guard let provided else { throw .unavailable("the source is down") }
        return provided
    }
}

/// Credentials of a ``Source``, and the driver's beat.
private struct Scene {
    let source = Source()
    let credentials: RefreshingCredentials

    init() {
        let source = source
        credentials = RefreshingCredentials(source: .standard, minimumRemaining: 90, jitter: { 0 }) {
            () async throws(CredentialError) in
            try source.answer()
        }
    }

    /// Lets time go by in beats of half a second, as the driver does.
    func pass(_ seconds: Double) async {
        for _ in 0..<Int(seconds * 2) {
            source.pass(0.5)
            await beat()
        }
    }

    func beat() async {
        credentials.expire(at: source.moment)
        guard credentials.isDue(at: source.moment) else { return }
        await credentials.refresh { source.moment }
    }

    var accessKeyID: String? { try? credentials.current(at: source.now).accessKeyID }
}

struct RefreshingCredentialsTests {
    @Test func `credentials are fetched at once and renewed twenty minutes before their expiration`() async {
        let scene = Scene()
        #expect(scene.accessKeyID == nil)
        await scene.beat()
        #expect(scene.accessKeyID == "AKIA1")
        await scene.pass(2399)
        #expect(scene.accessKeyID == "AKIA1")
        await scene.pass(2)
        #expect(scene.accessKeyID == "AKIA2")
        #expect(scene.source.fetches == 2)
    }

    @Test func `credentials without an expiration are not fetched again`() async {
        let scene = Scene()
        scene.source.setLifetime(nil)
        await scene.beat()
        await scene.pass(7200)
        #expect(scene.source.fetches == 1)
        #expect(scene.accessKeyID == "AKIA1")
    }

    @Test func `credentials are used until they expire while the source is down, and renewed soon after`() async {
        let scene = Scene()
        await scene.beat()
        scene.source.setUp(false)
        await scene.pass(3599)
        #expect(scene.accessKeyID == "AKIA1")
        await scene.pass(1)
        #expect(scene.accessKeyID == nil)
        #expect(scene.credentials.problem(at: scene.source.now) == .unavailable("the source is down"))
        await scene.pass(600)
        scene.source.setUp(true)
        await scene.pass(2)
        #expect(scene.accessKeyID?.hasPrefix("AKIA") == true)
    }

    @Test func `failures back off: an hour without the source causes few attempts`() async {
        let scene = Scene()
        await scene.beat()
        scene.source.setUp(false)
        await scene.pass(3600 - 60)
        #expect(scene.source.fetches < 60)
    }

    @Test func `expired credentials are not used after the clock was set back`() async {
        let scene = Scene()
        await scene.beat()
        scene.source.setUp(false)
        scene.source.jump(wall: -3600)
        await scene.pass(3599)
        #expect(scene.accessKeyID == "AKIA1")
        await scene.pass(1)
        #expect(scene.accessKeyID == nil)
    }

    @Test func `renewal is not delayed after the clock was set back`() async {
        let scene = Scene()
        await scene.beat()
        scene.source.jump(wall: -3600)
        await scene.pass(2402)
        #expect(scene.source.fetches == 2)
        #expect(scene.accessKeyID == "AKIA2")
    }

    @Test func `after the clock was set past the expiration, the next fetch restores service`() async {
        let scene = Scene()
        await scene.beat()
        scene.source.jump(wall: 3700)
        #expect(scene.accessKeyID == nil)
        await scene.pass(2)
        #expect(scene.accessKeyID == "AKIA2")
    }

    @Test func `a source that returns the same credentials again is asked at half of the remaining time`() async {
        let scene = Scene()
        await scene.beat()
        await scene.pass(2401)
        scene.source.setLifetime(1200)
        #expect(scene.source.fetches == 2)
        for _ in 0..<20 { await scene.pass(60) }
        #expect(scene.source.fetches < 12)
    }

    @Test func `credentials that are too short for a ticket are replaced soon after the source has longer ones`() async {
        let scene = Scene()
        scene.source.setLifetime(80)
        await scene.beat()
        #expect(scene.accessKeyID == "AKIA1")
        await scene.pass(10)
        #expect((3...7).contains(scene.source.fetches))
        scene.source.setLifetime(3600)
        await scene.pass(4)
        let fetches = scene.source.fetches
        await scene.pass(600)
        #expect(scene.source.fetches == fetches)
    }

    @Test func `a source of credentials that last 150 seconds is asked before there is a gap`() async {
        let scene = Scene()
        scene.source.setLifetime(150)
        await scene.beat()
        for _ in 0..<600 {
            await scene.pass(1)
            #expect(scene.credentials.problem(at: scene.source.now) == nil)
        }
        #expect(scene.source.fetches < 30)
    }

    @Test func `credentials that are too short for a ticket are reported before they expire`() async {
        let scene = Scene()
        scene.source.setLifetime(100)
        await scene.beat()
        #expect(scene.credentials.problem(at: scene.source.now) == nil)
        scene.source.setUp(false)
        await scene.pass(20)
        #expect(scene.accessKeyID == "AKIA1")
        #expect(scene.credentials.problem(at: scene.source.now) == .unavailable("the source is down"))
    }

    @Test func `credentials that are too short for a ticket do not replace longer ones`() async {
        let scene = Scene()
        scene.source.setLifetime(200)
        await scene.beat()
        scene.source.setLifetime(40)
        await scene.pass(100)
        #expect(scene.accessKeyID == "AKIA1")
        #expect(scene.credentials.problem(at: scene.source.now) == nil)
        scene.source.setLifetime(3600)
        await scene.pass(5)
        #expect(scene.accessKeyID != "AKIA1")
    }

    @Test func `expired credentials do not replace the current ones`() async {
        let scene = Scene()
        await scene.beat()
        scene.source.setLifetime(-5)
        await scene.pass(2401)
        #expect(scene.accessKeyID == "AKIA1")
        let status = scene.credentials.status(at: scene.source.moment)
        #expect(status.problem?.description.contains("already expired") == true)
        #expect(status.failuresInARow > 0)
    }

    @Test(.timeLimit(.minutes(5)))
    func `two refreshes at once share one fetch`() async {
        let (begun, gate) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let source = Source()
        let credentials = RefreshingCredentials(source: .standard, minimumRemaining: 90, jitter: { 0 }) {
            () async throws(CredentialError) in
            let provided = try source.answer()
            begun.continuation.yield()
            if source.fetches == 1 {
                for await _ in gate.stream { break }
            }
            return provided
        }
        async let running: Void = credentials.refresh { source.moment }
        for await _ in begun.stream { break }
        for _ in 0..<10 { await credentials.refresh { source.moment } }
        #expect(source.fetches == 1)
        gate.continuation.finish()
        await running
        #expect(source.fetches == 1)
        #expect((try? credentials.current(at: source.now)) != nil)
    }
}
