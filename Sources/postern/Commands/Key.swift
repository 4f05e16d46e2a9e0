// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import UserAuth
import WireFormats

/// `postern key new`.
struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make API keys.", subcommands: [New.self])

    /// Makes an API key and shows what to paste into the rule file.
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an API key for a back end.",
            discussion: """
                Prints the key once, and the YAML that goes into the tenant's rule file: it has only the key's SHA-256. \
                To rotate, add the new key next to the old one, switch the back end to it, then remove the old one.
                """
        )

        @Option(help: ArgumentHelp("The tenant that the key is for.", valueName: "tenant"))
        var tenant: String

        @Option(help: ArgumentHelp("A name for the key, such as cms or cms-2026.", valueName: "id"))
        var id: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            var random = SystemRandomNumberGenerator()
            guard let made = APIKey.generate(tenant: tenant, id: id, random: &random) else {
                throw ValidationError(
                    "--tenant and --id must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit."
                )
            }
            if json {
                let report = JSONWriter.object { json in
                    json.member("tenant", tenant)
                    json.member("id", id)
                    json.member("key", made.key)
                    json.member("sha256", made.sha256Hex)
                }
                print(String(decoding: report, as: UTF8.self))
            } else {
                print(
                    """
                    The key (shown once; keep it in the back end's secret store):

                      \(made.key)

                    Paste into \(tenant).yaml:

                    auth:
                      apiKeys:
                        - id: \(id)
                          sha256: \(made.sha256Hex)
                    """
                )
            }
        }
    }
}
