// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What `~/.aws/credentials` holds: every section is a profile, under the header's whole text.
struct CredentialsFile: Sendable {
    private(set) var profiles: [ExactString: ProfileValues] = [:]

    /// A file that does not exist.
    init() {}

    init(_ bytes: [UInt8]) throws(INISyntaxError) {
        for section in try INIParser.parse(bytes) {
            profiles[section.name] = try ProfileValues(section)
        }
    }
}
