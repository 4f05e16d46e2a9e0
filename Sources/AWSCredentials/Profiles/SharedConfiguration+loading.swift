// SPDX-License-Identifier: Apache-2.0

extension SharedConfiguration {
    /// Reads both files.
    /// - Parameters:
    ///   - variables: the process's environment: `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` say where the files are
    ///   - home: the user's home, for `~` where `HOME` is not set
    ///   - readFile: the bytes of a file, nil where there is no regular file of that path. A file that is there and cannot
    ///     be read is for it to throw; botocore would take such a file for an empty one, and sign with other credentials
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
        guard let expanded = SharedPath.expand(variables[variable] ?? path, variables: variables, home: home) else {
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
}
