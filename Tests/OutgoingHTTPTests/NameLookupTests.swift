// SPDX-License-Identifier: Apache-2.0

import Dispatch
import OutgoingHTTP
import PosternTestSupport
import Synchronization
import Testing

/// Where an answer is expected the timeout is ten minutes, however slow the machine is; a test that waits for what never comes
/// ends at its time limit.
@Suite(.timeLimit(.minutes(5)))
struct NameLookupTests {
    /// A name service that never answers for `slow.example` until it is let go, and counts.
    private final class NameService: Sendable {
        private let asked = Mutex<[String: Int]>([:])
        private let gate = DispatchSemaphore(value: 0)

        func count(_ host: String) -> Int { asked.withLock { $0[host] ?? 0 } }
        func letGo() { gate.signal() }

        func resolve(_ host: String) -> Result<[String], OutgoingError> {
            asked.withLock { $0[host, default: 0] += 1 }
            switch host {
            case "slow.example":
                gate.wait()
                return .success(["127.0.0.1"])
            // Nobody listens on 127.0.0.2: refused, and the next one is tried.
            case "two.example": return .success(["127.0.0.2", "127.0.0.1"])
            case "here.example": return .success(["127.0.0.1"])
            default: return .failure(.unreachable("the host is not known"))
            }
        }
    }

    /// A name service whose every answer waits until it is let go, but for names of `here`.
    private final class StuckService: Sendable {
        private let gates = Mutex<[String: DispatchSemaphore]>([:])
        private let begun = AsyncStream<String>.makeStream()

        /// Blocks a thread of the lookup's own.
        func resolve(_ host: String) -> Result<[String], OutgoingError> {
            if host.hasSuffix(".here.example") { return .success(["127.0.0.1"]) }
            let gate = DispatchSemaphore(value: 0)
            gates.withLock { $0[host] = gate }
            begun.continuation.yield(host)
            gate.wait()
            return .success(["127.0.0.9"])
        }

        /// Waits until so many lookups are under way.
        func hasBegun(_ count: Int) async {
            var left = count
            for await _ in begun.stream {
                left -= 1
                if left == 0 { return }
            }
        }

        func letGo(_ host: String) { gates.withLock { _ = $0.removeValue(forKey: host)?.signal() } }
        func letAllGo() { for host in gates.withLock({ Array($0.keys) }) { letGo(host) } }
    }

    /// - Parameter patience: how long an address may be silent where there are others.
    private static func ask(
        _ host: String, _ port: Int, _ names: NameLookup, timeout: Duration = .seconds(600), patience: Duration = .seconds(600)
    ) async -> String {
        do throws(OutgoingError) {
            let request = OutgoingRequest(.get, "http://\(host):\(port)/", timeout: timeout, limit: 1000)
            let answer = try await request.send(names: names) { _, _ in patience }
            return "\(answer.status)"
        } catch {
            return error.description
        }
    }

    private static let answer = ScriptedServer.Script(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])

    @Test func `a lookup without an answer blocks no other, and runs once for all who wait for it`() async throws {
        let service = NameService()
        let names = NameLookup(resolve: service.resolve)
        let results = try await ScriptedServer.with(Self.answer) { port in
            for _ in 0..<3 {
                #expect(
                    await Self.ask("slow.example", port, names, timeout: .milliseconds(50))
                        == "no complete response within 0.05 s")
            }
            return await Self.ask("here.example", port, names)
        }
        #expect(results == "200")
        #expect(service.count("slow.example") == 1)
        service.letGo()
    }

    @Test func `the next address is tried if one refuses the connection`() async throws {
        let names = NameLookup(resolve: NameService().resolve)
        let status = try await ScriptedServer.with(Self.answer) { await Self.ask("two.example", $0, names) }
        #expect(status == "200")
    }

    @Test(arguments: [["127.0.0.2", "127.0.0.1"], ["127.0.0.3", "127.0.0.2", "127.0.0.1"]])
    func `an address that does not answer leaves time for the next one`(addresses: [String]) async throws {
        let asked = Mutex<[(Duration, Int)]>([])
        let names = NameLookup { _ in .success(addresses) }
        let answer = try await ScriptedServer.with(Self.answer) { port in
            try await SilentServer.with(host: "127.0.0.2", port: port) {
                let request = OutgoingRequest(.get, "http://two.example:\(port)/", timeout: .seconds(600), limit: 1000)
                return try await request.send(names: names) { timeout, count in
                    asked.withLock { $0.append((timeout, count)) }
                    return .milliseconds(200)
                }
            }
        }
        #expect(answer.status == 200)
        // The last one has what is left of the request's time.
        #expect(asked.withLock { $0.map(\.0) } == Array(repeating: .seconds(600), count: addresses.count - 1))
        #expect(asked.withLock { $0.map(\.1) } == Array(repeating: addresses.count, count: addresses.count - 1))
    }

    @Test func `an address that does not answer is waited for as long as its share of the request's time`() {
        #expect(OutgoingRequest.connectTimeout(.seconds(6), addresses: 2) == .seconds(3))
        #expect(OutgoingRequest.connectTimeout(.milliseconds(400), addresses: 4) == .milliseconds(100))
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `an address that does not answer in the TLS handshake leaves time for the next one`() async throws {
        let certificate = try await TestCertificate(for: "DNS:two.example")
        let names = NameLookup { _ in .success(["127.0.0.2", "127.0.0.1"]) }
        let answer = try await ScriptedServer.with(Self.answer, tls: certificate.context()) { port in
            try await ScriptedServer.with(.init(pieces: [], end: .silence), host: "127.0.0.2", port: port) { _ in
                let request = OutgoingRequest(
                    .get, "https://two.example:\(port)/", timeout: .seconds(600), limit: 1000, authorities: certificate.path)
                return try await request.send(names: names) { _, _ in .milliseconds(200) }
            }
        }
        #expect(answer.status == 200)
    }

    @Test func `the request times out if no address answers`() async throws {
        let names = NameLookup { _ in .success(["127.0.0.2", "127.0.0.2", "127.0.0.2"]) }
        let server = try await ScriptedServer(Self.answer)
        try await SilentServer.with(host: "127.0.0.2", port: server.port) {
            let answer = await Self.ask(
                "two.example", server.port, names, timeout: .milliseconds(300), patience: .milliseconds(50))
            #expect(answer == "no complete response within 0.3 s")
        }
        try await server.close()
    }

    @Test func `a request is sent once: after it was sent to one address, the next one is not tried`() async throws {
        let wrong = NameLookup { _ in .success(["127.0.0.2", "127.0.0.1"]) }
        let silent = NameLookup { _ in .success(["127.0.0.3", "127.0.0.1"]) }
        try await ScriptedServer.with(Self.answer) { port in
            try await ScriptedServer.with(.init(pieces: ["garbage\r\n\r\n"]), host: "127.0.0.2", port: port) { _ in
                #expect(await Self.ask("two.example", port, wrong) == "the response is not complete or not HTTP")
            }
            try await ScriptedServer.with(.init(pieces: [], end: .silence), host: "127.0.0.3", port: port) { _ in
                #expect(
                    await Self.ask("two.example", port, silent, timeout: .milliseconds(300))
                        == "no complete response within 0.3 s")
            }
        }
    }

    @Test func `four addresses of a name are tried, and not a fifth`() async throws {
        let refused = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]
        try await ScriptedServer.with(Self.answer) { port in
            let fourth = NameLookup { _ in .success(refused.dropLast() + ["127.0.0.1"]) }
            #expect(await Self.ask("many.example", port, fourth) == "200")
            let fifth = NameLookup { _ in .success(refused + ["127.0.0.1"]) }
            #expect(await Self.ask("many.example", port, fifth) == "cannot connect: connection refused")
        }
    }

    @Test func `32 names are looked up at once, and the next one is refused until a lookup ends`() async throws {
        let service = StuckService()
        defer { service.letAllGo() }
        let names = NameLookup(resolve: service.resolve)
        let slow = (1...32).map { number in Task { try await names.addresses(of: "\(number).slow.example") } }
        await service.hasBegun(32)
        let refusal = OutgoingError.unreachable("too many names are being looked up: the name service does not respond")
        for number in 1...3 {
            await #expect(throws: refusal) { try await names.addresses(of: "\(number).here.example") }
        }
        // An address needs no lookup.
        #expect(try await names.addresses(of: "127.0.0.1") == ["127.0.0.1"])
        service.letGo("1.slow.example")
        #expect(try await slow[0].value == ["127.0.0.9"])
        for number in 1...3 {
            #expect(try await names.addresses(of: "\(number).here.example") == ["127.0.0.1"])
        }
        service.letAllGo()
        for task in slow { #expect(try await task.value == ["127.0.0.9"]) }
    }

    @Test func `the error of an unknown name says so`() async {
        let names = NameLookup(resolve: NameService().resolve)
        #expect(await Self.ask("nowhere.example", 80, names) == "cannot connect: the host is not known")
    }

    @Test func `localhost is resolved by the system, and an address is not looked up`() async throws {
        #expect(try await NameLookup.shared.addresses(of: "localhost").contains { $0 == "127.0.0.1" || $0 == "::1" })
        let names = NameLookup { _ in .failure(.unreachable("asked")) }
        #expect(try await names.addresses(of: "127.0.0.1") == ["127.0.0.1"])
        #expect(try await names.addresses(of: "::1") == ["::1"])
    }
}
