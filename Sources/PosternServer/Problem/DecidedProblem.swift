// SPDX-License-Identifier: Apache-2.0

/// A problem whose decision stands in the log already, with all that was known of the asker.
struct DecidedProblem: Error {
    let problem: Problem
}
