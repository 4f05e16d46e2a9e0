// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files of a folder of rule files. At each look those are read again that have changed.
///
/// A reading counts if the next one agrees with it: files may be half written, or only a part of them replaced.
struct FolderReading: Sendable {
    private let folder: String
    /// The files that count, by their names.
    private(set) var counted: [String: RuleFile] = [:]
    /// Where the last reading differs from ``counted``; nil for a file that is gone.
    private var uncounted: [String: RuleFile?] = [:]

    /// The folder without symbolic links, at the last reading.
    private var resolved = ""
    private var listing = FolderListing(folder: FileStamp(kind: .missing))
    private var isListingRacy = true
    /// The files, by their indices in ``listing``, that may have changed since they were read although their stamps have not.
    private var racy: Set<Int> = []
    /// Whether the last look failed.
    private var isInterrupted = false
    /// How many readings in a row have differed from the ones before.
    private var differences = 0

    /// After so many readings that differ, the files that do not differ count, so that a file that changes all the time holds no
    /// other one back.
    private static let maximumDifferences = 10

    init(_ folder: String) {
        self.folder = folder
    }

    /// Whether the last reading differs from what counts.
    var isUnsettled: Bool { !uncounted.isEmpty }

    /// Reads a folder for the first time. This reading counts at once.
    /// - Returns: the reading, and the problem of the folder itself if there is one
    static func first(_ folder: String, at now: Date, files: RuleFileSystem) -> (reading: FolderReading, problems: [Diagnostic]) {
        var reading = FolderReading(folder)
        do throws(FolderError) {
            try reading.readFirst(at: now, files: files)
            if reading.counted.isEmpty { throw .noFiles(in: folder) }
            return (reading, [])
        } catch {
            return (reading, [error.problem])
        }
    }

    private mutating func readFirst(at now: Date, files: RuleFileSystem) throws(FolderError) {
        _ = try read(everything: true, at: now, files: files, isFirst: true)
        count(Set(uncounted.keys))
    }

    /// Reads what has changed since the last look.
    /// - Parameter everything: whether to read all files
    /// - Returns: the names of the files that count from now on, and of those that no longer do
    /// - Throws: why this look is no reading; what counts stays
    mutating func look(everything: Bool, at now: Date, files: RuleFileSystem) throws(FolderError) -> Set<String> {
        let different: Set<String>
        do throws(FolderError) {
            different = try read(everything: everything, at: now, files: files, isFirst: false)
        } catch {
            isInterrupted = true
            throw error
        }
        // After a gap two readings in a row must agree again.
        defer { isInterrupted = false }
        if different.isEmpty {
            differences = 0
            return isInterrupted ? [] : count(Set(uncounted.keys))
        }
        differences += 1
        return differences < Self.maximumDifferences ? [] : count(Set(uncounted.keys).subtracting(different))
    }

    @discardableResult
    private mutating func count(_ names: Set<String>) -> Set<String> {
        for name in names {
            if let file = uncounted.removeValue(forKey: name) { counted[name] = file }
        }
        return names
    }

    // MARK: Reading

    /// - Parameter isFirst: whether a folder without a rule file is a reading, and whether all processors may be used: later there are
    ///   requests to answer
    /// - Returns: the names of the files that differ from the last reading
    private mutating func read(
        everything: Bool, at now: Date, files: RuleFileSystem, isFirst: Bool
    ) throws(FolderError) -> Set<String> {
        let (resolved, listing) = try list(files, everything: everything)
        guard isFirst || listing.hasRuleFile else { throw .noFiles(in: folder) }
        // Links may be inside of one folder and outside of the other.
        let all = everything || resolved != self.resolved
        let (changed, gone) = changes(in: listing, all: all)
        (self.resolved, self.listing) = (resolved, listing)
        isListingRacy = listing.folder.isRacy(at: now)
        racy = Set(changed.filter { listing.stamps[$0].isRacy(at: now) })

        var different: Set<String> = []
        for name in gone where record(nil, as: name) { different.insert(name) }
        if isFirst {
            let reading = self
            let found = changed.concurrentMap { index in
                let name = reading.listing.name(at: index)
                return (name: name, file: reading.file(named: name, at: index, files))
            }
            for (name, file) in found where record(file, as: name) { different.insert(name) }
        } else {
            for index in changed {
                let name = listing.name(at: index)
                if record(file(named: name, at: index, files), as: name) { different.insert(name) }
            }
        }
        return different
    }

    private func list(_ files: RuleFileSystem, everything: Bool) throws(FolderError) -> (String, FolderListing) {
        do throws(RuleFileSystem.Failure) {
            let resolved = try files.resolve(folder)
            return (resolved, try files.list(resolved, everything || isListingRacy ? nil : listing))
        } catch {
            throw .unreadable(folder, error)
        }
    }

    /// Compares a listing with the last one.
    /// - Returns: the indices of the files to read, and the names that are gone
    private func changes(in new: FolderListing, all: Bool) -> (indices: [Int], gone: [String]) {
        if new.hasSameNames(as: listing) {
            return (new.indices.filter { all || new.stamps[$0] != listing.stamps[$0] || racy.contains($0) }, [])
        }
        var old = Dictionary(listing.indices.map { (listing.name(at: $0), $0) }) { first, _ in first }
        let indices = new.indices.filter { index in
            guard let known = old.removeValue(forKey: new.name(at: index)) else { return true }
            return all || new.stamps[index] != listing.stamps[known] || new.isLink(at: index) != listing.isLink(at: known)
                || racy.contains(known)
        }
        return (indices, Array(old.keys))
    }

    /// Reads a file of the last listing.
    /// - Returns: nil for a folder; the file that is known already if the content is its own
    private func file(named name: String, at index: Int, _ files: RuleFileSystem) -> RuleFile? {
        guard listing.stamps[index].kind != .folder else { return nil }
        do throws(UnreadFile) {
            let bytes = try files.contents(ofRuleFile: name, in: resolved, isLink: listing.isLink(at: index))
            let digest = SHA256Digest(hashing: bytes)
            let known = [last(name), counted[name]].lazy.compactMap(\.self).first { $0.content == .read(digest) }
            return known ?? RuleFile(name, in: folder, bytes: bytes, digest: digest)
        } catch {
            return RuleFile(name, in: folder, unread: error.reason, advice: error.advice)
        }
    }

    /// The file of the last reading.
    private func last(_ name: String) -> RuleFile? {
        if let file = uncounted[name] { return file }
        return counted[name]
    }

    /// - Returns: whether the file differs from that of the last reading
    private mutating func record(_ file: RuleFile?, as name: String) -> Bool {
        let isDifferent = file?.content != last(name)?.content
        if file?.content == counted[name]?.content {
            uncounted.removeValue(forKey: name)
        } else {
            uncounted.updateValue(file, forKey: name)
        }
        return isDifferent
    }
}

/// Why an entry of a folder of rule files is not read, although its name is that of a YAML file.
struct UnreadFile: Error {
    let reason: String
    let advice: String
}

extension RuleFileSystem {
    /// Returns the bytes of a file of a folder of rule files, one more than is allowed of a longer one.
    /// - Parameters:
    ///   - resolved: the folder without symbolic links
    ///   - isLink: whether the file is a symbolic link
    func contents(ofRuleFile name: String, in resolved: String, isLink: Bool) throws(UnreadFile) -> [UInt8] {
        guard RuleFileName.isRight(name) else {
            throw UnreadFile(
                reason: "the name of a rule file must end in .yaml", advice: "rename it to \(RuleFileName.tenant(of: name)).yaml")
        }
        let path = FilePath.join(resolved, name)
        if isLink, let target = try? resolve(path), !FilePath.isBelow(resolved, target) {
            throw UnreadFile(
                reason: "it is a link to \(target.quoted), which is outside of the folder of rule files",
                advice: "put the file itself into the folder")
        }
        do throws(Failure) {
            // One more than is allowed shows that there are too many.
            return try read(path, YAMLLimits.bytes + 1)
        } catch {
            throw UnreadFile(reason: "the file cannot be read: \(error.reason)", advice: "check its path and permissions")
        }
    }
}

/// Why a look at a folder is no reading.
struct FolderError: Error {
    let problem: Diagnostic

    static func unreadable(_ folder: String, _ failure: RuleFileSystem.Failure) -> FolderError {
        FolderError(
            problem: Diagnostic(
                file: folder, line: 0, column: 0,
                message: "the folder of rule files cannot be read: \(failure.reason)", advice: "check its path and permissions"))
    }

    static func noFiles(in folder: String) -> FolderError {
        FolderError(
            problem: Diagnostic(
                file: folder, line: 0, column: 0,
                message: "there are no rule files in this folder", advice: "add one named <tenant>.yaml, such as acme.yaml"))
    }
}

extension FolderListing {
    /// Whether one of the files has a name that is read.
    fileprivate var hasRuleFile: Bool {
        indices.contains { stamps[$0].kind != .folder && RuleFileName.isRight(name(at: $0)) }
    }
}
