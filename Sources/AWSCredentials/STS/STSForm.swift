// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The body of a request to STS (AWS Query protocol): `Action`, `Version`, then the parameters, form-encoded.
struct STSForm: Equatable {
    let action: String
    private(set) var body: [UInt8]

    static let version = "2011-06-15"

    init(action: String) {
        self.action = action
        body = Array("Action=\(action)&Version=\(Self.version)".utf8)
    }

    /// Adds a parameter; nothing where the value is nil.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        body += "&\(name)=".utf8
        // A space too becomes %20: Ceph RGW does not read `+` as one.
        PercentEncoding.component.append(value, to: &body)
    }
}

extension STSForm: CustomStringConvertible, CustomReflectable {
    /// Nothing of the parameters: one may be a token.
    var description: String { "STSForm(\(action))" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
