// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Which rule files a command reads that looks at what `serve` would do.
struct RuleFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of rule files. (default: $POSTERN_TENANTS)", valueName: "dir"))
    var tenants: String?

    @Option(help: ArgumentHelp("The service-wide file. (default: $POSTERN_CONFIG)", valueName: "file"))
    var config: String?

    /// The same as options of `serve`.
    func serving() throws -> ServeOptions {
        var options = try ServeOptions.parse([])
        options.tenants = tenants
        options.config = config
        return options
    }
}
