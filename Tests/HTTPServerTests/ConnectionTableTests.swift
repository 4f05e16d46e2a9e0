// SPDX-License-Identifier: Apache-2.0

import NIOCore
import PosternTestSupport
import Testing

@testable import HTTPServer

struct ConnectionTableTests {
    private func table(
        _ connections: Int, perPeer: Int? = nil, exempt: Set<String> = []
    ) -> ConnectionTable {
        var limits = ConnectionLimits()
        limits.maxConnections = connections
        limits.maxConnectionsPerPeer = perPeer
        return ConnectionTable(limits: limits, isExempt: { exempt.contains($0) })
    }

    @Test func `connections are admitted up to the limit`() {
        let table = table(3)
        #expect(table.limit == 3 && !table.isFull)
        let peers = (1...4).map { PeerAddress("10.0.0.\($0)") }
        #expect(peers.map { table.admit($0) } == [.admitted, .admitted, .admitted, .full])
        #expect(table.isFull)
        #expect(table.figures == ConnectionTable.Figures(open: 3, accepted: 3))
        table.remove(peer: peers[1], wasRefused: false)
        #expect(!table.isFull)
        table.countEviction()
        #expect(table.admit(peers[3]) == .admitted)
        #expect(table.figures == ConnectionTable.Figures(open: 3, accepted: 4, evicted: 1))
        for peer in [peers[0], peers[2], peers[3]] { table.remove(peer: peer, wasRefused: false) }
        #expect(table.figures == ConnectionTable.Figures(accepted: 4, evicted: 1))
    }

    @Test func `a connection for which another was closed is admitted`() {
        let table = table(1, perPeer: 2)
        let peer = PeerAddress("10.0.0.1")
        #expect(table.admit(peer) == .admitted)
        #expect(table.admit(peer) == .full)
        #expect(table.admit(peer, inPlaceOfAnother: true) == .admitted)
        #expect(table.admit(peer, inPlaceOfAnother: true) == .tooManyFromPeer)
        #expect(table.figures == ConnectionTable.Figures(open: 2, accepted: 2))
    }

    @Test(arguments: [
        // Those of one peer, and one of another.
        (["10.0.0.1", "10.0.0.1"], "10.0.0.2"),
        (["::ffff:10.0.0.1", "10.0.0.1"], "::ffff:10.0.0.2"),
        (["::ffff:10.0.0.1", "::FFFF:a00:1"], "10.0.0.2"),
        (["2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"], "2001:db8:0:1::1"),
        (["2001:db8:0:1::1", "2001:db8:0:1:8000::"], "2001:db8::1"),
        (["fe80::1", "fe80::2"], "fe80:0:0:1::1"),
        (["::1", "::2"], "0:0:0:1::1"),
    ])
    func `a peer is an IPv4 address or an IPv6 site`(_ same: [String], _ other: String) throws {
        let table = table(100, perPeer: 2)
        let peers = try same.map { try #require(PeerAddress($0)) }
        #expect(peers.map { table.admit($0) } == [.admitted, .admitted])
        #expect(peers.map { table.admit($0) } == [.tooManyFromPeer, .tooManyFromPeer])
        #expect(table.admit(PeerAddress(other)) == .admitted)
        #expect(table.figures == ConnectionTable.Figures(open: 3, accepted: 3))
        table.remove(peer: peers[0], wasRefused: false)
        #expect(table.admit(peers[1]) == .admitted)
        #expect(table.admit(peers[0]) == .tooManyFromPeer)
        for peer in peers + [PeerAddress(other)] { table.remove(peer: peer, wasRefused: false) }
        #expect(table.figures == ConnectionTable.Figures(accepted: 4))
        #expect(peers.map { table.admit($0) } == [.admitted, .admitted])
    }

    @Test func `a peer with too many connections is told so although the table is full`() {
        let table = table(2, perPeer: 1)
        let peers = [PeerAddress("10.0.0.1"), PeerAddress("10.0.0.2"), PeerAddress("10.0.0.3")]
        #expect(peers.map { table.admit($0) } == [.admitted, .admitted, .full])
        #expect(table.admit(peers[0]) == .tooManyFromPeer)
    }

    @Test func `a trusted proxy has no limit of its own`() {
        let table = table(5, perPeer: 1, exempt: ["10.0.0.9", "2001:db8::9"])
        #expect((0..<2).map { _ in table.admit(PeerAddress("10.0.0.9")) } == [.admitted, .admitted])
        #expect((0..<2).map { _ in table.admit(PeerAddress("2001:db8::9")) } == [.admitted, .admitted])
        #expect(table.admit(PeerAddress("10.0.0.1")) == .admitted)
        #expect(table.admit(PeerAddress("10.0.0.9")) == .full)
        for peer in ["10.0.0.9", "10.0.0.9", "2001:db8::9", "2001:db8::9", "10.0.0.1"] {
            table.remove(peer: PeerAddress(peer), wasRefused: false)
        }
        #expect(table.figures == ConnectionTable.Figures(accepted: 5))
    }

    @Test func `a peer without an address counts only towards all connections`() {
        let table = table(3, perPeer: 1)
        #expect((0..<4).map { _ in table.admit(nil) } == [.admitted, .admitted, .admitted, .full])
        for _ in 0..<3 { table.remove(peer: nil, wasRefused: false) }
        #expect(table.figures == ConnectionTable.Figures(accepted: 3))
    }

    @Test func `at most 32 connections wait for their refusal`() {
        let table = table(1)
        #expect((0..<40).map { _ in table.refuse() } == (0..<40).map { $0 < 32 })
        #expect(table.figures == ConnectionTable.Figures(accepted: 40, refused: 40))
        table.remove(peer: nil, wasRefused: true)
        #expect(table.refuse())
        #expect(!table.refuse())
        for _ in 0..<32 { table.remove(peer: PeerAddress("10.0.0.1"), wasRefused: true) }
        #expect(table.figures == ConnectionTable.Figures(accepted: 42, refused: 42))
        #expect((0..<33).map { _ in table.refuse() } == (0..<33).map { $0 < 32 })
        #expect(table.admit(PeerAddress("10.0.0.1")) == .admitted)
    }

    @Test func `reserved memory adds up`() {
        let table = table(1)
        #expect(table.addHeldBytes(100) == 100)
        #expect(table.addHeldBytes(50) == 150)
        #expect(table.figures.heldBytes == 150)
        #expect(table.addHeldBytes(-100) == 50)
        #expect(table.heldBytes == 50)
        #expect(table.addHeldBytes(-50) == 0)
        #expect(table.figures == ConnectionTable.Figures())
    }

    @Test func `the peak is the maximum since the last reading`() {
        let table = table(10)
        _ = table.admit(nil)
        let one = table.estimatedBytes
        #expect(one > 0)
        _ = table.addHeldBytes(1000)
        _ = table.admit(nil)
        #expect(table.estimatedBytes == 2 * one + 1000)
        _ = table.addHeldBytes(-1000)
        table.remove(peer: nil, wasRefused: false)
        #expect(table.takePeakBytes() == 2 * one + 1000)
        #expect(table.takePeakBytes() == one)
        table.remove(peer: nil, wasRefused: false)
        #expect(table.estimatedBytes == 0)
    }

    @Test func `several threads may count at once`() async {
        let table = table(50, perPeer: 10)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var random = SplitMix64(seed: UInt64(task))
                    for _ in 0..<2000 {
                        let peer = PeerAddress("10.0.0.\(Int.random(in: 0...9, using: &random))")
                        if table.admit(peer) == .admitted {
                            _ = table.addHeldBytes(10)
                            _ = table.addHeldBytes(-10)
                            table.remove(peer: peer, wasRefused: false)
                        } else if table.refuse() {
                            table.remove(peer: peer, wasRefused: true)
                        }
                    }
                }
            }
        }
        let figures = table.figures
        #expect(figures == ConnectionTable.Figures(accepted: 16_000, refused: figures.refused))
    }

    @Test(arguments: [(16_384, nil, 8192), (100, nil, 64), (10, nil, 64), (100, 7, 7)] as [(Int, Int?, Int)])
    func `a peer may have half of all connections, or the configured number`(_ connections: Int, _ perPeer: Int?, _ expected: Int)
    {
        var limits = ConnectionLimits()
        limits.maxConnections = connections
        limits.maxConnectionsPerPeer = perPeer
        #expect(limits.connectionsPerPeer == expected)
    }

    @Test(
        arguments: [
            ("10.1.2.3", 0x0a01_0203), ("255.255.255.255", 0xffff_ffff), ("::ffff:10.1.2.3", 0x0a01_0203),
            ("2001:db8:1:2:3:4:5:6", 0x2001_0db8_0001_0002), ("::1", 0), ("::10.1.2.3", 0), ("::fffe:10.1.2.3", 0),
        ] as [(String, UInt64)])
    func `an address is counted by its prefix`(_ text: String, _ counted: UInt64) throws {
        let peer = try #require(PeerAddress(text))
        #expect(peer.counted == counted && peer.description == text)
    }

    @Test(arguments: ["", "a", "10.0.0", "10.0.0.256", "10.0.0.1.", "[::1]", "::g", "10.0.0.1 ", "fe80::1%eth0"])
    func `any other text is no address`(_ text: String) {
        #expect(PeerAddress(text) == nil)
    }

    @Test func `a socket's address is read`() throws {
        #expect(PeerAddress(nil as SocketAddress?) == nil)
        #expect(PeerAddress(try SocketAddress(unixDomainSocketPath: "/tmp/a")) == nil)
        #expect(PeerAddress(try SocketAddress(ipAddress: "10.0.0.1", port: 80))?.description == "10.0.0.1")
        #expect(PeerAddress(try SocketAddress(ipAddress: "2001:db8::1", port: 80))?.counted == 0x2001_0db8_0000_0000)
    }
}
