// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A setting of the service that is a number or a duration with a least and a greatest value, read alike from the command line,
/// the environment and the service-wide file.
package struct ServiceLimit: Sendable {
    /// The values that make sense: seconds, or a count.
    package let range: ClosedRange<Int>
    /// `a number of connections`, for messages.
    let what: String
    /// `0s to 5m`, for messages.
    let advice: String
    private let isDuration: Bool

    /// How long the public listener stays open after SIGTERM.
    package static let drainDelay = ServiceLimit(range: 0...300, what: "a drain delay", advice: "0s to 5m", isDuration: true)
    /// How long a connection may be idle between two requests.
    package static let idleTimeout = ServiceLimit(range: 1...3600, what: "an idle timeout", advice: "1s to 1h", isDuration: true)
    /// Connections at once.
    package static let connections = ServiceLimit(
        range: 1...1_000_000, what: "a number of connections", advice: "1 to 1000000", isDuration: false)

    /// - Throws: What is no such value.
    func parse(_ text: String) throws(ValueError) -> Int {
        let value =
            isDuration
            ? try Quantity.duration.parse(text) : try WholeNumber.parse(text, what: what, example: String(range.upperBound))
        guard range.contains(value) else { throw ValueError("\(text.quoted) is not \(what)", "write \(advice)") }
        return value
    }

    /// The value, or why it is none: `a drain delay is 0s to 5m, not “6m”`.
    package func value(_ text: String) -> Result<Int, InvalidSetting> {
        do throws(ValueError) {
            return .success(try parse(text))
        } catch {
            return .failure(InvalidSetting(description: "\(advice), not '\(text)'"))
        }
    }

    /// A host name without a port, as a `Host` field has it.
    /// - Throws: What is no such name.
    static func hostName(_ text: String) throws(ValueError) -> String {
        guard isHostName(text) else {
            throw ValueError("\(text.quoted) is not a host name", "write a name without a port, such as postern.internal")
        }
        return text
    }

    package static func isHostName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte.isASCIIDigit || (0x61...0x7a).contains(byte | 0x20) && byte != 0x60 || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            }
    }
}

/// What a setting may be, and what it is instead.
package struct InvalidSetting: Error, Sendable, CustomStringConvertible {
    package let description: String
}
