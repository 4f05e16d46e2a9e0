// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Synchronization
import Testing
import WireFormats

/// No test here sends anything but to loopback: that a link-local answer is dropped is asked of the list of addresses alone.
@Suite(.timeLimit(.minutes(5)))
struct ForbiddenAddressTests {
    private static func permitted(
        _ addresses: [String], of host: String = "id.example", forbidden: Set<AddressKind>
    ) throws(OutgoingError) -> [String] {
        guard let host = Host(host) else { throw .badURL }
        return try OutgoingRequest.permitted(addresses, of: host, forbidden: forbidden)
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
    ])
    func `a link-local answer of the chain is dropped`(address: String) throws {
        #expect(throws: OutgoingError.forbiddenAddress(.linkLocal)) {
            try Self.permitted([address], forbidden: [.linkLocal])
        }
        #expect(try Self.permitted([address, "192.0.2.1"], forbidden: [.linkLocal]) == ["192.0.2.1"])
        #expect(try Self.permitted([address], forbidden: [.loopback]) == [address])
        #expect(try Self.permitted([address], forbidden: []) == [address])
    }

    @Test(arguments: ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "::ffff:0.0.0.0"])
    func `an answer that points to this machine is dropped`(address: String) throws {
        #expect(throws: OutgoingError.forbiddenAddress(.loopback)) {
            try Self.permitted([address], forbidden: [.linkLocal, .loopback])
        }
        #expect(try Self.permitted([address, "2001:db8::1"], forbidden: [.loopback]) == ["2001:db8::1"])
        #expect(try Self.permitted([address], forbidden: [.linkLocal]) == [address])
    }

    @Test(arguments: ["localhost", "id.localhost", "LOCALHOST"])
    func `a name of this machine is requested from loopback only, whatever the chain answers`(host: String) throws {
        #expect(try Self.permitted(["192.0.2.1", "::1", "127.0.0.1"], of: host, forbidden: []) == ["::1", "127.0.0.1"])
        let problem = OutgoingError.unreachable(
            "the name is reserved for this machine, and resolves to another: correct the hosts file or DNS")
        #expect(throws: problem) { try Self.permitted(["192.0.2.1"], of: host, forbidden: []) }
    }

    @Test func `an answer that is not an address is dropped`() {
        #expect(throws: OutgoingError.unreachable("the host is not known")) {
            try Self.permitted(["id.example", ""], forbidden: [])
        }
    }

    @Test(
        arguments: [
            ("169.254.169.254", AddressKind.linkLocal), ("fe80::1", .linkLocal), ("127.0.0.1", .loopback), ("::1", .loopback),
            ("localhost", .loopback), ("a.localhost", .loopback), ("0.0.0.0", .loopback), ("::", .loopback), ("id.example", nil),
            ("192.0.2.1", nil), ("fd00:ec2::254", nil),
        ] as [(String, AddressKind?)])
    func `the kind of a host is known before any name is resolved`(host: String, kind: AddressKind?) throws {
        #expect(AddressKind(try #require(Host(host))) == kind)
    }

    @Test(arguments: ["id.example", "127.0.0.1", "localhost"])
    func `no connection is made to a forbidden address`(host: String) async throws {
        let answer = ScriptedServer.Script(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
        let names = NameLookup { _ in .success(["127.0.0.1"]) }
        try await ScriptedServer.with(answer) { port in
            func send(_ forbidden: Set<AddressKind>) async throws(OutgoingError) -> Int {
                let request = OutgoingRequest(
                    .get, "http://\(host):\(port)/", timeout: .seconds(600), limit: 1000, forbidden: forbidden)
                return try await request.send(names: names).status
            }
            await #expect(throws: OutgoingError.forbiddenAddress(.loopback)) { try await send([.loopback]) }
            let status = try await send([.linkLocal])
            #expect(status == 200)
        }
    }
}
