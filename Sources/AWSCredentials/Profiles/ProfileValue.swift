// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The value of an option.
enum ProfileValue: Sendable, Equatable {
    case text(String)
    /// A value that begins on the line below its name is itself a list of `name = value`; here the names keep their case.
    case nested([ExactString: String])

    /// Reads an option's value; nil where a nested line has no `=`.
    init?(_ value: Scalars) {
        guard value.first == "\n" else {
            self = .text(value.text)
            return
        }
        var values: [ExactString: String] = [:]
        for line in value.split(whereSeparator: \.isLineBoundary).map(\.stripped) where !line.isEmpty {
            guard let delimiter = line.firstIndex(of: "=") else { return nil }
            values[ExactString(line[..<delimiter].stripped.text)] = line[(delimiter + 1)...].stripped.text
        }
        self = .nested(values)
    }
}
