// SPDX-License-Identifier: Apache-2.0

@testable import HTTPServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ResponseFile {
    /// A file that is open and has nothing in it.
    /// - Parameter length: what it says of itself
    static func empty(length: Int = 0) -> ResponseFile {
        ResponseFile(takingOwnershipOf: open("/dev/null", O_RDONLY), length: length)
    }
}
