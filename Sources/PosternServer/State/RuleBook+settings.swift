// SPDX-License-Identifier: Apache-2.0

package import RuleFiles

extension RuleBook {
    /// Reads the rule files that the settings name.
    /// - Throws: `SetupError` with every problem of every file
    package static func load(_ settings: ServiceSettings) throws(SetupError) -> (book: RuleBook, warnings: [String]) {
        let outcome = RuleLoader.load(folder: settings.tenants, generation: 1, service: settings)
        switch outcome.result {
        case .success(let book): return (book, outcome.warnings.map(\.description))
        case .failure(let problems): throw SetupError(problems.problems.map(\.description))
        }
    }
}
