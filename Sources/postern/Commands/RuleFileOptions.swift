// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Which rule files a command reads that looks at what `serve` would do.
struct RuleFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of rule files. (default: $POSTERN_TENANTS)", valueName: "dir"))
    var tenants: String?

    @Option(help: ArgumentHelp("The service-wide file. (default: $POSTERN_CONFIG)", valueName: "file"))
    var config: String?

    /// The flags of `serve` that say the same.
    var flags: [String: String] {
        ["tenants": tenants, "config": config].compactMapValues(\.self)
    }
}
