// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Durations as rule files write them, for what else an operator types: 30s, 5m, 2h, 7d.
package enum RuleDuration {
    /// Seconds; nil for what is no duration.
    package static func seconds(_ text: String) -> Int? {
        do throws(ValueError) {
            return try Measure.duration.parse(text)
        } catch {
            return nil
        }
    }
}
