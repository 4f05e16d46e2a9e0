// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import RuleFiles
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a look at files found; empty if nothing differs from what was judged last.
struct Look: OptionSet, Sendable {
    let rawValue: Int

    /// Something differs from the look before: it may still be being written.
    static let unsettled = Look(rawValue: 1)
    /// Something differs from what was judged last, and did so in two looks in a row. It has been judged.
    static let changed = Look(rawValue: 2)
}

/// A value that is made of the contents of files, such as a key set, or a certificate with its key, and made again when these change.
///
/// Content that cannot be used leaves the value as it is. So does content that differs from the look before: it counts once two looks
/// in a row have found it, so that a half-written file does not.
struct WatchedValue<Value: Sendable>: Sendable {
    /// Makes the value of the contents, in the order of the paths.
    /// - Parameters:
    ///   - previous: the value in use; nil for the first one
    ///   - now: the time, of the same clock as the file system's
    typealias Make = @Sendable (_ contents: [[UInt8]], _ previous: Value?, _ now: Date) throws(SetupError) -> Value

    /// What was read, for comparison.
    private enum Reading: Sendable, Equatable {
        case contents([SHA256Digest])
        /// Why a file could not be read.
        case unreadable(String)
    }

    let paths: [String]
    /// The value in use, and the digests of the contents that it was made of; nil if no content could be used yet.
    private(set) var inUse: (value: Value, digests: [SHA256Digest])?
    /// Why the latest content is not in use; nil if it is.
    private(set) var problem: SetupError?

    private let limit: Int
    private let make: Make
    /// Of each file before it was read; nil if it must be read at the next look.
    private var stamps: [FileStamp?]
    private var last: Reading
    private var judged: Reading

    /// Reads the files, and makes the value if it can.
    /// - Parameters:
    ///   - limit: the largest size of a file, in bytes
    ///   - now: the time, of the same clock as the file system's
    init(_ paths: [String], limit: Int, at now: Date, _ files: RuleFileSystem, make: @escaping Make) {
        self.paths = paths
        self.limit = limit
        self.make = make
        let first = Self.read(paths, limit, at: now, files)
        stamps = first.stamps
        (last, judged) = (first.reading, first.reading)
        judge(first.contents, at: now)
    }

    /// Looks at the files, and reads them if one has changed.
    /// - Parameter everything: whether they are read in any case
    mutating func look(everything: Bool, at now: Date, _ files: RuleFileSystem) -> Look {
        if !everything, last == judged, isUnchanged(files) { return [] }
        let found = Self.read(paths, limit, at: now, files)
        stamps = found.stamps
        defer { last = found.reading }
        if found.reading == judged { return [] }
        guard found.reading == last else { return .unsettled }
        judged = found.reading
        judge(found.contents, at: now)
        return .changed
    }

    private func isUnchanged(_ files: RuleFileSystem) -> Bool {
        zip(paths, stamps).allSatisfy { path, stamp in
            stamp == files.stamp(path)
        }
    }

    private mutating func judge(_ contents: [[UInt8]], at now: Date) {
        switch judged {
        case .unreadable(let reason): problem = SetupError([reason])
        case .contents(let digests):
            do throws(SetupError) {
                inUse = (try make(contents, inUse?.value, now), digests)
                problem = nil
            } catch {
                problem = error
            }
        }
    }

    private static func read(
        _ paths: [String], _ limit: Int, at now: Date, _ files: RuleFileSystem
    ) -> (stamps: [FileStamp?], contents: [[UInt8]], reading: Reading) {
        // Before the contents: what is written after that has another stamp.
        let stamps = paths.map { path in
            let stamp = files.stamp(path)
            return stamp.isRacy(at: now) ? nil : stamp
        }
        var contents: [[UInt8]] = []
        for path in paths {
            do throws(RuleFileSystem.Failure) {
                let bytes = try files.read(path, limit + 1)
                guard bytes.count <= limit else {
                    throw RuleFileSystem.Failure(reason: FileReadError.tooLong(limit: limit).description)
                }
                contents.append(bytes)
            } catch {
                return (stamps, [], .unreadable("\(path): \(error.reason)"))
            }
        }
        return (stamps, contents, .contents(contents.map { SHA256Digest(hashing: $0) }))
    }
}
