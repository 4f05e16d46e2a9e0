// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import RuleFiles

/// `PosternTestTool reference`: writes the tables of the reference, for `scripts/rule-reference`.
struct Reference: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the rows of all keys into the tables of the documents.",
        discussion: "In the current folder, which is the repository's."
    )

    func run() throws {
        for document in KeyReference.documents {
            let text = try String(contentsOfFile: document, encoding: .utf8)
            let updated = try KeyReference.update(text, of: document)
            if updated != text { try updated.write(toFile: document, atomically: true, encoding: .utf8) }
        }
    }
}
