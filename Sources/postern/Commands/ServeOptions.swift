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
            "A service-wide YAML file: these settings, trustedProxies, and issuers that serve several tenants.",
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

    @Option(
        help: ArgumentHelp(
            "The most connections at once; then idle ones make room for new ones. (default: 16384)", valueName: "count"))
    var maxConnections: String?

    @Option(
        help: ArgumentHelp(
            "The most connections of one address (IPv6: of one /64), trusted proxies aside. (default: half of --max-connections)",
            valueName: "count"))
    var maxConnectionsPerPeer: String?

    @Option(help: ArgumentHelp("How long a connection may be idle between two requests. (default: 75s)", valueName: "duration"))
    var idleTimeout: String?

    @Option(
        help: ArgumentHelp(
            "How long the public listener stays open after SIGTERM while /readyz says no already. (default: 0s)",
            valueName: "duration"))
    var drainDelay: String?

    @Option(
        help: ArgumentHelp(
            "Names under which the admin listener may be asked beside localhost and IP addresses, separated by commas.",
            valueName: "names"))
    var adminHosts: String?
}
