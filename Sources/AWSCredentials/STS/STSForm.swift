// SPDX-License-Identifier: Apache-2.0

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
        for byte in value.utf8 {
            if Self.isUnreserved(byte) {
                body.append(byte)
            } else {
                // A space too becomes %20: Ceph RGW does not read `+` as one.
                body += [UInt8(ascii: "%"), Self.digit(byte >> 4), Self.digit(byte & 15)]
            }
        }
    }

    /// RFC 3986, section 2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "-._~".utf8.contains(byte)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

extension STSForm: CustomStringConvertible, CustomReflectable {
    /// Nothing of the parameters: one may be a token.
    var description: String { "STSForm(\(action))" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
