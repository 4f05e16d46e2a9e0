// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The service-wide file as it was read once, and what it says.
final class ServiceFile: Sendable {
    let path: String
    let content: RuleFile.Content
    /// Nil if there are problems.
    let settings: ServiceSettings?
    /// Sorted.
    let problems: [Diagnostic]

    /// Reads the file.
    init(_ path: String, files: RuleFileSystem) {
        self.path = path
        let log = DiagnosticLog(file: path)
        guard let bytes = files.contents(of: path, log: log) else {
            (content, settings, problems) = (.unread(log.problems.description), nil, log.problems)
            return
        }
        content = .read(SHA256Digest(hashing: bytes))
        do throws(RuleFilesError) {
            (settings, problems) = (try ServiceSettings(file: path, bytes: bytes, log: log), [])
        } catch {
            (settings, problems) = (nil, error.problems)
        }
    }

    /// A file that was read before.
    init?(_ settings: ServiceSettings) {
        guard let path = settings.config, let digest = settings.fileDigest else { return nil }
        self.path = path
        content = .read(digest)
        self.settings = settings
        problems = []
    }
}

/// The service-wide file. At each look it is read again if it has changed. A reading counts if the next one agrees with it.
struct ServiceFileReading: Sendable {
    /// The file that counts.
    private(set) var counted: ServiceFile
    /// The file of the last reading, if it is not the one that counts.
    private var uncounted: ServiceFile?
    /// Nil if the file must be read, whatever its stamp says.
    private var stamp: FileStamp?

    init(_ counted: ServiceFile) {
        self.counted = counted
    }

    /// Whether the last reading differs from what counts.
    var isUnsettled: Bool { uncounted != nil }

    /// Reads the file if it has changed since the last look.
    /// - Returns: whether another content counts from now on
    mutating func look(everything: Bool, at now: Date, files: RuleFileSystem) -> Bool {
        let new = files.stamp(counted.path)
        if everything || new != stamp {
            let file = ServiceFile(counted.path, files: files)
            stamp = new.isRacy(at: now) ? nil : new
            let isDifferent = file.content != (uncounted ?? counted).content
            uncounted = file.content == counted.content ? nil : isDifferent ? file : uncounted
            if isDifferent { return false }
        }
        guard let file = uncounted else { return false }
        (counted, uncounted) = (file, nil)
        return true
    }
}
