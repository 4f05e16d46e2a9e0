// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import RuleFiles

/// The flags of `serve`: one for each setting that has one.
///
/// ArgumentParser finds the options of a type by reflection, and gives their values to its decoding initialiser. Both are
/// written out here, so that the declarations of the settings are the only list of flags.
struct SettingFlags: ParsableArguments, CustomReflectable {
    /// The values by the settings' names.
    private(set) var values: [String: String] = [:]

    private static let options = ServiceSettings.declarations.compactMap(\.option)

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for option in Self.options {
            let name = Name(stringValue: option.name)
            if option.isSwitch {
                if try container.decode(Flag<Bool>.self, forKey: name).wrappedValue { values[option.name] = "true" }
            } else {
                values[option.name] = try container.decode(Option<String?>.self, forKey: name).wrappedValue
            }
        }
    }

    var customMirror: Mirror {
        Mirror(
            self,
            children: Self.options.map { option -> (String, Any) in
                let help = ArgumentHelp("\(option.help)", valueName: option.valueName)
                return (option.name, option.isSwitch ? Flag<Bool>(wrappedValue: false, help: help) : Option<String?>(help: help))
            }
        )
    }
}

/// Decides each setting: command line, then environment, then file, then default.
struct SettingsResolver {
    /// By the settings' names.
    let flags: [String: String]
    let environment: [String: String]

    /// - Throws: `ValidationError` (exit code 64) for a wrong flag or variable, `SetupError` (1) for a wrong file
    func settings() throws -> ServiceSettings {
        let settings: ServiceSettings
        let file = try fileSettings()
        do throws(SettingError) {
            settings = try overlay(file)
        } catch {
            throw ValidationError(error.description)
        }
        guard !settings.tenants.isEmpty else {
            throw ValidationError(
                "Give the folder of rule files: --tenants DIR, POSTERN_TENANTS, or 'tenants' in the file of --config.")
        }
        guard (settings.tlsCert == nil) == (settings.tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together: give both or neither.")
        }
        guard settings.auditUsers == .plain || settings.auditUserKey != nil else {
            throw ValidationError("auditUsers: hash needs auditUserKey (--audit-user-key), a file with at least 32 random bytes.")
        }
        return settings
    }

    /// Lays flags, variables and the environment over what the service-wide file says.
    func overlay(_ file: ServiceSettings) throws(SettingError) -> ServiceSettings {
        var settings = file
        settings.environment = environment
        for option in Self.options {
            guard let text = value(of: option) else { continue }
            try option.apply(text, isFlag: flags[option.name] != nil, to: &settings)
        }
        return settings
    }

    private static let options = ServiceSettings.declarations.compactMap(\.option)

    private func fileSettings() throws -> ServiceSettings {
        guard let path = Self.options.first(where: { $0.name == "config" }).flatMap(value) else { return ServiceSettings() }
        do throws(RuleFilesError) {
            return try ServiceSettings(file: path)
        } catch {
            throw SetupError(error.problems.map(\.description))
        }
    }

    /// The flag, or the variable unless it is empty.
    private func value(of option: Setting.Option) -> String? {
        flags[option.name] ?? environment[option.variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Selects the rule files of a command that shows what `serve` would do.
struct RuleFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of rule files. (default: $POSTERN_TENANTS)", valueName: "dir"))
    var tenants: String?

    @Option(help: ArgumentHelp("The service-wide file. (default: $POSTERN_CONFIG)", valueName: "file"))
    var config: String?

    /// The same as flags of `serve`.
    var flags: [String: String] {
        ["tenants": tenants, "config": config].compactMapValues(\.self)
    }
}
