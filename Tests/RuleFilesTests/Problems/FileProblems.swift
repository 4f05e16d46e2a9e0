// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with the top of a file.
enum FileProblems {
    static let table: [ProblemCase] = [
        .replacing(
            .tenant, "tenant: ACME",
            """
            1:9: “ACME” is not a tenant's id; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or digit
            """),
        .replacing(
            .tenant, "tenant: other",
            """
            1:9: the tenant “other” is in a file named “acme”; write tenant: acme, or name the file other.yaml
            """),
        .replacing(
            .tenant, "tenant:",
            """
            1:1: tenant has no value; write one after “:”
            """),
        .replacing(
            .tenant, "tenant: [acme]",
            """
            1:9: tenant is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
        .replacing(
            .tenant, "# no tenant",
            """
            1:1: the file has no tenant; write tenant: acme
            """),
        .behind(
            .tenant, "rule: {}",
            """
            2:1: “rule” is not a key of the file; did you mean rules?
            """),
        .behind(
            .tenant, "issuers: []",
            """
            2:1: issuers belongs under auth; write auth: and indent issuers under it
            """),
        .behind(
            .tenant, "bucket: b",
            """
            2:1: bucket belongs under store; write store: and indent bucket under it
            """),
        .behind(
            .tenant, "<<: {}",
            """
            2:1: merge keys (<<) are not supported; write the keys out
            """),
        .behind(
            .tenant, "\"é\": 1",
            """
            2:1: “é” is not a key of the file; known keys: tenant, store, auth, origins, rules
            """),
        .replacing(
            .rules, "rulez:",
            """
            1:1: the file has no rules; write at least one rule under rules:
            15:1: “rulez” is not a key of the file; did you mean rules?
            """),
        .behind(
            .tenant,
            """
            ? a
            : b
            """,
            """
            2:1: “?” begins a complex key; write the key in front of its “:”, or put the value in quotes
            """),
        .behind(
            .tenant, "[a]: b",
            """
            2:1: a key must be a word; write the key as plain text
            """),
        .behind(
            .tenant, "tenant: acme",
            """
            2:1: “tenant” appears more than once here, first in line 1; keep one of them
            """),
        .behind(
            .tenant, "\"tenant\": acme",
            """
            2:1: “tenant” appears more than once here, first in line 1; keep one of them
            """),
        .behind(
            .tenant,
            """
            "":

            """,
            """
            2:1: “” is not a key of the file; known keys: tenant, store, auth, origins, rules
            """),
    ]
}
