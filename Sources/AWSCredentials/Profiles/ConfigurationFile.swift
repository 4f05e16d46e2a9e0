// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What `~/.aws/config` holds.
struct ConfigurationFile: Sendable {
    private(set) var profiles: [ExactString: ProfileValues] = [:]
    /// Sections that `services = NAME` of a profile names.
    private(set) var services: [ExactString: ProfileValues] = [:]
    /// Sections of no known kind, e.g. a profile without the word `profile`.
    private(set) var others: Set<ExactString> = []

    /// A file that does not exist.
    init() {}

    /// Reads a file. A name that is written twice, as `[profile a]` and as `[profile "a"]`, has the values of the later one.
    init(_ bytes: [UInt8]) throws(INISyntaxError) {
        for section in try INIParser.parse(bytes) {
            let values = try ProfileValues(section)
            let header = section.name.text.utf8
            // The kinds are told by how the header begins, so `[profiles a]` is a profile too.
            if header.starts(with: "profile".utf8) {
                if let name = Self.name(in: section.name) { profiles[name] = values }
            } else if header.starts(with: "sso-session".utf8) {
                continue
            } else if header.starts(with: "services".utf8) {
                if let name = Self.name(in: section.name) { services[name] = values }
            } else if section.name == "default" {
                profiles[section.name] = values
            } else {
                others.insert(section.name)
            }
        }
    }

    /// The second of two words; a header of another shape names nothing.
    private static func name(in header: ExactString) -> ExactString? {
        guard let words = try? ShellWords.split(header.text), words.count == 2 else { return nil }
        return ExactString(words[1])
    }
}
