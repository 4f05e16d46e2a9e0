// SPDX-License-Identifier: Apache-2.0

/// How much is logged; the names of swift-log.
package enum LogLevel: String, Sendable, Hashable, CaseIterable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical
}
