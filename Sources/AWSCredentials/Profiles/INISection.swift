// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A section as it is being read.
struct INISection {
    let name: ExactString
    /// The line of its header, counted from 1.
    let line: Int
    private(set) var options: [INIOption] = []
    private var places: [ExactString: Int] = [:]

    init(name: ExactString, line: Int) {
        self.name = name
        self.line = line
    }

    /// The option of that name.
    subscript(name: ExactString) -> INIOption? {
        places[name].map { options[$0] }
    }

    mutating func append(_ option: INIOption) {
        places[option.name] = options.count
        options.append(option)
    }

    /// Adds a line to the value of the last option.
    mutating func continueLast(with line: Scalars) {
        guard !options.isEmpty else { return }
        options[options.count - 1].lines.append(line)
    }
}
