// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// AWS's shared files, `~/.aws/config` and `~/.aws/credentials`, read as botocore 1.44.5 reads them.
package struct SharedConfiguration: Sendable {
    /// The profiles of the configuration file, each merged with the same profile of the credentials file, whose values take
    /// precedence, as in botocore.
    package let profiles: [ExactString: ProfileValues]
    let configuration: ConfigurationFile
    let credentials: CredentialsFile
    /// For messages.
    let configurationPath: String
    let credentialsPath: String

    /// Reads both files.
    /// - Parameters:
    ///   - variables: the process's environment; `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name the files
    ///   - home: the folder that `~` stands for if `HOME` is not set
    ///   - readFile: returns the bytes of a file, nil if there is no regular file at that path. It throws if a file exists and
    ///     cannot be read; botocore would treat such a file as empty, and sign with other credentials
    package static func load(
        variables: [String: String],
        home: String,
        readFile: (String) throws(CredentialError) -> [UInt8]?
    ) throws(CredentialError) -> SharedConfiguration {
        let configurationPath = try path(named: "AWS_CONFIG_FILE", default: "~/.aws/config", variables, home)
        let credentialsPath = try path(named: "AWS_SHARED_CREDENTIALS_FILE", default: "~/.aws/credentials", variables, home)
        var configuration = ConfigurationFile()
        if let bytes = try readFile(configurationPath) {
            configuration = try parse(configurationPath) { () throws(INISyntaxError) in try ConfigurationFile(bytes) }
        }
        var credentials = CredentialsFile()
        if let bytes = try readFile(credentialsPath) {
            credentials = try parse(credentialsPath) { () throws(INISyntaxError) in try CredentialsFile(bytes) }
        }
        return SharedConfiguration(
            profiles: configuration.profiles.merging(credentials.profiles) { $0.merging($1) { _, new in new } },
            configuration: configuration,
            credentials: credentials,
            configurationPath: configurationPath,
            credentialsPath: credentialsPath
        )
    }

    private static func path(
        named variable: String,
        default path: String,
        _ variables: [String: String],
        _ home: String
    ) throws(CredentialError) -> String {
        guard let expanded = (variables[variable] ?? path).expandedPath(variables: variables, home: home) else {
            throw .configuration("\(variable) begins with ~ and a user's name: write the whole path")
        }
        return expanded
    }

    private static func parse<File>(
        _ path: String,
        _ parse: () throws(INISyntaxError) -> File
    ) throws(CredentialError) -> File {
        do throws(INISyntaxError) {
            return try parse()
        } catch {
            throw .configuration("the AWS file \(path) cannot be read: \(error)")
        }
    }

    /// The profile that the environment names, in botocore's order; nil if it names none, which means `default`.
    package static func profileName(in variables: [String: String]) -> String? {
        variables["AWS_DEFAULT_PROFILE"] ?? variables["AWS_PROFILE"]
    }

    /// Returns a reader of the profile. If the profile does not exist, the reader has no values.
    func reader(of name: ExactString) -> ProfileReader {
        ProfileReader(name: name, values: profiles[name] ?? [:])
    }

    /// Returns a sentence on how to write a profile that was not found.
    func advice(onMissing name: ExactString) -> String {
        let quoted = ProfileReader.quoted(name)
        if name.text.isEmpty { return "Its name is empty: is AWS_PROFILE set to nothing?" }
        if configuration.others.contains(name) {
            return "\(configurationPath) has a section of that name: write the word profile in front of it, as in [profile NAME]."
        }
        if credentials.profiles[ExactString("profile \(name.text)")] != nil {
            return "\(credentialsPath) has it with the word profile in front: write only the name there, as in [NAME]."
        }
        return "Write [profile NAME] into \(configurationPath), or [NAME] into \(credentialsPath), with \(quoted) for NAME."
    }
}

/// The contents of `~/.aws/config`.
struct ConfigurationFile: Sendable {
    private(set) var profiles: [ExactString: ProfileValues] = [:]
    /// The sections that `services = NAME` of a profile names.
    private(set) var services: [ExactString: ProfileValues] = [:]
    /// Sections of unknown kinds, e.g. a profile without the word `profile`.
    private(set) var others: Set<ExactString> = []

    /// Creates the contents of a file that does not exist.
    init() {}

    /// Reads a file. If a name appears twice, as `[profile a]` and as `[profile "a"]`, the values of the later section are
    /// used.
    init(_ bytes: [UInt8]) throws(INISyntaxError) {
        for section in try INIParser.parse(bytes) {
            let values = try ProfileValues(section)
            let header = section.name.text.utf8
            // botocore compares only the beginning of the header, so `[profiles a]` is a profile too.
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

    /// Returns the second of two words; nil for a header of another form.
    private static func name(in header: ExactString) -> ExactString? {
        guard let words = header.text.shellWords, words.count == 2 else { return nil }
        return ExactString(words[1])
    }
}

/// The contents of `~/.aws/credentials`: every section is a profile, named by the whole text of its header.
struct CredentialsFile: Sendable {
    private(set) var profiles: [ExactString: ProfileValues] = [:]

    /// Creates the contents of a file that does not exist.
    init() {}

    init(_ bytes: [UInt8]) throws(INISyntaxError) {
        for section in try INIParser.parse(bytes) {
            profiles[section.name] = try ProfileValues(section)
        }
    }
}

/// The options of a profile.
package typealias ProfileValues = [ExactString: ProfileValue]

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

/// The value of an option.
package enum ProfileValue: Sendable, Equatable {
    case text(String)
    /// A value that begins on the line below its name: a list of `name = value`, in which names are not lower-cased.
    case nested([ExactString: String])

    /// Reads an option's value; nil if a nested line has no `=`.
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

/// A profile's regions and endpoints; nil for those that it does not set. Environment variables, which take precedence over all
/// of these, are not read here.
struct ProfileSettings: Sendable, Equatable {
    /// `region`
    let region: String?
    /// `sts_regional_endpoints`: `legacy` or `regional`
    let stsRegionalEndpoints: String?
    /// `endpoint_url` of `sts` in the section that `services` names
    let stsEndpointURL: String?
    /// `endpoint_url` of the profile, for all services
    let endpointURL: String?
    /// `ignore_configured_endpoint_urls`: whether the two URLs above and those of the environment are ignored
    let ignoresEndpointURLs: Bool
    /// `ca_bundle`: a file of certificates
    let caBundle: String?
    /// `use_fips_endpoint`
    let usesFIPSEndpoint: Bool
    /// `ec2_metadata_service_endpoint`
    let metadataServiceEndpoint: String?
    /// `ec2_metadata_service_endpoint_mode`: `ipv4` or `ipv6`
    let metadataServiceEndpointMode: String?

    /// Reads the settings of a profile. A profile that does not exist has none.
    init(of profile: String, in shared: SharedConfiguration) throws(CredentialError) {
        let profile = shared.reader(of: ExactString(profile))
        region = try profile.nonEmptyLine("region")
        stsRegionalEndpoints = try profile.nonEmptyLine("sts_regional_endpoints")
        stsEndpointURL = try Self.endpointURL(of: "sts", for: profile, in: shared)
        endpointURL = try profile.nonEmptyLine("endpoint_url")
        ignoresEndpointURLs = try Self.isTrue("ignore_configured_endpoint_urls", of: profile)
        caBundle = try profile.nonEmptyLine("ca_bundle")
        usesFIPSEndpoint = try Self.isTrue("use_fips_endpoint", of: profile)
        metadataServiceEndpoint = try profile.nonEmptyLine("ec2_metadata_service_endpoint")
        metadataServiceEndpointMode = try profile.nonEmptyLine("ec2_metadata_service_endpoint_mode")
    }

    private static func endpointURL(
        of service: ExactString, for profile: ProfileReader, in shared: SharedConfiguration
    ) throws(CredentialError) -> String? {
        guard let name = try profile.line("services") else { return nil }
        guard let section = shared.configuration.services[ExactString(name)], !section.isEmpty else {
            throw profile.error(
                "its services \(ProfileReader.quoted(ExactString(name))) does not exist: "
                    + "write [services NAME] into \(shared.configurationPath)"
            )
        }
        switch section[service] {
        case nil: return nil
        case .text: throw profile.error("\(service.text) of its services section has to be a name with indented lines below")
        case .nested(let values): return values["endpoint_url"].flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// As in botocore, `true` in any case is true, and everything else is false.
    private static func isTrue(_ option: ExactString, of profile: ProfileReader) throws(CredentialError) -> Bool {
        try profile.line(option)?.lowercased() == "true"
    }
}

// What the files contain is not printed: some values are secrets.

extension SharedConfiguration: CustomStringConvertible, CustomReflectable {
    package var description: String { "SharedConfiguration" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ConfigurationFile: CustomStringConvertible, CustomReflectable {
    var description: String { "ConfigurationFile" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension CredentialsFile: CustomStringConvertible, CustomReflectable {
    var description: String { "CredentialsFile" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
