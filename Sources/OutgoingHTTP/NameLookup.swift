// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import WireFormats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Looks up host names in place of the HTTP client. The client's own resolver has one queue per thread, in which a name whose
/// servers do not respond delays all others, and each new attempt makes the queue longer.
///
/// Each name is looked up at most once at a time, on a separate thread; a second caller waits for the same result.
/// `getaddrinfo` has no timeout: the caller stops waiting at the end of its request, and the thread continues.
package final class NameLookup: Sendable {
    package typealias Resolve = @Sendable (_ host: String) -> Result<[String], OutgoingError>

    /// The instance shared by the whole process.
    package static let shared = NameLookup(resolve: system)

    /// The maximum number of concurrent lookups.
    private static let maximumLookups = 32

    private let resolve: Resolve
    private let waiting = Mutex<[String: [AsyncStream<Result<[String], OutgoingError>>.Continuation]]>([:])

    /// - Parameter resolve: returns the addresses of a name; it may block
    package init(resolve: @escaping Resolve) {
        self.resolve = resolve
    }

    /// Returns the addresses of a host, in the order in which they should be tried; an address is returned unchanged.
    /// - Throws: `unreachable`, including when the task is cancelled
    package func addresses(of host: String) async throws(OutgoingError) -> [String] {
        if IPAddress(host) != nil { return [host] }
        let (results, continuation) = AsyncStream<Result<[String], OutgoingError>>.makeStream()
        let isFirst = waiting.withLock { waiting -> Bool? in
            guard waiting[host] == nil else {
                waiting[host]?.append(continuation)
                return false
            }
            guard waiting.count < Self.maximumLookups else { return nil }
            waiting[host] = [continuation]
            return true
        }
        guard let isFirst else { throw .unreachable("too many names are being looked up: the name service does not respond") }
        if isFirst { start(host) }
        for await result in results { return try result.get() }
        throw .unreachable("the name service does not respond")
    }

    private func start(_ host: String) {
        DispatchQueue(label: "name lookup").async { [self] in
            let result = resolve(host)
            let continuations = waiting.withLock { $0.removeValue(forKey: host) } ?? []
            for continuation in continuations {
                continuation.yield(result)
                continuation.finish()
            }
        }
    }

    /// The system's resolver, which orders addresses by RFC 6724.
    private static func system(_ host: String) -> Result<[String], OutgoingError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else {
            return .failure(.unreachable(code == EAI_NONAME ? "the host is not known" : "the name service does not respond"))
        }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let entry else { break }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isText = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard isText == 0 else { continue }
            let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses.isEmpty ? .failure(.unreachable("the host is not known")) : .success(addresses)
    }
}
