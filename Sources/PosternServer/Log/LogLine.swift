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

/// Builds one line of the log: a static message, then names and values in order. Control characters in values are escaped in
/// both formats, so that no value can begin a new line.
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

    /// Adds a value. The name must need no escapes.
    package mutating func add(_ name: StaticString, _ value: String) {
        switch format {
        case .json:
            json.key(constant: name)
            json.string(value, transformedUnlessPlain: { $0.printable(asciiControls: false) })
        case .text:
            addText(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
        }
    }

    /// Adds a number. The name must need no escapes.
    package mutating func add(_ name: StaticString, _ value: Int) {
        switch format {
        case .json:
            json.key(constant: name)
            json.int(value)
        case .text:
            add(name, String(value))
        }
    }

    /// Adds a value whose name may have to be escaped.
    package mutating func add(named name: String, _ value: String) {
        switch format {
        case .json:
            json.key(name)
            json.string(value, transformedUnlessPlain: { $0.printable(asciiControls: false) })
        case .text:
            addText(name.utf8, value)
        }
    }

    /// Adds a number whose name may have to be escaped.
    package mutating func add(named name: String, _ value: Int) {
        switch format {
        case .json:
            json.key(name)
            json.int(value)
        case .text:
            addText(name.utf8, String(value))
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

    /// Ends the line and returns its bytes, with the newline.
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

/// Writes what libraries and the service log through swift-log to a ``LogSink``.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: LogSink
    private let format: LogFormat
    private let threshold: LogThreshold
    /// Set by code that wants another level for its own logger.
    private var ownLevel: Logger.Level?

    package init(label: String, sink: LogSink, format: LogFormat, threshold: LogThreshold) {
        self.label = label
        self.sink = sink
        self.format = format
        self.threshold = threshold
    }

    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogLine(format, at: Date(), level: event.level, message: event.message.description)
        line.add("logger", label)
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            if case .stringConvertible(let number as Int) = value {
                line.add(named: name, number)
            } else {
                line.add(named: name, value.description)
            }
        }
        sink.write(line.finish())
    }
}
