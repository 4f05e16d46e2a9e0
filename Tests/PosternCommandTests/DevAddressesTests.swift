// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import RuleFiles
import Testing

@testable import postern

struct DevAddressesTests {
    @Test func `the addresses are those of loopback`() throws {
        let addresses = try DevAddresses(service: "localhost:8080", store: "[::1]:9000", admin: "127.0.0.2:1")
        #expect(addresses.service.description == "localhost:8080" && addresses.store.description == "[::1]:9000")
        #expect(addresses.admin.description == "127.0.0.2:1")
    }

    @Test(arguments: [
        "0.0.0.0:8080", "10.0.0.1:8080", "example.com:8080", "[::]:8080", "8080", "", "localhost", "localhost:0", "localhost:80",
    ])
    func `other addresses and ports are refused by their option`(text: String) {
        let valid = "127.0.0.1:1"
        for (option, make) in [
            ("--listen", { try DevAddresses(service: text, store: valid, admin: valid) }),
            ("--store", { try DevAddresses(service: valid, store: text, admin: valid) }),
            ("--admin", { try DevAddresses(service: valid, store: valid, admin: text) }),
        ] as [(String, () throws -> DevAddresses)] {
            let error = #expect(throws: ValidationError.self) { _ = try make() }
            #expect(error?.message.hasPrefix(option) == true)
        }
    }

    @Test func `on a network the service and the store listen there, and the admin listener does not`() throws {
        let addresses = try DevAddresses(
            service: "127.0.0.1:8080", store: "localhost:9000", admin: "127.0.0.1:9090", network: "192.168.1.5")
        #expect(addresses.service.description == "192.168.1.5:8080" && addresses.store.description == "192.168.1.5:9000")
        #expect(addresses.admin.description == "127.0.0.1:9090" && addresses.isForNetwork)
    }

    @Test func `only addresses of private networks are given to a network`() {
        for text in ["10.0.0.1", "172.16.0.1", "192.168.1.5", "127.0.0.1", "fd00::1"] {
            #expect(LocalNetwork.isUsable(text), "\(text)")
        }
        for text in ["8.8.8.8", "172.32.0.1", "169.254.1.1", "0.0.0.0", "::", "fe80::1", "localhost", ""] {
            #expect(!LocalNetwork.isUsable(text), "\(text)")
        }
    }

    @Test func `two options with the same port are named`() async throws {
        let addresses = try DevAddresses(service: "127.0.0.1:8080", store: "127.0.0.1:9000", admin: "localhost:9000")
        let error = await #expect(throws: SetupError.self) { try await addresses.check() }
        #expect(error?.sentences == ["--store and --admin have the same port, 9000; give each its own"])
    }
}
