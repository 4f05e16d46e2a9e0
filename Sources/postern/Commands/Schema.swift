// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RuleFiles

/// `postern schema`: a JSON Schema for editors.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a JSON Schema of rule files, for editors.",
        discussion: """
            The schema (JSON Schema 2020-12) has every key with its description, default and example, and the form of its values. \
            An editor with a YAML language server completes and checks with it while one types. It refuses nothing that \
            'postern check' accepts; errors between keys, rules and files are found by 'postern check' only.

            Write it to a file, and name the file in the first line of each rule file, relative to the rule file:

              postern schema > postern.schema.json
              # yaml-language-server: $schema=postern.schema.json

            Exit code 0: printed; 64: wrong usage.
            """
    )

    @Flag(help: "Print the schema of the service-wide file (--config) instead.")
    var service = false

    func run() {
        print((service ? RuleFileSchema.service : .tenant).text)
    }
}
