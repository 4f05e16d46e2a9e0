// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The options of a profile.
typealias ProfileValues = [ExactString: ProfileValue]

extension ProfileValues {
    /// Reads a section's options.
    init(_ section: INISection) throws(INISyntaxError) {
        self.init(minimumCapacity: section.options.count)
        for option in section.options {
            guard let value = ProfileValue(option.value) else { throw .notNested(line: option.line) }
            self[option.name] = value
        }
    }
}
