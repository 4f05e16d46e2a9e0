// SPDX-License-Identifier: Apache-2.0

package import Logging
import PostPolicy
package import RuleFiles
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// One line of the log in the making: a static message, then names and values in order.
///
/// Whatever a value holds, it stays on its line: controls are escaped in both formats.
package struct LogLine: ~Copyable {
    private let format: LogFormat
    private var json = JSONWriter(capacity: 1000)
    private var text: [UInt8] = []

    package init(_ format: LogFormat, at time: Date, level: Logger.Level, message: String) {
        self.format = format
        switch format {
        case .json:
            json.beginObject()
            add("time", time.rfc3339Milliseconds)
            add("level", level.rawValue)
            add("message", message)
        case .text:
            text.reserveCapacity(256)
            text += time.rfc3339Milliseconds.utf8
            text.append(UInt8(ascii: " "))
            text += level.rawValue.uppercased().utf8
            text.append(UInt8(ascii: " "))
            appendEscaped(message)
        }
    }

    /// Adds a value under a name that is the program's own.
    package mutating func add(_ name: StaticString, _ value: String) {
        switch format {
        case .json:
            json.key(constant: name)
            json.string(value, transformedUnlessPlain: { $0.printable(asciiControls: false) })
        case .text:
            addText(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
        }
    }

    /// Adds a number under a name that is the program's own.
    package mutating func add(_ name: StaticString, _ value: Int) {
        switch format {
        case .json:
            json.key(constant: name)
            json.int(value)
        case .text:
            add(name, String(value))
        }
    }

    /// Adds a value under any name.
    package mutating func add(named name: String, _ value: String) {
        switch format {
        case .json:
            json.key(name)
            json.string(value, transformedUnlessPlain: { $0.printable(asciiControls: false) })
        case .text:
            addText(name.utf8, value)
        }
    }

    private mutating func addText(_ name: some Collection<UInt8>, _ value: String) {
        text.append(UInt8(ascii: " "))
        text += name
        text.append(UInt8(ascii: "="))
        if value.utf8.allSatisfy({ $0.isVisibleASCII && $0 != UInt8(ascii: "\"") }), !value.isEmpty {
            text += value.utf8
        } else {
            text.append(UInt8(ascii: "\""))
            appendEscaped(value)
            text.append(UInt8(ascii: "\""))
        }
    }

    /// The finished bytes, newline included.
    package consuming func finish() -> [UInt8] {
        switch format {
        case .json:
            json.endObject()
            var bytes = json.finish()
            bytes.append(UInt8(ascii: "\n"))
            return bytes
        case .text:
            text.append(UInt8(ascii: "\n"))
            return text
        }
    }

    private mutating func appendEscaped(_ value: String) {
        var escaped: [UInt8] = []
        for byte in value.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte)
        }
        text += String(decoding: escaped, as: UTF8.self).printable().utf8
    }
}
