// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Metrics of this process, under the names that Prometheus's client libraries give them. What the system does not tell is
/// left out: memory and open files on systems without `/proc`.
struct ProcessMetrics {
    let startedAt: Date

    func add(to page: inout PrometheusText) {
        page.addValue(
            "process_start_time_seconds", .gauge, help: "Start of the process, in Unix time.",
            value: startedAt.timeIntervalSince1970)
        page.addValue(
            "process_cpu_seconds_total", .counter, help: "Processor time that the process has used, in user and system mode.",
            value: Self.processorSeconds)
        if let memory = MemorySize.current {
            page.addValue("process_resident_memory_bytes", .gauge, help: "Resident memory.", value: memory.resident)
            page.addValue("process_virtual_memory_bytes", .gauge, help: "Virtual memory.", value: memory.virtual)
        }
        if let open = Self.openFiles {
            page.addValue("process_open_fds", .gauge, help: "Open file descriptors.", value: open)
        }
        if let limit = Self.openFileLimit {
            page.addValue("process_max_fds", .gauge, help: "The limit of open file descriptors.", value: limit)
        }
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// In bytes.
    struct MemorySize {
        let virtual: Int
        let resident: Int

        /// The first two numbers of `/proc/self/statm`, which are pages (proc_pid_statm(5)).
        static var current: MemorySize? {
            guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
            let pages = text.split(separator: " ").prefix(2).compactMap { Int($0) }
            guard pages.count == 2 else { return nil }
            let pageSize = sysconf(CInt(_SC_PAGESIZE))
            return MemorySize(virtual: pages[0] * pageSize, resident: pages[1] * pageSize)
        }
    }

    private static var openFiles: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without ".", ".." and the folder itself.
        return max(0, count - 3)
    }

    private static var openFileLimit: Int? {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        return getrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : nil
    }
}
