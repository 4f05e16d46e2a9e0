// SPDX-License-Identifier: Apache-2.0

package import Foundation
import LocalFiles
package import RuleFiles
import Synchronization

/// Files, folders and symbolic links in memory, which a test edits. Each edit is stamped with ``now``, which only the test moves.
package final class MemoryFileSystem: Sendable {
    private let tree: Mutex<Tree>

    /// - Parameters:
    ///   - files: by their paths; the folders above them are made
    ///   - now: when they were written
    package init(bytes files: [String: [UInt8]], now: Date = .january2027) {
        tree = Mutex(Tree(now: Int64(now.timeIntervalSince1970) * 1_000_000_000))
        for (path, bytes) in files { write(bytes, to: path) }
    }

    package convenience init(_ files: [String: String], now: Date = .january2027) {
        self.init(bytes: files.mapValues { Array($0.utf8) }, now: now)
    }

    package var now: Date { Date(timeIntervalSince1970: Double(tree.withLock(\.now)) / 1e9) }

    package func advance(by duration: Duration) {
        tree.withLock { $0.now += Int64(duration / .nanoseconds(1)) }
    }

    // MARK: Edits

    /// Writes a file in place, as `>` of a shell does: an existing one keeps its inode.
    package func write(_ bytes: [UInt8], to path: String) {
        tree.withLock { tree in
            let path = tree.resolve(path) ?? normal(path)
            let known = tree.nodes[path]?.stamp.inode
            tree.add(.bytes(bytes), at: path)
            if let known { tree.nodes[path]?.stamp.inode = known }
        }
    }

    package func write(_ text: String, to path: String) {
        write(Array(text.utf8), to: path)
    }

    /// Writes a file beside an existing one and moves it there, as editors do.
    package func replace(_ path: String, with text: String) {
        write(text, to: path + ".new")
        move(path + ".new", to: path)
    }

    /// Writes a file so that it has the stamp that it had, as one that is written twice within a step of the clock.
    package func rewrite(_ text: String, at path: String) {
        tree.withLock { tree in
            guard let node = tree.nodes[normal(path)] else { return }
            tree.nodes[normal(path)] = Node(content: .bytes(Array(text.utf8)), stamp: node.stamp)
        }
    }

    package func makeFolder(_ path: String) {
        tree.withLock { $0.add(.folder, at: normal(path)) }
    }

    package func makePipe(_ path: String) {
        tree.withLock { $0.add(.pipe, at: normal(path)) }
    }

    /// Makes a symbolic link, in place of what is there.
    /// - Parameter target: relative to the link's folder, unless it begins with `/`
    package func link(_ path: String, to target: String) {
        tree.withLock { $0.add(.link(to: target), at: normal(path)) }
    }

    /// Removes a file or a link, or a folder with all that is in it.
    package func remove(_ path: String) {
        tree.withLock { $0.remove(normal(path)) }
    }

    /// Moves a file, a link or a folder, in place of what is there.
    package func move(_ old: String, to new: String) {
        let (old, new) = (normal(old), normal(new))
        tree.withLock { tree in
            tree.remove(new)
            for (path, node) in tree.nodes where path == old || path.hasPrefix(old + "/") {
                tree.nodes[path] = nil
                tree.nodes[new + path.dropFirst(old.count)] = node
            }
            tree.nodes[new]?.stamp.changed = tree.now
            tree.touch(parent(of: old))
            tree.touch(parent(of: new))
        }
    }

    /// Makes a file or folder readable or not. A folder's entries are then not listed, as if it had the mode 000.
    package func setReadable(_ isReadable: Bool, _ path: String) {
        tree.withLock { $0.nodes[normal(path)]?.isReadable = isReadable }
    }

    // MARK: Access

    /// The texts of a folder's `.yaml` files, by their names without the ending.
    package func texts(in folder: String) -> [String: String] {
        tree.withLock { tree in
            var texts: [String: String] = [:]
            for (path, node) in tree.nodes where parent(of: path) == folder && path.hasSuffix(".yaml") {
                guard case .bytes(let bytes) = node.content else { continue }
                texts[String(path.dropFirst(folder.count + 1).dropLast(5))] = String(decoding: bytes, as: UTF8.self)
            }
            return texts
        }
    }

    /// The paths of the files that were read since the last call.
    package func takeReads() -> [String] {
        tree.withLock { tree in
            defer { tree.reads = [] }
            return tree.reads
        }
    }

    package var files: RuleFileSystem {
        RuleFileSystem { folder, known throws(RuleFileSystem.Failure) in
            switch self.tree.withLock({ $0.list(folder, since: known) }) {
            case .success(let listing): return listing
            case .failure(let failure): throw failure
            }
        } read: { path, limit throws(RuleFileSystem.Failure) in
            switch self.tree.withLock({ $0.read(path, limit) }) {
            case .success(let bytes): return bytes
            case .failure(let failure): throw failure
            }
        } stamp: { path in
            self.tree.withLock { $0.stamp(path) }
        } resolve: { path throws(RuleFileSystem.Failure) in
            guard let resolved = self.tree.withLock({ $0.resolve(path) }) else { throw .missing }
            return resolved
        }
    }
}

extension RuleFileSystem.Failure {
    fileprivate static let missing = RuleFileSystem.Failure(reason: "there is no such file or folder")
}

private struct Node {
    enum Content {
        case bytes([UInt8])
        case folder
        case link(to: String)
        case pipe
    }

    let content: Content
    var stamp: FileStamp
    var isReadable = true

    var isFolder: Bool {
        if case .folder = content { true } else { false }
    }

    var isLink: Bool {
        if case .link = content { true } else { false }
    }
}

/// Paths are relative to a folder that is always there, `""`, or begin with `/`; they have no `.`.
private struct Tree {
    var nodes: [String: Node] = [:]
    /// In nanoseconds since 1970.
    var now: Int64
    var reads: [String] = []
    private var inodes: UInt64 = 0

    init(now: Int64) {
        self.now = now
        for root in ["", "/"] { nodes[root] = Node(content: .folder, stamp: stamp(.folder, size: 0)) }
    }

    mutating func add(_ content: Node.Content, at path: String) {
        let folder = parent(of: path)
        if folder != path, nodes[folder] == nil { add(.folder, at: folder) }
        remove(path)
        let (kind, size) =
            switch content {
            case .bytes(let bytes): (FileStamp.Kind.regular, bytes.count)
            case .folder: (.folder, 0)
            case .link: (.other, 0)
            case .pipe: (.other, 0)
            }
        nodes[path] = Node(content: content, stamp: stamp(kind, size: size))
        touch(folder)
    }

    mutating func remove(_ path: String) {
        guard nodes[path] != nil else { return }
        for other in nodes.keys where other == path || other.hasPrefix(path + "/") { nodes[other] = nil }
        touch(parent(of: path))
    }

    /// Entries of the folder have changed.
    mutating func touch(_ folder: String) {
        nodes[folder]?.stamp.modified = now
        nodes[folder]?.stamp.changed = now
    }

    private mutating func stamp(_ kind: FileStamp.Kind, size: Int) -> FileStamp {
        inodes += 1
        var stamp = FileStamp(kind: kind)
        (stamp.device, stamp.inode, stamp.size) = (1, inodes, Int64(size))
        (stamp.modified, stamp.changed) = (now, now)
        return stamp
    }

    /// The path without links and `..`; nil if there is no such node.
    func resolve(_ path: String) -> String? {
        var rest = path.split(separator: "/").map(String.init)[...]
        var current = path.hasPrefix("/") ? "/" : ""
        var links = 0
        while let name = rest.popFirst() {
            if name == "." { continue }
            // What is above the folder where relative paths begin is called so.
            if name == "..", !current.isEmpty, !current.hasSuffix("..") {
                current = parent(of: current)
                continue
            }
            let next = current.isEmpty || current == "/" ? current + name : current + "/" + name
            guard let node = nodes[next] else { return nil }
            guard case .link(let target) = node.content else {
                current = next
                continue
            }
            links += 1
            guard links < 40 else { return nil }
            if target.hasPrefix("/") { current = "/" }
            rest = target.split(separator: "/").map(String.init) + rest
        }
        return current
    }

    func stamp(_ path: String) -> FileStamp {
        resolve(path).flatMap { nodes[$0]?.stamp } ?? FileStamp(kind: .missing)
    }

    func list(_ path: String, since known: FolderListing?) -> Result<FolderListing, RuleFileSystem.Failure> {
        guard let folder = resolve(path), let node = nodes[folder] else { return .failure(.missing) }
        guard node.isFolder else { return .failure(.init(reason: "it is not a folder")) }
        guard node.isReadable else { return .failure(.init(reason: "permission denied")) }
        var listing = FolderListing(folder: node.stamp)
        if let known, known.folder == node.stamp {
            for index in known.indices {
                let name = known.name(at: index)
                listing.append(name.utf8, stamp(folder + "/" + name), isLink: known.isLink(at: index))
            }
            return .success(listing)
        }
        for (path, node) in nodes where path != folder && parent(of: path) == folder {
            let name = path.dropFirst(folder.isEmpty || folder == "/" ? folder.count : folder.count + 1)
            guard RuleFileName.isKnown(name.utf8) else { continue }
            listing.append(name.utf8, stamp(path), isLink: node.isLink)
        }
        return .success(listing)
    }

    mutating func read(_ path: String, _ limit: Int) -> Result<[UInt8], RuleFileSystem.Failure> {
        reads.append(path)
        guard let node = resolve(path).flatMap({ nodes[$0] }) else { return .failure(.missing) }
        guard node.isReadable else { return .failure(.init(reason: "permission denied")) }
        guard case .bytes(let bytes) = node.content else {
            return .failure(.init(reason: node.isFolder ? "it is a folder" : "it is not a regular file"))
        }
        return .success(Array(bytes.prefix(limit)))
    }
}

/// The path without `.` segments.
private func normal(_ path: String) -> String {
    (path.hasPrefix("/") ? "/" : "") + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
}

private func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
