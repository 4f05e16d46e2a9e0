// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HTTPServer
import PosternServer
import RuleFiles
import WireFormats

/// The three addresses of `postern dev`.
struct DevAddresses: Sendable {
    let service: ListenAddress
    let store: ListenAddress
    let admin: ListenAddress
    /// Whether phones on the network may use the service and the store.
    let isForNetwork: Bool

    /// The addresses with their options.
    private var all: [(option: String, address: ListenAddress)] {
        [("--listen", service), ("--store", store), ("--admin", admin)]
    }

    /// - Parameter network: the address of this machine on which service and store listen, instead of those that the texts name;
    ///   nil for this machine only
    /// - Throws: `ValidationError` for a text that is not an address, or an address that is not on this machine
    init(service: String, store: String, admin: String, network: String? = nil) throws {
        isForNetwork = network != nil
        self.service = try Self.loopback("--listen", service).moved(to: network)
        self.store = try Self.loopback("--store", store).moved(to: network)
        self.admin = try Self.loopback("--admin", admin)
    }

    private static func loopback(_ name: String, _ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw ValidationError("\(name) must be HOST:PORT such as 127.0.0.1:8080, not '\(text)'.")
        }
        guard Host(address.host)?.isLoopback == true else {
            throw ValidationError(
                "\(name): 'postern dev' gives tokens to anyone and listens on this machine only: 127.0.0.1, ::1 or localhost. For phones on your network, see --lan."
            )
        }
        guard address.port > 0, address.port != 80 else {
            throw ValidationError("\(name): choose a port from 1 to 65535 other than 80; the rule file and the page name it.")
        }
        return address
    }

    /// Checks that the ports differ and are free.
    /// - Throws: `SetupError` with a sentence for each option that has to change
    func check() async throws {
        for (index, (option, address)) in all.enumerated() {
            guard let other = all[..<index].first(where: { $0.address.port == address.port }) else { continue }
            throw SetupError(["\(other.option) and \(option) have the same port, \(address.port); give each its own"])
        }
        var sentences: [String] = []
        for (_, address) in all {
            do {
                try await HTTPListener.probe(host: address.host, port: address.port)
            } catch {
                sentences.append(await sentence(ListenError(error, at: address)))
            }
        }
        guard sentences.isEmpty else { throw SetupError(sentences) }
    }

    /// Says which option names the address, and which port is free instead.
    func sentence(_ error: ListenError) async -> String {
        guard error.isInUse, let option = all.first(where: { $0.address == error.address })?.option else { return "\(error)" }
        let advice = await freeAddress(near: error.address).map { "; try \(option) \($0)" } ?? ""
        return "\(error.address) (\(option)) is in use\(advice)"
    }

    /// How many of the ports after one in use are tried.
    private static let triedPorts = 100

    private func freeAddress(near address: ListenAddress) async -> ListenAddress? {
        let taken = Set(all.map(\.address.port))
        let shown = isForNetwork && address.host == service.host ? "127.0.0.1" : address.host
        for port in address.port + 1...address.port + Self.triedPorts where port < 65_536 && !taken.contains(port) {
            if (try? await HTTPListener.probe(host: address.host, port: port)) != nil {
                return ListenAddress(host: shown, port: port)
            }
        }
        return nil
    }
}

extension ListenAddress {
    fileprivate func moved(to host: String?) -> ListenAddress {
        host.map { ListenAddress(host: $0, port: port) } ?? self
    }
}
