// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with the YAML itself.
enum SyntaxProblems {
    static let table: [ProblemCase] = [
        .replacing(
            .tenant, "tenant: &a acme",
            """
            1:9: anchors (&) are not supported; write the value out wherever it is needed
            """),
        .replacing(
            .tenant, "tenant: *a",
            """
            1:9: aliases (*) are not supported; write the value out, in quotes if it begins with “*”
            """),
        .replacing(
            .tenant, "tenant: !!str acme",
            """
            1:9: tags (!) are not supported; write the plain value, in quotes if it begins with “!”
            """),
        .replacing(
            .tenant, "tenant: !x acme",
            """
            1:9: tags (!) are not supported; write the plain value, in quotes if it begins with “!”
            """),
        .replacing(
            .tenant,
            """
            --- 
            tenant: acme
            --- 
            a: b
            """,
            """
            1:1: the file has no rules; write at least one rule under rules:
            1:1: the file has no store; write store: with the bucket and its region under it
            3:1: a second document begins here; remove it: a file has one document, for one tenant
            """),
        .behind(
            .tenant, "...",
            """
            1:1: the file has no rules; write at least one rule under rules:
            1:1: the file has no store; write store: with the bucket and its region under it
            3:1: a second document begins here; remove it: a file has one document, for one tenant
            """),
        .replacing(
            .tenant,
            """
            %YAML 1.1
            ---
            tenant: acme
            """,
            """
            1:1: directives (%) are not supported; remove the line
            """),
        .replacing(
            .tenant, "tenant:\tacme",
            """
            1:8: there is a tab; use spaces, or \\t inside double quotes
            """),
        .behind(
            .tenant, "\tx: y",
            """
            2:1: there is a tab; use spaces, or \\t inside double quotes
            """),
        .replacing(
            .tenant, "tenant: 'acme",
            """
            1:9: this quote is never closed; close it on the same line
            """),
        .replacing(
            .tenant, "tenant: @acme",
            """
            1:9: no value can begin with “@”; put the value in quotes
            """),
        .replacing(
            .tenant, "tenant: acme: b",
            """
            1:13: a “:” is not allowed here; indent the line like those around it, add the “:” that is missing above, or put a \
            value that contains “: ” in quotes
            """),
        .replacing(
            .tenant, "tenant acme",
            """
            2:6: a “:” is not allowed here; indent the line like those around it, add the “:” that is missing above, or put a \
            value that contains “: ” in quotes
            """),
        .replacing(
            .tenant, "tenant: [acme",
            """
            2:6: a list in [ ] is not closed, or a comma is missing (it begins at 1:9); write [a, b, c]
            """),
        .replacing(
            .tenant, "tenant: {acme",
            """
            2:6: a mapping in { } is not closed, or a comma is missing (it begins at 1:9); write {a: b, c: d}
            """),
        .replacing(
            .tenant, "tenant: \"a\\q\"",
            """
            1:11: this backslash escape does not exist; write the text in single quotes, where a backslash is not special
            """),
        .replacing(
            .tenant, "  tenant: acme",
            """
            2:1: this line comes after the end of the document; indent it like the lines around it
            """),
        .behind(
            .tenant, " - x",
            """
            1:9: “acme - x” is not a tenant's id; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or digit
            """),
        .replacing(
            .tenant, "tenant: ac\u{7}me",
            """
            1:11: there is a control character (0x07); remove it
            """),
        .replacing(
            .tenant, "tenant: ac\u{2028}me",
            """
            1:11: there is a control or line-separator character; remove it, or begin a new line
            """),
        .replacing(
            .tenant, "\u{FEFF}tenant: acme",
            """
            1:1: the file begins with a byte order mark; save the file as UTF-8 without a BOM
            """),
        .replacing(
            .tenant, "tenant: ac\rme",
            """
            1:11: there is a control character (0x0D); remove it
            """),
        .replacing(
            .tenant, "tenant: [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
            """
            1:24: there are more than 16 levels of nesting; no rule file needs so many: check the brackets
            """),
        .replacing(
            .tenant,
            """
            tenant: >x
              a
            """,
            """
            1:9: the header of this block text is not valid; write | or > alone at the end of the line
            """),
    ]
}
