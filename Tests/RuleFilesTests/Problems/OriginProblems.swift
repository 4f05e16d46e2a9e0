// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with `origins`.
enum OriginProblems {
    static let table: [ProblemCase] = [
        .replacing(
            .origins, "origins: https://a.example",
            """
            14:10: origins is not a list; write [https://a.example]
            """),
        .replacing(
            .origins, "origins: []",
            """
            14:10: origins is an empty list; write at least one entry
            """),
        .replacing(
            .origins, "origins: ['*']",
            """
            14:11: “*” has a wildcard; write each origin in full: https://app.example (for previews, a fixed alias domain for each \
            branch)
            """),
        .replacing(
            .origins, "origins: ['https://*.a.example']",
            """
            14:11: “https://*.a.example” has a wildcard; write each origin in full: https://app.example (for previews, a fixed alias \
            domain for each branch)
            """),
        .replacing(
            .origins, "origins: ['null']",
            """
            14:11: the origin “null” would allow every sandboxed page and local file; write the page's real origin: \
            https://app.example
            """),
        .replacing(
            .origins, "origins: [https://a.example/]",
            """
            14:11: “https://a.example/” has a path; write https://a.example (an origin ends with its host or port)
            """),
        .replacing(
            .origins, "origins: [https://a.example/x]",
            """
            14:11: “https://a.example/x” has a path; write https://a.example (an origin ends with its host or port)
            """),
        .replacing(
            .origins, "origins: [a.example]",
            """
            14:11: “a.example” is not an origin; write scheme://host[:port]: https://app.example
            """),
        .replacing(
            .origins, "origins: [ftp://a.example]",
            """
            14:11: browsers send no origin that begins with ftp://; write scheme://host[:port]: https://app.example
            """),
        .replacing(
            .origins, "origins: ['file:///']",
            """
            14:11: browsers send no origin that begins with file://; write scheme://host[:port]: https://app.example
            """),
        .replacing(
            .origins, "origins: ['capacitor://localhost/']",
            """
            14:11: “capacitor://localhost/” has a path; write capacitor://localhost (an origin ends with its host or port)
            """),
        .replacing(
            .origins, "origins: ['Capacitor://localhost']",
            """
            14:11: “Capacitor://localhost” is not in lower case; write capacitor://localhost
            """),
        .replacing(
            .origins, "origins: ['capacitor://']",
            """
            14:11: “capacitor://” has no valid host; write scheme://host: capacitor://localhost
            """),
        .replacing(
            .origins, "origins: [http://a.example]",
            """
            14:11: “http://a.example” is not encrypted; write https:// (http only for localhost, 127.0.0.1, [::1])
            """),
        .replacing(
            .origins, "origins: [https://A.example]",
            """
            14:11: “https://A.example” is not in lower case; write https://a.example
            """),
        .replacing(
            .origins, "origins: [HTTPS://a.example]",
            """
            14:11: “HTTPS://a.example” is not in lower case; write https://a.example
            """),
        .replacing(
            .origins, "origins: ['https://a.example:443']",
            """
            14:11: “https://a.example:443” names the default port, which browsers leave out; write https://a.example
            """),
        .replacing(
            .origins, "origins: ['http://localhost:80']",
            """
            14:11: “http://localhost:80” names the default port, which browsers leave out; write http://localhost
            """),
        .replacing(
            .origins, "origins: ['https://bücher.example']",
            """
            14:11: “https://bücher.example” has no valid host; write the host in Punycode: https://xn--…
            """),
        .replacing(
            .origins, "origins: ['https://a.example:99999']",
            """
            14:11: “https://a.example:99999” has no valid host; write scheme://host[:port]: https://app.example
            """),
        .replacing(
            .origins, "origins: [https://a.example, https://a.example]",
            """
            14:30: origins lists this twice, first in line 14; keep one of them
            """),
        .replacing(
            .origins, "origins: ['https://']",
            """
            14:11: “https://” has no valid host; write scheme://host[:port]: https://app.example
            """),
        .replacing(
            .origins, "origins: [[https://a.example]]",
            """
            14:11: origins is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
    ]
}
