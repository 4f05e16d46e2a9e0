// SPDX-License-Identifier: Apache-2.0

/// A problem that has been logged already, with what was known of the caller.
struct LoggedProblem: Error {
    let problem: ProblemDetails
}
