// SPDX-License-Identifier: Apache-2.0

/// What `Content-Disposition` the stored file gets (RFC 6266 §4.2).
package enum DispositionType: String, Sendable, Hashable, CaseIterable {
    /// Shown by a browser where it can.
    case inline
    /// Always offered for download.
    case attachment
}
