// SPDX-License-Identifier: Apache-2.0

import CMalloc
import Dispatch
import HTTPServer
import ServiceLifecycle

/// Returns memory to the system after the start and after bursts of connections.
///
/// The C library does not return memory that was freed in the middle of its heaps: after 3,000 large responses that was over a
/// gigabyte, of which `malloc_trim(3)` returned all but 50 MB. Reading 100,000 rule files leaves 60 MB.
struct MemoryService: Service, CustomStringConvertible {
    private static let interval = Duration.seconds(2)
    /// Memory is returned when connections have freed about this many bytes.
    private static let minimumFreedBytes = 8_000_000

    let tables: [ConnectionTable]

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    let description = "memory"

    func run() async throws {
        await cancelWhenGracefulShutdown {
            Self.trim()
            var peak = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                peak = max(peak, tables.reduce(0) { $0 + $1.takePeakBytes() })
                let bytes = tables.reduce(0) { $0 + $1.estimatedBytes }
                guard peak - bytes >= Self.minimumFreedBytes else { continue }
                peak = bytes
                Self.trim()
            }
        }
    }

    private static func trim() {
        // Not on a thread of Swift concurrency, since it may take long.
        DispatchQueue.global(qos: .utility).async {
            #if canImport(Glibc)
                malloc_trim(0)
            #endif
        }
    }
}
