// SPDX-License-Identifier: Apache-2.0

import CMalloc
import Dispatch
import HTTPServer
import ServiceLifecycle

/// Gives memory back to the system after the start and when a burst of connections is over.
///
/// The C library keeps what it has freed in the middle of its heaps: after 3,000 large responses that was over a gigabyte, and
/// `malloc_trim(3)` gave all but some 50 MB back. Reading 100,000 rule files leaves 60 MB.
struct MemoryService: Service, CustomStringConvertible {
    /// How often it looks.
    private static let interval = Duration.seconds(2)
    /// A burst is over when connections that took about this many bytes have gone.
    private static let worthIt = 8_000_000

    let tables: [ConnectionTable]

    /// The lifecycle logs its services: the name, not the contents.
    let description = "memory"

    func run() async throws {
        await cancelWhenGracefulShutdown {
            Self.trim()
            var highest = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                highest = max(highest, tables.reduce(0) { $0 + $1.takePeakBytes() })
                let bytes = tables.reduce(0) { $0 + $1.estimatedBytes }
                guard highest - bytes >= Self.worthIt else { continue }
                highest = bytes
                Self.trim()
            }
        }
    }

    private static func trim() {
        // Not on a thread of Swift's: this may take a while.
        DispatchQueue.global(qos: .utility).async {
            #if canImport(Glibc)
                malloc_trim(0)
            #endif
        }
    }
}
