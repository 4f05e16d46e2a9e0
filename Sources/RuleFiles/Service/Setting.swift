// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A setting of `postern serve`.
///
/// One declaration, in ``ServiceSettings/declarations``, has all that is known of a setting: its key of the service-wide file
/// with the row in docs/settings.md, its flag and variable with their help, and how a value is read, with every diagnostic.
package struct Setting: Sendable {
    /// Writes a value into the settings.
    typealias Change = @Sendable (inout ServiceSettings) -> Void

    /// The key of the service-wide file, whose folder it is read with; nil where the file cannot have the setting.
    let key: Key<String, Change?>?
    /// The flag and the variable; nil where only the file can have the setting.
    package let option: Option?
    let effect: Effect

    /// When a change in the service-wide file takes effect.
    enum Effect: Sendable {
        /// While the service runs, soon after the change.
        case live
        /// At the next start. The closure says whether two settings have the same value.
        case restart(isSame: @Sendable (ServiceSettings, ServiceSettings) -> Bool)

        /// At the next start.
        /// - Parameter value: the setting
        static func restart<Value: Equatable & SendableMetatype>(_ value: any KeyPath<ServiceSettings, Value> & Sendable)
            -> Effect
        {
            .restart { $0[keyPath: value] == $1[keyPath: value] }
        }

        /// For the reference.
        fileprivate var words: String {
            switch self {
            case .live: "at once"
            case .restart: "restart"
            }
        }
    }

    /// The row of the reference; nil where the file cannot have the setting.
    var row: KeyRow? {
        guard var row = key?.row else { return nil }
        row.effect = effect.words
        return row
    }

    /// A setting's flag, and its variable of the environment.
    package struct Option: Sendable {
        /// As the file writes it: `drainDelay`.
        package let name: String
        package let help: String
        /// What `--help` calls the value: `duration`.
        package let valueName: String
        /// Whether the flag has no value and means `true`; the variable and the key have `true` or `false`.
        package var isSwitch = false
        /// What a value is, for errors: `0s to 5m`.
        fileprivate let expected: String
        fileprivate let read: @Sendable (String) throws(ValueError) -> Change

        /// `--drain-delay`
        package var flag: String { "--" + words(joinedBy: "-") }

        /// `POSTERN_DRAIN_DELAY`
        package var variable: String { "POSTERN_" + words(joinedBy: "_").uppercased() }

        private func words(joinedBy separator: String) -> String {
            name.map { $0.isUppercase ? separator + $0.lowercased() : String($0) }.joined()
        }

        /// Reads a value.
        /// - Parameter isFlag: whether it was given by the flag, or by the variable, for errors
        package func apply(_ text: String, isFlag: Bool, to settings: inout ServiceSettings) throws(SettingError) {
            do throws(ValueError) {
                try read(text)(&settings)
            } catch {
                let source = isFlag ? flag : "\(variable) (\(flag))"
                throw SettingError(description: "\(source) must be \(expected), not '\(text)'.")
            }
        }
    }
}

/// A flag or variable has a wrong value: what it is, and what was given.
package struct SettingError: Error, CustomStringConvertible {
    package let description: String
}

extension Setting {
    /// A setting with one value, read alike from every source.
    /// - Parameters:
    ///   - takes: what the reference says; the bounds of the value are put in front
    ///   - help: what `--help` says
    ///   - effect: when a change takes effect
    ///   - set: writes the value
    init<Value: Sendable>(
        _ name: String, _ value: SettingValue<Value>, takes: String, default: KeyDefault, example: String, help: String,
        effect: Effect, set: @escaping @Sendable (inout ServiceSettings, Value) -> Void
    ) {
        self.effect = effect
        key = Key(name, takes: value.bounds + takes, shape: value.shape, standard: `default`, example: example) {
            section, key, _ in
            section.value(key, value.parse).map { found -> Change in { settings in set(&settings, found.value) } }
        }
        option = Option(
            name: name, help: help + `default`.help, valueName: value.name, expected: value.expected
        ) { text throws(ValueError) in
            let value = try value.parse(text)
            return { settings in set(&settings, value) }
        }
    }

    /// A path: in the file it is relative to the file's folder.
    init(
        path name: String, valueName: String = "file", takes: String, default: KeyDefault, example: String, help: String,
        effect: Effect, set: @escaping @Sendable (inout ServiceSettings, String) -> Void
    ) {
        self.effect = effect
        key = Key(name, takes: takes, shape: .text(.path), standard: `default`, example: example) { section, key, folder in
            section.value(key) { text throws(ValueError) in try FilePath.resolve(text, in: folder) }
                .map { path -> Change in { settings in set(&settings, path.value) } }
        }
        option = Option(name: name, help: help, valueName: valueName, expected: "a path") { text in
            { settings in set(&settings, text) }
        }
    }

    /// A path that is written to, or `-`: in the file a path is relative to the file's folder.
    init(
        outputPath name: String, takes: String, default: KeyDefault, example: String, help: String, effect: Effect,
        set: @escaping @Sendable (inout ServiceSettings, String) -> Void
    ) {
        self.effect = effect
        key = Key(name, takes: takes, shape: .text(.path), standard: `default`, example: example) { section, key, folder in
            section.value(key) { text throws(ValueError) in text == "-" ? text : try FilePath.resolve(text, in: folder) }
                .map { path -> Change in { settings in set(&settings, path.value) } }
        }
        option = Option(name: name, help: help, valueName: "file", expected: "a path, or -") { text in
            { settings in set(&settings, text) }
        }
    }

    /// A setting that is true or false, and false by default.
    init(
        switch name: String, takes: String, help: String, effect: Effect,
        set: @escaping @Sendable (inout ServiceSettings, Bool) -> Void
    ) {
        self.effect = effect
        key = Key(name, takes: takes, shape: .flag, standard: .value("false"), example: "true") { section, key, _ in
            section.flag(key).map { found -> Change in { settings in set(&settings, found.value) } }
        }
        option = Option(
            name: name, help: help, valueName: "true|false", isSwitch: true, expected: "true or false"
        ) { text throws(ValueError) in
            guard let value = Bool(text) else { throw ValueError("\(text.quoted) is neither", "write true or false") }
            return { settings in set(&settings, value) }
        }
    }

    /// A list: of YAML in the file, and separated by commas elsewhere.
    init(
        listOf value: SettingValue<String>, _ name: String, takes: String, default: KeyDefault, example: String, help: String,
        effect: Effect, set: @escaping @Sendable (inout ServiceSettings, [String]) -> Void
    ) {
        self.effect = effect
        key = Key(name, takes: takes, shape: .list(of: value.shape), standard: `default`, example: example) { section, key, _ in
            section.list(key, value.parse).map { list -> Change in { settings in set(&settings, list.map(\.value)) } }
        }
        option = Option(
            name: name, help: help, valueName: value.name, expected: value.expected
        ) { text throws(ValueError) in
            var values: [String] = []
            for item in text.split(separator: ",") { values.append(try value.parse(item.trimmed)) }
            return { [values] settings in set(&settings, values) }
        }
    }

    /// A setting of the file alone.
    init(
        fileOnly name: String, takes: String, shape: ValueShape, default: KeyDefault, example: String, effect: Effect,
        read: @escaping @Sendable (Section, String, String) -> Change?
    ) {
        self.effect = effect
        key = Key(name, takes: takes, shape: shape, standard: `default`, example: example, read: read)
        option = nil
    }

    /// A path that the file cannot have.
    init(flagOnly name: String, help: String, set: @escaping @Sendable (inout ServiceSettings, String) -> Void) {
        effect = .restart { _, _ in true }
        key = nil
        option = Option(name: name, help: help, valueName: "file", expected: "a path") { text in
            { settings in set(&settings, text) }
        }
    }
}

/// How the text of a value is read.
struct SettingValue<Value>: Sendable {
    /// What `--help` calls it: `duration`.
    let name: String
    /// What the reference begins with: `duration, 0s to 5m: `.
    var bounds = ""
    /// What a flag takes, for its error: `0s to 5m`.
    let expected: String
    /// In the file.
    let shape: ValueShape
    let parse: @Sendable (String) throws(ValueError) -> Value
}

extension SettingValue<ListenAddress> {
    static let address = SettingValue(
        name: "host:port", expected: "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080", shape: .text(.listenAddress),
        parse: ListenAddress.parse)
}

extension SettingValue<Int> {
    /// A number of things.
    /// - Parameter what: for messages: `a number of connections`
    static func count(_ range: ClosedRange<Int>, _ what: String) -> SettingValue {
        let bounds = "\(range.lowerBound) to \(range.upperBound)"
        return SettingValue(name: "count", bounds: "\(bounds): ", expected: bounds, shape: .text(.whole(range))) {
            text throws(ValueError) in
            let value = try WholeNumber.parse(text, what: what, example: String(range.upperBound))
            guard range.contains(value) else { throw ValueError("\(text.quoted) is not \(what)", "write \(bounds)") }
            return value
        }
    }

    /// A duration in seconds.
    /// - Parameter what: for messages: `a drain delay`
    static func duration(_ range: ClosedRange<Int>, _ what: String) -> SettingValue {
        let bounds = "\(Quantity.duration.text(range.lowerBound)) to \(Quantity.duration.text(range.upperBound))"
        return SettingValue(
            name: "duration", bounds: "duration, \(bounds): ", expected: bounds, shape: .text(.quantity(.duration, range))
        ) { text throws(ValueError) in
            let value = try Quantity.duration.parse(text)
            guard range.contains(value) else { throw ValueError("\(text.quoted) is not \(what)", "write \(bounds)") }
            return value
        }
    }
}

extension SettingValue<Duration> {
    /// How often something is done: a duration, or 0 for not at all.
    /// - Parameters:
    ///   - range: in milliseconds
    ///   - what: for messages: `an interval of looks`
    static func interval(_ range: ClosedRange<Int>, _ what: String) -> SettingValue {
        let (low, high) = (Quantity.interval.text(range.lowerBound), Quantity.interval.text(range.upperBound))
        return SettingValue(
            name: "duration", bounds: "duration, \(low) to \(high), or 0: ", expected: "\(low) to \(high), or 0",
            shape: .text(.quantity(.interval, range, orZero: true))
        ) { text throws(ValueError) in
            let value = text == "0" ? 0 : try Quantity.interval.parse(text)
            guard value == 0 || range.contains(value) else {
                throw ValueError("\(text.quoted) is not \(what)", "write \(low) to \(high), or 0")
            }
            return .milliseconds(value)
        }
    }
}

extension Quantity {
    /// A value as one would write it, in the largest unit that fits.
    fileprivate func text(_ value: Int) -> String {
        let unit = units.last { value > 0 && value.isMultiple(of: $0.factor) } ?? units[0]
        return "\(value / unit.factor)\(unit.name)"
    }
}

extension SettingValue<String> {
    /// A host name without a port, as a `Host` field has it.
    static let hostName = SettingValue(
        name: "names", expected: "a list of host names without ports such as postern.internal",
        shape: .text(.hostName)
    ) { text throws(ValueError) in
        let isName = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-._".utf8.contains($0) }
        guard isName, (1...255).contains(text.utf8.count) else {
            throw ValueError("\(text.quoted) is not a host name", "write a name without a port, such as postern.internal")
        }
        return text
    }
}

extension SettingValue where Value: RawRepresentable<String> & CaseIterable & Sendable {
    /// One of a few words.
    /// - Parameter what: for messages: `a log format`
    static func word(_ name: String, _ what: String) -> SettingValue {
        let words = Value.allCases.map(\.rawValue)
        let expected = words.count > 2 ? "one of \(words.joined(separator: ", "))" : words.joined(separator: " or ")
        return SettingValue(name: name, expected: expected, shape: .words(words)) { text throws(ValueError) in
            try Choice.parse(text, as: Value.self, what: what)
        }
    }
}
