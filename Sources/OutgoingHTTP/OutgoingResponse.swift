// SPDX-License-Identifier: Apache-2.0

/// An answer, whole and within its bounds, whatever its status is.
package struct OutgoingResponse: Sendable {
    package let status: Int
    /// The values of each header field, by its name in lower case.
    package let headers: [String: [String]]
    package let body: [UInt8]

    package init(status: Int, headers: [String: [String]] = [:], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
