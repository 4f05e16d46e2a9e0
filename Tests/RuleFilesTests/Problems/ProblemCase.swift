// SPDX-License-Identifier: Apache-2.0

import Testing

/// The example file with one change, and everything that is then wrong with it.
struct ProblemCase: CustomTestStringConvertible {
    /// The lines of ``Example/acme`` that cases change.
    enum Line: String {
        case tenant = "tenant: acme"
        case store = "store:"
        case bucket = "  bucket: acme-uploads"
        case region = "  region: eu-west-1"
        case auth = "auth:"
        case issuers = "  issuers:"
        case issuer = "    - issuer: https://id.acme.example"
        case audience = "      audience: uploads"
        case algorithms = "      algorithms: [RS256]"
        case keys = "      keys: {jwksFile: jwks.json}"
        case apiKeys = "  apiKeys:"
        case keyID = "    - id: cms"
        case sha256 = "      sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        case origins = "origins: [https://app.acme.example]"
        case rules = "rules:"
        case avatars = "  avatars:"
        case keyPrefix = "    keyPrefix: avatars/{user}/"
        case contentTypes = "    contentTypes: [image/png, image/jpeg]"
        case maxSize = "    maxSize: 5MiB"
    }

    let yaml: String
    /// `line:column: what is wrong; what to write instead`, one line each.
    let problems: String
    let testDescription: String

    static func replacing(_ line: Line, _ lines: String, _ problems: String) -> ProblemCase {
        ProblemCase(
            yaml: Example.acme(replacing: line.rawValue, with: lines),
            problems: problems,
            testDescription: lines.debugDescription
        )
    }

    static func behind(_ line: Line, _ lines: String, _ problems: String) -> ProblemCase {
        replacing(line, line.rawValue + "\n" + lines, problems)
    }
}
