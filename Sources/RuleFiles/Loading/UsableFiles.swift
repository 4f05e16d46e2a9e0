// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// The files of a folder that a command about one tenant uses. Other files may have problems; they are left out.
package struct UsableFiles: Sendable {
    /// The tenant's.
    package let file: TenantFile
    /// The files that no problem is about.
    package let book: RuleBook
    /// The paths of the files that were left out, sorted.
    package let leftOut: [String]

    /// Why there is nothing to use.
    package enum LoadError: Error, Sendable {
        /// The tenant's file has problems, is in conflict with another one, or the folder cannot be read.
        case problems(RuleFilesError)
        /// The folder has no file of the tenant.
        case unknown(tenants: [String])
    }

    /// Reads a folder for one tenant. What is a problem of its file is a problem here, in the words of `check`.
    /// - Parameters:
    ///   - tenant: its id
    ///   - service: the settings, with the service-wide issuers
    package static func load(
        _ tenant: String, folder: String, service: ServiceSettings?, files: RuleFileSystem = .local
    ) throws(LoadError) -> UsableFiles {
        let check = FolderCheck(folder, service: service, files: files)
        let ofFolder = check.problems.filter { $0.file.hasSameBytes(as: folder) }
        guard ofFolder.isEmpty else { throw .problems(RuleFilesError(problems: ofFolder)) }
        // More than one if there is a file with a wrong name, such as acme.yml.
        let own = check.all.filter { $0.id.hasSameBytes(as: tenant) }
        guard !own.isEmpty else { throw .unknown(tenants: check.all.map(\.id)) }
        let problems = own.flatMap(check.problems)
        guard problems.isEmpty, let file = check.files.first(where: { $0.tenant.id.hasSameBytes(as: tenant) }) else {
            throw .problems(RuleFilesError(problems: problems))
        }
        let leftOut = Set(check.problems.flatMap { [$0.file, $0.otherFile].compactMap(\.self) }.map { ExactString($0) })
        return UsableFiles(
            file: file,
            book: RuleBook(files: check.files.filter { !leftOut.contains(ExactString($0.path)) }),
            leftOut: leftOut.map(\.text).sorted { $0.bytesPrecede($1) })
    }
}
