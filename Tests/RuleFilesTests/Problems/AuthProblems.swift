// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with `auth`.
enum AuthProblems {
    static let table: [ProblemCase] = [
        .behind(
            .auth, "  issuer: x",
            """
            6:3: “issuer” is not a key of auth; did you mean issuers?
            """),
        .replacing(
            .issuer, "    - issuer:",
            """
            7:7: issuer has no value; write one after “:”
            """),
        .replacing(
            .issuer, "    - issuer: \"a\\tb\"",
            """
            7:15: issuer has a control character; remove it
            """),
        .replacing(
            .issuer, "    - url: x",
            """
            7:7: an issuer has no issuer; write the exact “iss” of its tokens
            7:7: “url” is not a key of an issuer; known keys: issuer, audience, audienceClaim, authorizedParties, claims, algorithms, \
            keys, user, scopes, attributes, name, maxLifetime, clockSkew, until
            """),
        .behind(
            .keys, "      name: Staff",
            """
            11:13: “Staff” is not an issuer's name; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or digit
            """),
        .replacing(
            .issuers,
            """
              issuers: x
              issuer:
            """,
            """
            6:3: issuers is not a list of issuers; write “- issuer: https://…” under it
            7:3: “issuer” is not a key of auth; did you mean issuers?
            """),
        .replacing(
            .audience, "      # none",
            """
            7:7: an issuer has neither audience nor authorizedParties; write audience, the “aud” of the tokens that are meant for \
            uploads, or authorizedParties, the “azp” of the clients that may ask: there is no “any audience”
            """),
        .replacing(
            .audience, "      authorizedParties: []",
            """
            7:7: an issuer has neither audience nor authorizedParties; write audience, the “aud” of the tokens that are meant for \
            uploads, or authorizedParties, the “azp” of the clients that may ask: there is no “any audience”
            """),
        .replacing(
            .audience, "      authorizedParties: {a: b}",
            """
            8:26: authorizedParties is not a list; write [a, b], or “- a” lines
            """),
        .replacing(
            .audience, "      authorizedParties: [web, '', web]",
            """
            8:32: authorizedParties has no value; write one after “:”
            8:36: authorizedParties lists this twice, first in line 8; keep one of them
            """),
        .replacing(
            .audience, "      authorizedParties: web\n      audienceClaim: client_id",
            """
            9:22: audienceClaim has no effect without audience; write audience, which “client_id” must contain
            """),
        .behind(
            .audience, "      audienceClaim: [aud, client_id]",
            """
            9:22: audienceClaim is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
        .behind(
            .keys, "      claims: token_use",
            """
            11:15: claims is not a mapping; write “name: value” lines
            """),
        .behind(
            .keys, "      claims: {}",
            """
            11:7: claims is empty; write one under it: {token_use: access}, or remove it
            """),
        .behind(
            .keys, "      claims: {\"a\\tb\": x, hd: [x], n: 9007199254740993, e: 1e400, empty: ''}",
            """
            11:16: the name of a claim has a control character; remove it
            11:31: “hd” is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            11:39: “9007199254740993” is too large to be compared exactly; write a number up to 9007199254740991, or put it in \
            quotes if the claim is a string
            11:60: “1e400” is too large to be compared exactly; write a number up to 9007199254740991, or put it in quotes if the \
            claim is a string
            11:67: “empty” has no value; write one after “:”
            """),
        .behind(
            .keys, "      claims: {\((0..<17).map { "c\($0): x" }.joined(separator: ", "))}",
            """
            11:7: claims has 17 entries; keep at most 16
            """),
        .behind(
            .keys, "      user: []",
            """
            11:13: user is an empty list; write a claim, or the names on the way to it: [app_metadata, user_id]
            """),
        .behind(
            .keys, "      user: [\(Array(repeating: "a", count: 17).joined(separator: ", "))]",
            """
            11:13: user is a path of more than 16 names; write a claim, or the names on the way to it: [app_metadata, user_id]
            """),
        .behind(
            .keys, "      user: [a, [b], '', \"c\\td\"]",
            """
            11:17: user is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            11:22: user has no value; write one after “:”
            11:26: user has a control character; remove it
            """),
        .behind(
            .keys, "      user: {path: sub}",
            """
            11:13: user is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
        .behind(
            .keys, "      scopes: permissions",
            """
            11:15: scopes is not a list; write [permissions]
            """),
        .behind(
            .keys, "      scopes: [scp, [], [realm_access, roles], [realm_access, roles]]",
            """
            11:21: scopes is an empty list; write a claim, or the names on the way to it: [app_metadata, user_id]
            11:48: scopes lists this twice, first in line 11; keep one of them
            """),
        .behind(
            .keys, "      scopes: [\((0..<17).map { "s\($0)" }.joined(separator: ", "))]",
            """
            11:15: scopes has 17 entries; keep at most 16
            """),
        .behind(
            .keys, "      attributes: [org]",
            """
            11:19: attributes is not a mapping; write “name: value” lines
            """),
        .behind(
            .keys, "      attributes: {}",
            """
            11:7: attributes is empty; write one under it: {org: org_id}, or remove it
            """),
        .behind(
            .keys, "      attributes: {Org: org_id, plan: , team: []}",
            """
            11:20: “Org” is not the name of an attribute; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit
            11:33: “plan” has no value; write one after “:”
            11:47: “team” is an empty list; write a claim, or the names on the way to it: [app_metadata, user_id]
            """),
        .behind(
            .keys, "      attributes: {\((0..<17).map { "a\($0): x" }.joined(separator: ", "))}",
            """
            11:7: attributes has 17 entries; keep at most 16
            """),
        .behind(
            .keys, "      clockSkew: 60",
            """
            11:18: “60” has no unit; add one of s, m, h, d: 60s
            """),
        .behind(
            .keys, "      clockSkew: 301s",
            """
            11:18: “301s” is too long for a clock skew; write 0s to 5m; the default is 60s
            """),
        .behind(
            .keys, "      until: tomorrow",
            """
            11:14: “tomorrow” is not a date; write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z
            """),
        .replacing(
            .issuer, "    - issuer: https://login.microsoftonline.com/{tid}/v2.0",
            """
            7:15: “https://login.microsoftonline.com/{tid}/v2.0” has braces: a placeholder is only for service-wide issuers; write \
            the exact “iss” of this tenant's tokens, or move the issuer to the service-wide file (--config)
            """),
        .replacing(
            .keys, "      keys: {jwks: 'https://login.microsoftonline.com/{tid}/keys'}",
            """
            10:20: “https://login.microsoftonline.com/{tid}/keys” has braces, and keys are never fetched from an address that \
            depends on a token; write the one address of all keys: https://login.microsoftonline.com/common/discovery/v2.0/keys
            """),
        .replacing(
            .audience, "      audience: []",
            """
            8:17: audience is an empty list; write at least one entry
            """),
        .replacing(
            .audience, "      audience: [a, a]",
            """
            8:21: audience lists this twice, first in line 8; keep one of them
            """),
        .replacing(
            .audience, "      audience: {a: b}",
            """
            8:17: audience is not a list; write [a, b], or “- a” lines
            """),
        .replacing(
            .audience, "      audience: ['']",
            """
            8:18: audience has no value; write one after “:”
            """),
        .replacing(
            .algorithms, "      # none",
            """
            7:7: an issuer has no algorithms; write the algorithms that the issuer signs with: [RS256]
            """),
        .replacing(
            .algorithms, "      algorithms: RS256",
            """
            9:19: algorithms is not a list; write [RS256]
            """),
        .replacing(
            .algorithms, "      algorithms: []",
            """
            9:19: algorithms is an empty list; write at least one entry
            """),
        .replacing(
            .algorithms, "      algorithms: [none]",
            """
            9:20: “none” is not a signature algorithm; write one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, \
            ES384, ES512, EdDSA, Ed25519, HS256, HS384, HS512
            """),
        .replacing(
            .algorithms, "      algorithms: [RS257]",
            """
            9:20: “RS257” is not a signature algorithm; did you mean RS256?
            """),
        .replacing(
            .algorithms, "      algorithms: [rs256]",
            """
            9:20: “rs256” is not a signature algorithm; did you mean RS256?
            """),
        .replacing(
            .algorithms, "      algorithms: [RS256, HS256]",
            """
            9:27: RS256 and HS256 cannot be used by the same issuer; keep either the HS… algorithms (shared secret) or the \
            others (public keys)
            """),
        .replacing(
            .algorithms, "      algorithms: [HS256]",
            """
            10:24: HS256 needs a shared secret; write secretFile (32 bytes or more), or an algorithm for public keys: \
            [RS256]
            """),
        .replacing(
            .keys, "      keys: {secretFile: s}",
            """
            10:26: RS256 needs public keys, not a secret; write jwks, jwksFile or pemFile, or algorithms: [HS256]
            """),
        .replacing(
            .keys, "      keys: {}",
            """
            10:7: keys names no source; write exactly one of jwks, jwksFile, pemFile, secretFile, discovery
            """),
        .replacing(
            .keys, "      keys: {jwksFile: a, pemFile: b}",
            """
            10:7: keys names several sources: jwksFile, pemFile; write exactly one of jwks, jwksFile, pemFile, \
            secretFile, discovery
            """),
        .replacing(
            .keys, "      keys: {jwks: 'http://id.example/jwks'}",
            """
            10:20: “http://id.example/jwks” is not encrypted; write https:// (http only for localhost, 127.0.0.1, [::1])
            """),
        .replacing(
            .keys, "      keys: {jwks: 'id.example/jwks'}",
            """
            10:20: “id.example/jwks” is not an https URL; write https://…
            """),
        .replacing(
            .keys, "      keys: {jwks: 'https://u:p@id.example/jwks'}",
            """
            10:20: the URL has a user name or password; remove everything between “//” and “@”, and the “@”
            """),
        .replacing(
            .keys, "      keys: {jwks: 'https://id.example/jwks#x'}",
            """
            10:20: “https://id.example/jwks#x” has a fragment; remove “#” and everything after it
            """),
        .replacing(
            .keys, "      keys: {jwks: 'https://id.example/a b'}",
            """
            10:20: “https://id.example/a b” has a character that is not allowed in a URL; write it percent-encoded (RFC 3986 §2.1)
            """),
        .replacing(
            .keys, "      keys: {jwks: 'https:///x'}",
            """
            10:20: “https:///x” has no valid host; write https://host or https://host:port
            """),
        .replacing(
            .keys, "      keys: {discovery: yes}",
            """
            10:25: discovery is “yes”; write discovery: true, or name another source
            """),
        .replacing(
            .keys, "      keys: {pem: x}",
            """
            10:14: “pem” is not a key of keys; known keys: jwks, jwksFile, pemFile, secretFile, discovery, caFile
            """),
        .replacing(
            .keys, "      # none",
            """
            7:7: an issuer has no keys; write where its keys are: keys: {jwks: https://…}
            """),
        .replacing(
            .keys, "      keys: jwks.json",
            """
            10:13: keys is not a mapping; write “key: value” lines, with the keys jwks, jwksFile, pemFile, secretFile, \
            discovery, caFile
            """),
        .behind(
            .keys, "      user:",
            """
            11:7: user has no value; write one after “:”
            """),
        .behind(
            .keys, "      tenantClaim: org",
            """
            11:7: tenantClaim is only for service-wide issuers: this issuer's users all belong to this tenant; remove it, or \
            move the issuer to the service-wide file (--config)
            """),
        .behind(
            .keys, "      maxLifetime: 24",
            """
            11:20: “24” has no unit; add one of s, m, h, d: 24s
            """),
        .behind(
            .keys, "      maxLifetime: 0s",
            """
            11:20: “0s” is not a possible lifetime of a token; write 1s to 366d; the default is 24h
            """),
        .behind(
            .keys, "      maxLifetime: 400d",
            """
            11:20: “400d” is not a possible lifetime of a token; write 1s to 366d; the default is 24h
            """),
        .replacing(
            .keyID, "    - id: CMS",
            """
            12:11: “CMS” is not a key id; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or digit
            """),
        .replacing(
            .keyID, "    - key: pstn.acme.cms.AAAA",
            """
            12:7: a rule file must not contain an API key; stop using this key: make a new one with “postern key new” and write \
            its sha256
            12:7: an API key has no id; write a short name: id: cms
            """),
        .replacing(
            .sha256, "      sha256: pstn.acme.cms.s3cr3t",
            """
            13:15: this is an API key, not its SHA-256; stop using this key: make a new one with “postern key new” and paste \
            the sha256 that it prints
            """),
        .replacing(
            .sha256, "      sha256: 5e88",
            """
            13:15: sha256 is not 64 hex digits; paste the sha256 that “postern key new” prints
            """),
        .replacing(
            .sha256, "      # none",
            """
            12:7: an API key has no sha256; paste the sha256 that “postern key new” prints
            """),
        .behind(
            .sha256, "      expires: tomorrow",
            """
            14:16: “tomorrow” is not a date; write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z
            """),
        .behind(
            .sha256, "      expires: 2026-02-30",
            """
            14:16: “2026-02-30” is not a date; write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z
            """),
        .behind(
            .sha256, "      scopes: [a b]",
            """
            14:16: “a b” is not a scope; write one word: uploads:write
            """),
        .behind(
            .sha256, "      scopes: []",
            """
            14:15: scopes is an empty list; write at least one entry
            """),
        .behind(
            .sha256, "      rules: [avatar]",
            """
            14:15: there is no rule “avatar”; did you mean avatars?
            """),
        .behind(
            .sha256, "      rules: [x]",
            """
            14:15: there is no rule “x”; write one of avatars
            """),
        .behind(
            .sha256, "      allowUsers: [u, u]",
            """
            14:23: allowUsers lists this twice, first in line 14; keep one of them
            """),
        .behind(
            .sha256, "      issuer: https://id.acme.example",
            """
            14:15: “https://id.acme.example” is not an issuer's name; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter \
            or digit
            """),
        .behind(
            .sha256,
            """
                - id: cms
                  sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
            """,
            """
            14:11: the key id “cms” is used twice, first in line 12; give each key its own id, also during a rotation: cms-2026
            15:15: this is the same key as in line 13; make a second key: postern key new
            """),
        .replacing(
            .apiKeys,
            """
              apiKeys: {}
              keys:
            """,
            """
            11:3: apiKeys is not a list of keys; paste what “postern key new” prints under it
            12:3: “keys” is not a key of auth; known keys: issuers, apiKeys
            """),
        .replacing(
            .auth,
            """
            auth: {}
            x-auth:
            """,
            """
            5:1: auth is empty; write issuers or apiKeys under it, or remove it
            6:1: “x-auth” is not a key of the file; did you mean auth?
            """),
        .replacing(
            .keys, "      keys: {jwksFile: jwks.json, caFile: ca.pem}",
            """
            10:35: caFile has no effect with jwksFile: it is only for keys from the network; remove caFile, or fetch the keys \
            with jwks or discovery
            """),
        .replacing(
            .keys, "      keys: {caFile: ca.pem}",
            """
            10:7: keys names no source; write exactly one of jwks, jwksFile, pemFile, secretFile, discovery
            """),
    ]
}
