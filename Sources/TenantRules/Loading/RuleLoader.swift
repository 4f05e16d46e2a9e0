// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Reads a folder of tenant files into a rule book, or lists everything that is wrong with them.
package enum RuleLoader {
    /// What a load came to.
    package struct Outcome: Sendable {
        /// The book, or every problem of every file, sorted by file, line and column.
        package let result: Result<RuleBook, RuleFileProblems>
        /// What is allowed but unwise, sorted alike.
        package let warnings: [RuleFileProblem]
    }

    /// Loads every `<tenant>.yaml` of a folder.
    ///
    /// - Parameters:
    ///   - folder: The folder of tenant files.
    ///   - generation: The number the new book carries.
    ///   - service: The service-wide configuration, whose issuers no tenant may declare again.
    ///   - files: Access to the file system.
    package static func load(
        folder: String,
        generation: Int,
        service: ServiceConfiguration? = nil,
        files: RuleFileSystem = .local
    ) -> Outcome {
        Outcome(result: .failure(RuleFileProblems(problems: [])), warnings: [])
    }
}
