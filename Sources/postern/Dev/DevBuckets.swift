// SPDX-License-Identifier: Apache-2.0

import DevStore
import Logging
import ServiceLifecycle

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes the buckets of the store that the rules name, at the start and as rules change, and says so in the log.
final class DevBuckets: Service, CustomStringConvertible {
    /// How often the rules are looked at.
    private static let interval = Duration.milliseconds(250)

    private let folder: String
    private let named: @Sendable () -> (generation: Int, buckets: [String])
    private let logger: Logger

    let description = "buckets"

    /// - Parameters:
    ///   - folder: the store's
    ///   - named: the generation of the rules in force, and the buckets that they name at the store
    init(folder: String, logger: Logger, named: @escaping @Sendable () -> (generation: Int, buckets: [String])) {
        self.folder = folder
        self.logger = logger
        self.named = named
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var last = 0
            while !Task.isCancelled {
                let (generation, buckets) = named()
                if generation != last { makeMissing(buckets) }
                last = generation
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func makeMissing(_ buckets: [String]) {
        for bucket in Set(buckets).sorted() {
            let path = "\(folder)/\(bucket)"
            guard DevStoreConfiguration.isBucketName(bucket) else {
                logger.warning(
                    "this store cannot have the bucket, so uploads to it are refused",
                    metadata: ["bucket": "\(bucket)", "names": "3 to 63 of a-z, 0-9, '-' and '.'"])
                continue
            }
            guard !FileManager.default.fileExists(atPath: path) else { continue }
            do {
                try ObjectFolder.makeBucket(bucket, in: folder)
                logger.notice("made the bucket that the rules name", metadata: ["bucket": "\(bucket)", "folder": "\(path)"])
            } catch {
                logger.warning("cannot make the bucket", metadata: ["folder": "\(path)", "error": "\(error)"])
            }
        }
    }
}
