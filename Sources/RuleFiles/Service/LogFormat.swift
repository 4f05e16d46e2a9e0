// SPDX-License-Identifier: Apache-2.0

/// How logs are written.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    case json
    case text
}
