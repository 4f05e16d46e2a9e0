// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import RuleFiles
import UploadRules
import WireFormats

/// The folder of rule files that a command is about.
struct RuleFolder: ParsableArguments {
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
        let files: [TenantFile]
        do {
            var settings = ServiceSettings()
            if let config { settings = try ServiceSettings(file: config) }
            settings.tenants = path
            files = try RuleBook.load(settings).book.files
        } catch let error as RuleFilesError {
            throw StartupError(SetupError(error.problems.map(\.description)))
        } catch {
            throw StartupError(error)
        }
        return try tenant.map { [try file(of: $0, among: files)] } ?? files
    }

    /// - Throws: `ValidationError` if there is no such tenant
    func file(of tenant: String, among files: [TenantFile]) throws -> TenantFile {
        guard let file = files.first(where: { $0.tenant.id == tenant }) else {
            let ids = files.map(\.tenant.id)
            let hint = tenant.closestMatch(in: ids).map { "did you mean \($0)?" } ?? "there are: \(Self.list(ids))."
            throw ValidationError("--tenant: \(path) has no tenant \(tenant.quoted); \(hint)")
        }
        return file
    }

    /// A list for a message, cut after twenty names.
    static func list(_ names: [String]) -> String {
        names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", and \(names.count - 20) more" : "")
    }
}

/// Tells the reader of a document what is not a part of it: standard output has the document alone.
enum Remark {
    static func write(_ text: String) {
        StandardStream.write("\(text.printable())\n", to: StandardStream.error)
    }
}
