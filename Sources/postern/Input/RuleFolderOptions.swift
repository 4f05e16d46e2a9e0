// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import RuleFiles
import UploadRules
import WireFormats

/// The folder of rule files that a command is about.
struct RuleFolderOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The folder of rule files.", valueName: "dir"), completion: .directory)
    var path: String

    @Option(
        help: ArgumentHelp("The service-wide file that these tenants are served with.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var config: String?

    /// Reads the folder as `serve` would.
    /// - Parameter tenant: the id of the only tenant to return; nil for all
    /// - Throws: `StartupError` with every problem of the files, `ValidationError` if there is no such tenant
    func files(of tenant: String? = nil) throws -> [TenantFile] {
        if let tenant { return [try usableFiles(for: tenant).file] }
        do throws(SetupError) {
            return try RuleBook.load(path, service: try settings()).book.files
        } catch {
            throw StartupError(error)
        }
    }

    /// Reads the folder for one tenant, and says on standard error if other tenants' files have problems.
    /// - Throws: `StartupError` with every problem of the tenant's file, `ValidationError` if there is no such tenant
    func usableFiles(for tenant: String) throws -> UsableFiles {
        let settings: ServiceSettings?
        do throws(SetupError) {
            settings = try self.settings()
        } catch {
            throw StartupError(error)
        }
        do throws(UsableFiles.LoadError) {
            let files = try UsableFiles.load(tenant, folder: path, service: settings)
            if !files.leftOut.isEmpty {
                Remark.write(
                    "warning: other files have problems and are left out (\(Self.list(files.leftOut))): run 'postern check \(path)'"
                )
            }
            return files
        } catch {
            switch error {
            case .problems(let problems): throw StartupError(SetupError(problems.problems.map(\.description)))
            case .unknown(let ids):
                let hint =
                    tenant.closestMatch(in: ids).map { "did you mean \($0.printable())?" } ?? "there are: \(Self.list(ids))."
                throw ValidationError("--tenant: \(path.printable()) has no tenant \(tenant.quoted); \(hint)")
            }
        }
    }

    /// The folder and the options, for a command that an operator pastes.
    /// - Parameter tenant: the tenant that the command is about; nil for all
    func words(tenant: String? = nil) -> String {
        path.shellWord + (config.map { " --config \($0.shellWord)" } ?? "") + (tenant.map { " --tenant \($0.shellWord)" } ?? "")
    }

    /// The settings of the service-wide file; nil if none is given, so that they are not known, as for `check`.
    /// - Throws: `SetupError` with every problem of the file
    func settings() throws(SetupError) -> ServiceSettings? {
        do throws(RuleFilesError) {
            return try config.map { path throws(RuleFilesError) in try ServiceSettings(file: path) }
        } catch {
            throw SetupError(error.problems.map(\.description))
        }
    }

    /// A list for a message, cut after twenty names.
    static func list(_ names: [String]) -> String {
        names.prefix(20).map { $0.printable() }.joined(separator: ", ")
            + (names.count > 20 ? ", and \(names.count - 20) more" : "")
    }
}

/// Tells the reader of a document what is not a part of it: standard output has the document alone.
enum Remark {
    static func write(_ text: String) {
        StandardStream.write("\(text.printable())\n", to: StandardStream.error)
    }
}
