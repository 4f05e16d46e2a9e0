// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOCore
import PosternServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Why a command could not start its work (exit code 1), in words for the operator.
struct StartupError: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        switch error {
        case let problems as SetupError: description = problems.description
        case let failure as IOError: description = "cannot listen: \(failure.description)"
        case let failure as CocoaError where failure.filePath != nil:
            description =
                "\(failure.filePath ?? ""): this file or folder cannot be read or written; check its path and permissions"
        default: description = "\(error)"
        }
    }
}
