// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Each connection takes a file descriptor, and the usual soft limit of 1024 is far below the connection cap.
enum FileDescriptorLimit {
    /// Descriptors for what is not a public connection: listeners, event loops, logs, files, fetches of keys and credentials, the
    /// operator's requests.
    static let reserve = 96

    /// Raises the soft limit to the hard one; where that fails, the limit stays.
    /// - Returns: how many descriptors the process may have
    static func raise() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        let before = limit.rlim_cur
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        if before >= limit.rlim_cur || setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        return Int(clamping: limit.rlim_cur)
    }
}
