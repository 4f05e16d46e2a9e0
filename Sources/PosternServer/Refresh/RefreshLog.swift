// SPDX-License-Identifier: Apache-2.0

import Logging

/// Fetches keys and credentials and logs what came of it: each change, and the same failure at a decreasing rate.
struct RefreshLog: Sendable {
    let logger: Logger
    var clock = ServiceClock.system

    /// - Parameter isStarting: whether what an operator must mend still ends the start, with the same sentence
    func refresh(_ source: any RefreshedSource, isStarting: () -> Bool = { false }) async {
        let before = source.report(at: clock.moment())
        await source.refresh(clock.moment)
        let after = source.report(at: clock.moment())
        var metadata = after.subject
        if after.failures > before.failures, let error = after.lastError, after.failuresInARow > 0 {
            if isStarting(), after.isLasting { return }
            guard Self.isWorthALine(after.failuresInARow) || error != before.lastError else { return }
            metadata["error"] = "\(error)"
            metadata["failures"] = "\(after.failuresInARow)"
            log(after.failed, metadata)
        } else if after.successes > before.successes, after.content != before.content || before.failuresInARow > 0 {
            log(after.fetched, metadata)
        }
    }

    private func log(_ line: RefreshReport.Line, _ metadata: Logger.Metadata) {
        logger.log(level: line.level, line.message, metadata: metadata.merging(line.metadata) { $1 })
    }

    /// The first failures and then ever fewer: 1, 2, 4, 8, … in a row.
    private static func isWorthALine(_ failures: Int) -> Bool {
        failures & (failures - 1) == 0
    }
}
