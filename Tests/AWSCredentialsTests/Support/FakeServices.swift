// SPDX-License-Identifier: Apache-2.0

import Foundation
import LocalFiles
import OutgoingHTTP
import Synchronization

@testable import AWSCredentials

/// What the providers ask: services, files and a clock, all in memory.
final class FakeServices: Sendable {
    typealias Handler = @Sendable (OutgoingRequest) throws(OutgoingError) -> OutgoingResponse

    private let handler: Mutex<Handler>
    private let sent = Mutex<[OutgoingRequest]>([])
    private let contents = Mutex<[String: String]>([:])
    private let time: Mutex<Date>
    private let read = Mutex<[String]>([])

    /// 2026-01-01T00:05:00Z
    static let start = Date(timeIntervalSince1970: 1_767_225_900)

    init(
        files: [String: String] = [:],
        handler: @escaping Handler = { _ throws(OutgoingError) in throw .unreachable("nobody is there") }
    ) {
        self.handler = Mutex(handler)
        contents.withLock { $0 = files }
        time = Mutex(Self.start)
    }

    /// The requests so far.
    var requests: [OutgoingRequest] { sent.withLock { $0 } }

    /// The files that were asked for so far.
    var reads: [String] { read.withLock { $0 } }

    func answer(_ handler: @escaping Handler) { self.handler.withLock { $0 = handler } }

    func write(_ path: String, _ text: String?) { contents.withLock { $0[path] = text } }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }

    func context(_ variables: [String: String] = [:], proxies: ProxySettings = .none) -> ProviderContext {
        ProviderContext(
            variables: variables,
            home: "/home/postern",
            proxies: proxies,
            readFile: { file throws(FileReadError) in
                self.read.withLock { $0.append(file.path) }
                guard let text = self.contents.withLock({ $0[file.path] }) else { throw .notFound }
                return Array(text.utf8)
            },
            send: { request async throws(OutgoingError) in
                self.sent.withLock { $0.append(request) }
                let handler = self.handler.withLock { $0 }
                return try handler(request)
            },
            now: { self.time.withLock { $0 } },
            uptime: { .seconds(self.time.withLock { $0 }.timeIntervalSince(Self.start)) }
        )
    }
}

extension ProviderContext {
    /// A new search for credentials.
    var search: CredentialSearch { CredentialSearch(self) }
}

/// A provider that a test asks, each time in a new search.
struct Asked {
    let provider: any CredentialProvider
    let context: ProviderContext

    /// Nil if the provider is not configured.
    func credentials() async throws(CredentialError) -> ProvidedCredentials? {
        do throws(CredentialError) {
            return try await provider.credentials(in: context.search)
        } catch .notConfigured {
            return nil
        }
    }
}

extension CredentialProvider {
    /// Asks a provider that does not read the shared files. Nil if it is not configured.
    func credentials() async throws(CredentialError) -> ProvidedCredentials? {
        try await Asked(provider: self, context: FakeServices().context()).credentials()
    }
}

extension OutgoingRequest {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// The parameters of a form body, percent-decoded.
    var form: [String: String] {
        let pairs = String(decoding: body, as: UTF8.self).split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        return Dictionary(
            pairs.map { (String($0[0]), ($0.count > 1 ? String($0[1]) : "").removingPercentEncoding ?? "") },
            uniquingKeysWith: { first, _ in first })
    }
}

extension OutgoingResponse {
    init(_ status: Int, _ body: String) { self.init(status: status, body: Array(body.utf8)) }
}

/// What stands for a secret in these tests: it must appear in no sentence.
let canary = "CANARY"

/// The problem that a call throws; nil where it throws none.
func problem<Value>(
    _ call: () async throws(CredentialError) -> Value
) async -> CredentialError? {
    do throws(CredentialError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}

extension CredentialError {
    var isConfiguration: Bool { if case .configuration = self { true } else { false } }
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
    var isRefusal: Bool { if case .refused = self { true } else { false } }
    /// Whether an answer is not believed because id and secret are exchanged, and is not shown.
    var isExchangedPair: Bool {
        isUnavailable && description.hasSuffix("are the two exchanged?")
            && !["AKIA", "ASIA", canary].contains(where: description.contains)
    }
}
