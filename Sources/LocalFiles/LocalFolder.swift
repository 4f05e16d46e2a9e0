// SPDX-License-Identifier: Apache-2.0

// System cannot list a folder.
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder on this machine.
package struct LocalFolder: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Lists the folder, and asks for the stamp of each entry.
    ///
    /// With 100,000 entries this is 100,000 calls of fstatat(2) and little else. No entry is made a `String`.
    ///
    /// - Parameters:
    ///   - known: An earlier listing with the same `isWanted`. If the folder has not changed since, its names are taken instead of
    ///     reading the folder. It must not be given if the folder's stamp was racy at the time of that listing.
    ///   - isWanted: Whether an entry of this name is a part of the listing. `.` and `..` never are.
    /// - Returns: the entries in unspecified order; in the order of `known` if that was taken
    package func listing(
        since known: FolderListing? = nil, where isWanted: (UnsafeBufferPointer<UInt8>) -> Bool
    ) throws(FileReadError) -> FolderListing {
        guard !path.utf8.contains(0) else { throw .notFound }
        guard let stream = opendir(path) else {
            throw errno == ENOTDIR ? .notFolder : FileReadError(errno: errno)
        }
        defer { closedir(stream) }
        var status = stat()
        guard fstat(dirfd(stream), &status) == 0 else { throw FileReadError(errno: errno) }
        // Before the folder is read: a change while it is read then shows as another stamp at the next listing.
        let stamp = FileStamp(status)
        if let known, known.folder == stamp {
            return known.stamped { FileStamp($0, in: dirfd(stream)) }
        }
        var listing = FolderListing(folder: stamp)
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) { name in
                    add(name, type: Int(entry.pointee.d_type), of: dirfd(stream), to: &listing, isWanted)
                }
            }
        }
        let code = errno
        guard code == 0 else { throw FileReadError(errno: code) }
        return listing
    }

    private func add(
        _ name: UnsafePointer<CChar>, type: Int, of folder: CInt, to listing: inout FolderListing,
        _ isWanted: (UnsafeBufferPointer<UInt8>) -> Bool
    ) {
        guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
        name.withMemoryRebound(to: UInt8.self, capacity: strlen(name)) { bytes in
            let bytes = UnsafeBufferPointer(start: bytes, count: strlen(name))
            guard isWanted(bytes) else { return }
            let isLink = type == Int(DT_LNK) || (type == Int(DT_UNKNOWN) && Self.isLink(name, in: folder))
            listing.append(bytes, FileStamp(name, in: folder), isLink: isLink)
        }
    }

    private static func isLink(_ name: UnsafePointer<CChar>, in folder: CInt) -> Bool {
        var status = stat()
        return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

/// The entries of a folder with their stamps.
package struct FolderListing: Sendable, Equatable {
    /// The stamp of the folder itself.
    package let folder: FileStamp
    /// The names, each followed by a NUL.
    private var names: [UInt8] = []
    /// Where each name begins in ``names``.
    private var starts: [Int] = []
    private var links: [Bool] = []
    /// The stamp of each entry.
    package private(set) var stamps: [FileStamp] = []

    package init(folder: FileStamp) {
        self.folder = folder
    }

    package mutating func append(_ name: some Collection<UInt8>, _ stamp: FileStamp, isLink: Bool) {
        starts.append(names.count)
        names += name
        names.append(0)
        links.append(isLink)
        stamps.append(stamp)
    }

    package var indices: Range<Int> { stamps.indices }

    /// The name of an entry.
    package func name(at index: Int) -> String {
        let end = index + 1 < starts.count ? starts[index + 1] : names.count
        return String(decoding: names[starts[index]..<(end - 1)], as: UTF8.self)
    }

    /// Whether the entry is a symbolic link.
    package func isLink(at index: Int) -> Bool { links[index] }

    /// Whether both have the same names in the same order.
    package func hasSameNames(as other: FolderListing) -> Bool { names == other.names && links == other.links }

    /// Returns the same entries with new stamps.
    fileprivate func stamped(_ stamp: (UnsafePointer<CChar>) -> FileStamp) -> FolderListing {
        var listing = self
        names.withUnsafeBytes { names in
            guard let base = names.bindMemory(to: CChar.self).baseAddress else { return }
            for index in stamps.indices { listing.stamps[index] = stamp(base + starts[index]) }
        }
        return listing
    }
}
