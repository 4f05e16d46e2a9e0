// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A folder of rule files and the service-wide file, which change while the service runs, and what is in force of them.
///
/// The file system and the time are parameters; nothing waits. Do not copy a value that is used: the next change would have to copy all
/// entries of its dictionaries.
package struct RuleFolder: Sendable {
    private let files: RuleFileSystem
    private var reading: FolderReading
    /// Nil if there is no service-wide file.
    private var serviceReading: ServiceFileReading?
    private var rules: RulesInForce
    /// The names of files that have changed since the last book.
    private var changed: Set<String> = []
    private var isServiceChanged = false

    /// Why the last look at the folder was no edit, as `check` says it: the folder cannot be read, or has no rule file. Nil if it was
    /// read.
    package private(set) var problem: Diagnostic?

    /// What a look at the files has found.
    package enum Look: Sendable, Hashable {
        /// Everything is as it was at the last book.
        case unchanged
        /// Something differs from the look before. It counts if the next look finds the same.
        case unsettled
        /// There is something that counts and that the last book does not have.
        case settled
    }

    /// Loads all files; nothing is in force if there is any problem.
    ///
    /// - Parameters:
    ///   - folder: the folder of rule files
    ///   - service: the settings, with the issuers of the service-wide file; nil if these are not known
    ///   - now: the time, by the clock that files are stamped with
    package static func load(
        _ folder: String, service: ServiceSettings?, at now: Date, files: RuleFileSystem = .local
    ) -> (outcome: RuleLoader.Outcome, folder: RuleFolder) {
        let (reading, problems) = FolderReading.first(folder, at: now, files: files)
        let (rules, outcome) = RulesInForce.load(Array(reading.counted.values), service: service, besides: problems)
        let serviceReading = service.flatMap(ServiceFile.init).map { ServiceFileReading($0) }
        return (outcome, RuleFolder(files: files, reading: reading, serviceReading: serviceReading, rules: rules))
    }

    private init(files: RuleFileSystem, reading: FolderReading, serviceReading: ServiceFileReading?, rules: RulesInForce) {
        self.files = files
        self.reading = reading
        self.serviceReading = serviceReading
        self.rules = rules
    }

    /// Looks at the files, and reads those that have changed. Where nothing has, each is asked for its stamp and that is all.
    /// - Parameter everything: whether to read all files
    package mutating func look(everything: Bool = false, at now: Date) -> Look {
        do throws(FolderError) {
            changed.formUnion(try reading.look(everything: everything, at: now, files: files))
            problem = nil
        } catch {
            problem = error.problem
        }
        if serviceReading?.look(everything: everything, at: now, files: files) ?? false { isServiceChanged = true }
        if !changed.isEmpty || isServiceChanged { return .settled }
        return reading.isUnsettled || serviceReading?.isUnsettled ?? false ? .unsettled : .unchanged
    }

    /// Makes the next book. Each tenant has the newest content of its file that counts. Content that has a problem, or is in
    /// conflict with another file, is held back: then what is in force for the tenant stays. The same holds for the service-wide file.
    ///
    /// The book is in force from now on. Contents that are held back are judged again with each book.
    ///
    /// - Parameters:
    ///   - checkingTenant: Returns the problems of a file that rule files alone do not show, such as a key file that cannot be read. It
    ///     is called for contents that are not yet in force.
    ///   - checkingService: The same for the service-wide file.
    package mutating func makeBook(
        checkingTenant: @escaping (TenantFile) -> [Diagnostic] = { _ in [] },
        checkingService: @escaping (ServiceSettings) -> [Diagnostic] = { _ in [] }
    ) -> RuleReload {
        defer {
            changed = []
            isServiceChanged = false
        }
        return rules.reload(
            changed, in: reading.counted, service: serviceReading?.counted,
            RulesInForce.OutsideChecks(tenant: checkingTenant, service: checkingService))
    }
}
