// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import NIOCore
import PosternServer

/// Why a command ended with "no" (exit code 1), in words for the operator.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        switch error {
        case let problems as SetupProblems: description = problems.description
        case let failure as IOError: description = "cannot listen: \(failure.description)"
        default: description = "\(error)"
        }
    }
}
