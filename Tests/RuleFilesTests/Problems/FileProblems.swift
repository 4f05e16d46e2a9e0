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
            2:1: “é” is not a key of the file; known keys: tenant, store, stores, auth, origins, rules, aliases, \
            serviceIssuers, suspended, deny, sharedUsers
            """),
        .behind(
            .tenant, "aliases: org_1",
            """
            2:10: aliases is not a list; write [org_1]
            """),
        .behind(
            .tenant, "aliases: []",
            """
            2:10: aliases is an empty list; write at least one entry
            """),
        .behind(
            .tenant, "aliases: [org_1, {issuer: staff, value: org_1}, org_1, {value: org_1, issuer: staff}]",
            """
            2:49: aliases lists this twice, first in line 2; keep one of them
            2:64: aliases lists this twice, first in line 2; keep one of them
            """),
        .behind(
            .tenant, "aliases: ['', \"a\\tb\", [x], \(String(repeating: "é", count: 129))]",
            """
            2:11: aliases has no value; write one after “:”
            2:15: an alias has a control character; remove it
            2:23: aliases is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            2:28: an alias is longer than 256 bytes; write a shorter one
            """),
        .behind(
            .tenant, "aliases: [{issuer: Staff}, {value: x}, {value: x, issuer: staff, claim: y}]",
            """
            2:11: an alias has no value; write what the issuer's tenantClaim has for this tenant
            2:20: “Staff” is not an issuer's name; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or digit
            2:28: an alias has no issuer; write the name of a service-wide issuer, or only the value
            2:66: “claim” is not a key of an alias; known keys: issuer, value
            """),
        .behind(
            .tenant, "serviceIssuers: staff",
            """
            2:17: serviceIssuers is “staff”; write true, false, or the names of service-wide issuers: [staff]
            """),
        .behind(
            .tenant, "serviceIssuers: [https://id.acme.example]",
            """
            2:18: “https://id.acme.example” is not an issuer's name; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or \
            digit
            """),
        .behind(
            .tenant, "serviceIssuers: []",
            """
            2:17: serviceIssuers is an empty list; write at least one entry
            """),
        .behind(
            .tenant, "suspended: yes",
            """
            2:12: suspended is “yes”; write suspended: true or suspended: false
            """),
        .behind(
            .tenant, "sharedUsers:",
            """
            2:1: sharedUsers has no value; write one after “:”
            """),
        .behind(
            .tenant, "deny: {}",
            """
            2:1: deny is empty; write users or issuedBefore under it, or remove it
            """),
        .behind(
            .tenant, "deny: {users: u17, issuedBefore: yesterday, keys: [cms]}",
            """
            2:15: users is not a list; write [u17]
            2:34: “yesterday” is not a date; write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z
            2:45: “keys” is not a key of deny; known keys: users, issuedBefore
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
            2:1: “” is not a key of the file; known keys: tenant, store, stores, auth, origins, rules, aliases, \
            serviceIssuers, suspended, deny, sharedUsers
            """),
        .behind(
            .tenant, "deny: {users: [null, 'null', Nil]}\naliases: ~",
            """
            2:16: users is “null”, which means in YAML that there is no value; write a value, in quotes if this text is meant, or remove the line
            3:10: aliases is not a list; write [~]
            """),
    ]
}
