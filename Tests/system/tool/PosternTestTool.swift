// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What system tests ask of Postern's libraries, and no operator does.
@main
struct PosternTestTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "PosternTestTool",
        abstract: "Parts of Postern for its system tests.",
        subcommands: [DiffTrial.self, Judge.self, NormalisedText.self, Profiles.self, Reference.self]
    )
}
