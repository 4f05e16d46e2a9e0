// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a folder of tenant files into a rule book, or lists everything that is wrong.
package enum RuleLoader {
    /// The result of a load.
    package struct Outcome: Sendable {
        /// The book, or every problem of every file, sorted by file, line and column.
        package let result: Result<RuleBook, RuleFilesError>
        /// Warnings of every file, and of the service-wide one, sorted alike.
        package let warnings: [Diagnostic]
    }

    /// Loads every `<tenant>.yaml` of a folder.
    ///
    /// Ignores folders, files that are not YAML, and names that begin with a dot (such as Kubernetes' `..data`).
    ///
    /// - Parameters:
    ///   - folder: The folder of tenant files.
    ///   - service: The service's settings, whose issuers no tenant may declare again.
    ///   - files: Access to the file system.
    package static func load(folder: String, service: ServiceSettings? = nil, files: RuleFileSystem = .local) -> Outcome {
        RuleFolder.load(folder, service: service, at: .distantFuture, files: files).outcome
    }
}
