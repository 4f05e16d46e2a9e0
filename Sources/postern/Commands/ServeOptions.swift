// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What `serve` takes on the command line; nil where it is not given.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of rule files, one <tenant>.yaml each.", valueName: "dir"))
    var tenants: String?

    @Option(help: ArgumentHelp("The public listener. (default: 127.0.0.1:8080)", valueName: "host:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp("The listener for /healthz, /readyz and /metrics. (default: 127.0.0.1:9090)", valueName: "host:port"))
    var admin: String?

    @Option(
        help: ArgumentHelp(
            "A service-wide YAML file: these settings but --max-connections, trustedProxies, and issuers that serve several tenants.",
            valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Serve TLS with this certificate chain (PEM); needs --tls-key.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The private key (PEM) of --tls-cert.", valueName: "file"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("json or text. (default: json)", valueName: "format"))
    var logFormat: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("The most connections at once. (default: 16384)", valueName: "count"))
    var maxConnections: Int?
}
