// SPDX-License-Identifier: Apache-2.0

import HTTPServer

extension RequestHead {
    /// The values of all fields of that name as one (RFC 9110 §5.3), or nil where there is none.
    /// - Parameter name: in lower case
    func joined(_ name: StaticString) -> String? {
        let values = values(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}
