// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Fetches keys and credentials and logs what came of it: each change, and the same failure at a decreasing rate.
struct RefreshJournal: Sendable {
    let logger: Logger
    var clock = ServiceClock.system

    func refresh(_ keys: RemoteKeys) async {
        let before = keys.status(at: clock.uptime())
        await keys.refresh(at: clock.uptime())
        let after = keys.status(at: clock.uptime())
        guard after.fetches > before.fetches else { return }
        var metadata: Logger.Metadata = ["issuer": "\(after.issuer)"]
        if let error = after.lastError, after.failuresInARow > 0 {
            guard Self.isWorthALine(after.failuresInARow) || error != before.lastError else { return }
            metadata["error"] = "\(error)"
            metadata["failures"] = "\(after.failuresInARow)"
            if let age = after.ageSeconds { metadata["ageSeconds"] = "\(age)" }
            logger.warning(
                after.hasKeys
                    ? "the issuer's keys cannot be fetched: those in use stay"
                    : "the issuer's keys cannot be fetched: its tokens are refused with 503 until they are",
                metadata: metadata
            )
        } else if before.keyIDs != after.keyIDs || before.skipped != after.skipped || !before.hasKeys || before.failuresInARow > 0
        {
            metadata["keyIds"] = "\(after.keyIDs.map { $0 ?? "-" }.joined(separator: " "))"
            if !after.skipped.isEmpty { metadata["skipped"] = "\(after.skipped.prefix(4).joined(separator: "; "))" }
            logger.notice("the issuer's keys were fetched", metadata: metadata)
        }
    }

    /// - Parameter isStarting: whether what an operator must mend still ends the start, with the same sentence
    func refresh(_ credentials: RefreshingCredentials, isStarting: () -> Bool = { false }) async {
        let before = credentials.status(at: clock.now(), uptime: clock.uptime())
        await credentials.refresh(at: clock.now, uptime: clock.uptime)
        let after = credentials.status(at: clock.now(), uptime: clock.uptime())
        var metadata: Logger.Metadata = ["source": "\(after.origin)"]
        if after.failures > before.failures, let problem = after.problem {
            if isStarting(), !problem.isTransient { return }
            guard Self.isWorthALine(after.failuresInARow) || problem != before.problem else { return }
            metadata["error"] = "\(problem)"
            metadata["failures"] = "\(after.failuresInARow)"
            if let remaining = after.remaining { metadata["remainingSeconds"] = "\(Int(remaining))" }
            let serves = credentials.problem(at: clock.now()) == nil
            logger.log(
                level: serves ? .warning : .error,
                serves
                    ? "credentials cannot be renewed: those in use serve until their end"
                    : "there are no credentials to sign with: tickets are refused with 503 until there are",
                metadata: metadata
            )
        } else if after.successes > before.successes {
            if let provider = after.provider { metadata["provider"] = "\(provider)" }
            if let suffix = after.accessKeySuffix { metadata["accessKeySuffix"] = "\(suffix)" }
            if let end = after.expiration { metadata["expiresAt"] = "\(end.rfc3339)" }
            logger.notice("credentials were fetched", metadata: metadata)
        }
    }

    /// The first failures and then ever fewer: 1, 2, 4, 8, … in a row.
    private static func isWorthALine(_ failures: Int) -> Bool {
        failures & (failures - 1) == 0
    }
}
