// SPDX-License-Identifier: Apache-2.0

import Dispatch
import OutgoingHTTP
import Synchronization
import Testing

@Suite("Names of other services")
struct NameLookupTests {
    /// A name service that never answers for `slow.example` until it is let go, and counts.
    private final class NameService: Sendable {
        private let asked = Mutex<[String: Int]>([:])
        private let gate = DispatchSemaphore(value: 0)

        func count(_ host: String) -> Int { asked.withLock { $0[host] ?? 0 } }
        func letGo() { gate.signal() }

        func resolve(_ host: String) -> Result<[String], OutgoingFailure> {
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

    private static func ask(_ host: String, _ port: Int, _ names: NameLookup, timeout: Duration = .seconds(30)) async -> String {
        do throws(OutgoingFailure) {
            let answer = try await OutgoingHTTP.send(
                OutgoingRequest(.get, "http://\(host):\(port)/", timeout: timeout, limit: 1000), names: names)
            return "\(answer.status)"
        } catch {
            return error.description
        }
    }

    private static let answer = ScriptedServer.Script(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])

    @Test("one that is not answered holds up no other, and is asked for once, however often it is wanted")
    func slowName() async throws {
        let service = NameService()
        let names = NameLookup(resolve: service.resolve)
        let results = try await ScriptedServer.with(Self.answer) { port in
            for _ in 0..<3 {
                #expect(
                    await Self.ask("slow.example", port, names, timeout: .milliseconds(50)) == "no whole answer within 0.05 s")
            }
            return await Self.ask("here.example", port, names)
        }
        #expect(results == "200")
        #expect(service.count("slow.example") == 1)
        service.letGo()
    }

    @Test("the next address is tried where one does not take the connection")
    func nextAddress() async throws {
        let names = NameLookup(resolve: NameService().resolve)
        let status = try await ScriptedServer.with(Self.answer) { await Self.ask("two.example", $0, names) }
        #expect(status == "200")
    }

    @Test("an unknown one is said so")
    func unknown() async {
        let names = NameLookup(resolve: NameService().resolve)
        #expect(await Self.ask("nowhere.example", 80, names) == "cannot connect: the host is not known")
    }

    @Test("localhost is found by the system, an address is not asked for")
    func system() async throws {
        #expect(try await NameLookup.shared.addresses(of: "localhost").contains { $0 == "127.0.0.1" || $0 == "::1" })
        let names = NameLookup { _ in .failure(.unreachable("asked")) }
        #expect(try await names.addresses(of: "127.0.0.1") == ["127.0.0.1"])
        #expect(try await names.addresses(of: "::1") == ["::1"])
    }
}
