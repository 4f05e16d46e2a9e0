// SPDX-License-Identifier: Apache-2.0

private import WireFormats

/// The rule file that `postern dev` writes if there is none. `examples/tenants/example.yaml` is this file with the default
/// arguments.
package enum ExampleTenant {
    package static let name = "example"

    /// Where development servers of web pages usually listen: Create React App and Next.js, Angular, Vite, Python, webpack.
    static let usualPorts = [3000, 4200, 5173, 8000, 8080]

    /// The comment of a line `endpoint` that ``moved(_:to:)`` keeps up to date.
    private static let endpointNote =
        "# any S3-compatible store; this is the one of `postern dev`, which keeps the address up to date"

    /// Returns the text of a rule file with the address of a dev store that listens elsewhere now.
    /// - Returns: nil if it has no line `endpoint` with another address and the comment of the file that was written
    package static func moved(_ yaml: String, to endpoint: String) -> String? {
        var lines = yaml.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let line = "endpoint: \(endpoint) \(endpointNote)"
        let places = lines.indices.filter { index in
            let text = lines[index].drop { $0 == " " }
            return text.hasPrefix("endpoint: ") && text.hasSuffix(" \(endpointNote)") && text != line
        }
        guard !places.isEmpty else { return nil }
        for index in places { lines[index] = lines[index].prefix { $0 == " " } + line }
        return lines.joined(separator: "\n")
    }

    /// - Parameters:
    ///   - endpoint: the URL of the dev store up to the port, without a trailing slash.
    ///   - credentials: the prefix of the environment variables that hold the store's access key.
    ///   - issuer: the issuer of the dev tokens.
    ///   - audience: the audience of the dev tokens.
    ///   - publicKeyFile: the path of the issuer's ES256 public key, relative to the rule file's folder.
    ///   - origins: the pages of `postern dev` itself.
    package static func yaml(
        endpoint: String = "http://127.0.0.1:9000",
        bucket: String = "example-uploads",
        region: String = "us-east-1",
        credentials: String = "POSTERN_DEV",
        issuer: String = "https://id.dev.invalid",
        audience: String = "uploads",
        publicKeyFile: String = "public.pem",
        origins: [String] = ["http://127.0.0.1:8080"]
    ) -> String {
        """
        # The rules of one tenant: who may upload what to where. `postern dev` puts a change into force at once, and its page
        # shows what is wrong with it; so does `postern check` on this file's folder.
        tenant: \(name) # the same as the file's name

        # Where the files go. For S3 on AWS only `bucket` and `region` are needed.
        store:
          bucket: \(bucket)
          region: \(region)
          endpoint: \(endpoint) \(endpointNote)
          credentials:
            env: \(credentials) # \(credentials)_ACCESS_KEY_ID and \(credentials)_SECRET_ACCESS_KEY; left out: AWS's own chain

        # Whose word counts. Every request brings a token that one of these issuers signed.
        auth:
          issuers:
            - issuer: \(issuer)
              audience: \(audience)
              algorithms: [ES256]
              keys:
                pemFile: \(scalar(publicKeyFile)) # looked for in this file's folder; in production often `jwks: https://…`
              user: sub # the claim that names the user

        # The web pages that may ask for tickets, and upload to the store of `postern dev`: exact origins, no wildcards.
        origins:
        \(origins.map { "  - \($0)" }.joined(separator: "\n"))
          # Pages of your own, where development servers usually listen. Not for production.
        \(development(besides: origins).map { "  - \($0)" }.joined(separator: "\n"))

        rules:
          # Pictures, each user in a folder of their own.
          images:
            keyPrefix: images/{user}/
            contentTypes: [image/png, image/jpeg, image/gif, image/webp]
            maxSize: 5MiB # every rule has a limit
            expiry: 5m # how long a ticket is good for

          # Documents, by year; a browser that opens one saves it under the name it came with.
          documents:
            keyPrefix: documents/{user}/{yyyy}/
            keyName: "{uuid}-{filename}"
            contentTypes: [application/pdf, text/plain, text/csv, text/markdown]
            minSize: 1
            maxSize: 20MiB
            expiry: 2m
            contentDisposition: attachment
            metadata:
              allowed: [album] # kept with the file as x-amz-meta-album

        """
    }

    private static func development(besides origins: [String]) -> [String] {
        usualPorts.flatMap { ["http://localhost:\($0)", "http://127.0.0.1:\($0)"] }.filter { !origins.contains($0) }
    }

    /// A path as a YAML scalar: plain if no character in it is special in YAML, otherwise in double quotes as in JSON.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "._/".utf8.contains($0) }
        return isPlain && !text.isEmpty ? text : JSONWriter.quoted(text)
    }
}
