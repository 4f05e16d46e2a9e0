// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PosternServer
import WireFormats

/// The command line.
@main
struct Postern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern",
        abstract: "Signed S3 upload tickets for web and mobile apps.",
        discussion: """
            Postern authenticates an app's user, applies the tenant's rule and returns a presigned POST: \
            the client then uploads straight to S3, and S3 enforces the rule.

            Begin with 'postern dev': it runs everything on this machine, with an example tenant to edit.
            """,
        version: PosternVersion.current,
        subcommands: [
            Serve.self, Dev.self, Check.self, Schema.self, Diff.self, Explain.self, Whoami.self, Credentials.self, Cors.self,
            Iam.self, DoctorCommand.self, UploadCommand.self, Key.self, Token.self,
        ]
    )

    static func main() async {
        let needed: [DigestAlgorithm] = [.sha256, .sha384, .sha512]
        guard HMACKey.isAvailable, needed.allSatisfy(\.isAvailable) else {
            let message =
                "libcrypto has no HMAC or no SHA-2, without which nothing can be verified or signed: check its configuration "
                + "(openssl.cnf, OPENSSL_CONF) and its providers (openssl list -providers)."
            StandardStream.write("postern: \(message)\n", to: StandardStream.error)
            Self.exit(withError: ExitCode.failure)
        }
        await main(nil)
    }
}
