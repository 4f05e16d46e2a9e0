// SPDX-License-Identifier: Apache-2.0

package import LocalFiles
import WireFormats

/// The access to files that loading needs. Tests have one in memory.
package struct RuleFileSystem: Sendable {
    /// Why a file or folder could not be read, as a part of a sentence: `no such file`.
    package struct Failure: Error, Sendable, Hashable {
        package let reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }

    /// Lists the entries of a folder that ``RuleFileName`` knows, in any order, with their stamps. An earlier listing of the folder
    /// may be given, whose names are then used if the folder has not changed: ``LocalFolder/listing(since:where:)``.
    package let list: @Sendable (_ folder: String, _ known: FolderListing?) throws(Failure) -> FolderListing
    /// Reads at most `limit` bytes of a file.
    package let read: @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]
    /// The stamp of a file or folder. Symbolic links are followed.
    package let stamp: @Sendable (_ path: String) -> FileStamp
    /// Returns the path of a file or folder without symbolic links, `.` and `..`.
    package let resolve: @Sendable (_ path: String) throws(Failure) -> String

    package init(
        list: @escaping @Sendable (_ folder: String, _ known: FolderListing?) throws(Failure) -> FolderListing,
        read: @escaping @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8],
        stamp: @escaping @Sendable (_ path: String) -> FileStamp,
        resolve: @escaping @Sendable (_ path: String) throws(Failure) -> String
    ) {
        self.list = list
        self.read = read
        self.stamp = stamp
        self.resolve = resolve
    }

    /// The disk.
    package static let local = RuleFileSystem { folder, known throws(Failure) in
        do throws(FileReadError) {
            return try LocalFolder(folder).listing(since: known) { RuleFileName.isKnown($0) }
        } catch {
            throw Failure(reason: error.description)
        }
    } read: { path, limit throws(Failure) in
        do throws(FileReadError) {
            return try LocalFile(path).prefix(limit)
        } catch {
            throw Failure(reason: error.description)
        }
    } stamp: { path in
        LocalFile(path).stamp
    } resolve: { path throws(Failure) in
        do throws(FileReadError) {
            return try LocalFile(path).resolvedPath()
        } catch {
            throw Failure(reason: error.description)
        }
    }
}

extension RuleFileSystem {
    /// Reads a file, one byte more than is allowed of a longer one, and logs why it cannot be read.
    func contents(of path: String, log: DiagnosticLog) -> [UInt8]? {
        do throws(Failure) {
            // One more than is allowed shows that there are too many.
            return try read(path, YAMLLimits.bytes + 1)
        } catch {
            log.problem("the file cannot be read: \(error.reason)", "check its path and permissions")
            return nil
        }
    }
}

/// The name of a file in a folder of rule files.
package enum RuleFileName {
    /// The ending of the names that are read.
    static let suffix = ".yaml"

    /// Whether a name has the ending of a YAML file, in whatever case, and does not begin with a dot.
    package static func isKnown(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        name.first != UInt8(ascii: ".") && hasEnding(name)
    }

    /// Whether a name has the ending of a YAML file, in whatever case.
    static func hasEnding(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        name.ends(in: ".yaml") || name.ends(in: ".yml")
    }

    /// Whether a name that is known is read. All others are mistakes.
    static func isRight(_ name: String) -> Bool { name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

    /// The id of the tenant whose file has this name.
    static func tenant(of name: String) -> String {
        isRight(name) ? String(name.utf8.dropLast(suffix.utf8.count)) ?? name : String(name.prefix { $0 != "." })
    }
}

extension BidirectionalCollection<UInt8> {
    /// Whether the last bytes are these, which are in lower case, in whatever case.
    fileprivate func ends(in ending: String) -> Bool {
        suffix(ending.utf8.count).elementsEqual(ending.utf8) { $0.asciiLowercased == $1 }
    }
}
