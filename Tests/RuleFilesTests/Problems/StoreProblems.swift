// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with `store`.
enum StoreProblems {
    static let table: [ProblemCase] = [
        .replacing(
            .store,
            """
            store: x
            storage:
            """,
            """
            2:8: store is not a mapping; write “key: value” lines, with the keys bucket, region, endpoint, addressing, \
            dualStack, fips, accelerate, signature, method, maxPolicyBytes, credentials
            3:1: “storage” is not a key of the file; known keys: tenant, store, stores, auth, origins, rules, aliases, \
            serviceIssuers, suspended, deny, sharedUsers
            """),
        .replacing(
            .bucket, "  bucket: arn:aws:s3:::acme",
            """
            3:11: “arn:aws:s3:::acme” is an ARN; write the bucket's name: acme
            """),
        .replacing(
            .bucket, "  bucket: arn:aws-cn:s3:::acme/avatars/*",
            """
            3:11: “arn:aws-cn:s3:::acme/avatars/*” is an ARN; write the bucket's name: acme
            """),
        .replacing(
            .bucket, "  bucket: arn:aws:s3:eu-west-1:123456789012:accesspoint/acme",
            """
            3:11: “arn:aws:s3:eu-west-1:123456789012:accesspoint/acme” is an ARN, and not that of a bucket: tickets for access \
            points are not possible; write the name of a bucket
            """),
        .replacing(
            .bucket, "  bucket: Acme",
            """
            3:11: the bucket name "Acme" is not valid; use lower-case letters, digits, '-' and '.'
            """),
        .replacing(
            .bucket, "  bucket:",
            """
            3:3: bucket has no value; write one after “:”
            """),
        .replacing(
            .bucket, "  # none",
            """
            2:1: store has no bucket; write the bucket's name
            """),
        .replacing(
            .region, "  region: mars",
            """
            4:11: "mars" is not a region of AWS; write for example "eu-west-1", or name the store's endpoint
            """),
        .replacing(
            .region, "  # none",
            """
            2:1: store has no region; write the bucket's region: region: eu-west-1
            """),
        .behind(
            .region, "  endpoint: ftp://x",
            """
            5:13: the endpoint "ftp://x" is not valid; begin with https:// or http://
            """),
        .behind(
            .region,
            """
              endpoint: https://10.0.0.1
              addressing: virtual
            """,
            """
            6:15: a bucket name cannot be put in front of the address 10.0.0.1; write addressing "path"
            """),
        .behind(
            .region, "  endpoint: https://0123abcd.eu.R2.cloudflarestorage.com:443/",
            """
            5:13: Cloudflare R2 takes no POST uploads: it would answer each with 501; write method: put in the store, so that tickets are \
            for PUT
            """),
        .behind(
            .region, "  addressing: virtuel",
            """
            5:15: “virtuel” is not an addressing style; write one of virtual, path, host
            """),
        .behind(
            .region, "  addressing: x",
            """
            5:15: “x” is not an addressing style; write one of virtual, path, host
            """),
        .behind(
            .region, "  signature: v3",
            """
            5:14: “v3” is not a signature version; write one of v4, v2
            """),
        .behind(
            .region, "  credentials: root",
            """
            5:16: “root” is not a source of credentials; write default, {profile: NAME}, {env: PREFIX} or {assumeRole: \
            {roleArn: …}}
            """),
        .behind(
            .region, "  credentials: {}",
            """
            5:3: credentials is empty; write exactly one of profile, env, assumeRole, or credentials: default
            """),
        .behind(
            .region, "  credentials: {profile: a, env: B}",
            """
            5:3: credentials names several sources: profile, env; write exactly one of profile, env, assumeRole, or \
            credentials: default
            """),
        .behind(
            .region, "  credentials: {profile: ''}",
            """
            5:17: profile has no value; write one after “:”
            """),
        .behind(
            .region, "  credentials: {env: 1A}",
            """
            5:22: “1A” is not the beginning of a variable's name; write ACME for ACME_ACCESS_KEY_ID
            """),
        .behind(
            .region, "  credentials: {env: ACME_ACCESS_KEY_ID}",
            """
            5:22: env is only the beginning of the names: Postern adds _ACCESS_KEY_ID; write ACME
            """),
        .behind(
            .region, "  credentials: {secretKey: hunter2}",
            """
            5:17: a rule file must not contain credentials; write {env: PREFIX} and set PREFIX_ACCESS_KEY_ID and \
            PREFIX_SECRET_ACCESS_KEY in the environment
            """),
        .behind(
            .region, "  credentials: {assumeRole: {roleArn: x}}",
            """
            5:39: “x” is not the ARN of a role; write arn:aws:iam::123456789012:role/NAME
            """),
        .behind(
            .region, "  credentials: {assumeRole: {externalId: ab}}",
            """
            5:17: assumeRole has no roleArn; write roleArn: arn:aws:iam::123456789012:role/NAME
            """),
        .behind(
            .region,
            """
              credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/r', externalId: 'a b', sessionPolicy: \
            none}}
            """,
            """
            5:87: “a b” is not an external id; write 2 to 1224 letters, digits and _+=,.@:/-
            5:109: “none” is not a session policy; write fromRules
            """),
        .behind(
            .region, "  credentials:",
            """
            5:3: credentials has no value; write one after “:”
            """),
        .behind(
            .region, "  credentials: {assumeRole: x}",
            """
            5:29: assumeRole is not a mapping; write “key: value” lines, with the keys roleArn, externalId, sessionPolicy
            """),
        .behind(
            .region, "  addressing: host",
            """
            5:15: addressing "host" means that the endpoint is the bucket, and there is no endpoint; name the bucket's own host \
            as the endpoint, "https://files.example.net"
            """),
        .behind(
            .region,
            """
              endpoint: https://s3.eu-west-1.amazonaws.com
              addressing: host
            """,
            """
            6:15: addressing "host" means that the endpoint is the bucket, and this endpoint is S3 itself; leave addressing out
            """),
        .behind(
            .region,
            """
              endpoint: https://files.s3.eu-west-1.amazonaws.com
              addressing: host
            """,
            """
            3:11: the endpoint is the bucket "files"; write bucket "files", or another endpoint
            """),
        .behind(
            .region, "  endpoint: https://acme-uploads.s3.eu-west-1.amazonaws.com",
            """
            5:13: the endpoint is the bucket "acme-uploads" and not a store; leave the endpoint out, or write addressing "host"
            """),
        .behind(
            .region, "  dualStack: yes",
            """
            5:14: dualStack is “yes”; write dualStack: true or dualStack: false
            """),
        .behind(
            .region,
            """
              endpoint: https://s3.example.net
              dualStack: false
              fips: true
            """,
            """
            7:9: dual-stack, FIPS and acceleration are hosts of AWS; leave them out, or leave out the endpoint
            """),
        .behind(
            .region,
            """
              fips: true
              accelerate: true
            """,
            """
            6:15: accelerated hosts have no FIPS variant; choose one of the two
            """),
        .behind(
            .region,
            """
              addressing: path
              accelerate: true
            """,
            """
            5:15: accelerated hosts carry the bucket in the host name; use virtual addressing and a bucket without dots, not \
            "acme-uploads"
            """),
        .replacing(
            .region,
            """
              region: cn-north-1
              fips: true
            """,
            """
            5:9: AWS has no fips hosts for the region "cn-north-1"; leave fips out
            """),
        .replacing(
            .region,
            """
              region: eusc-de-east-1
              accelerate: true
            """,
            """
            5:15: AWS has no accelerate hosts for the region "eusc-de-east-1"; leave accelerate out
            """),
        .replacing(
            .region,
            """
              region: eu-isoe-west-1
              dualStack: true
            """,
            """
            5:14: AWS has no dual-stack hosts for the region "eu-isoe-west-1"; leave dual-stack out
            """),
        .behind(
            .region, "  method: PUT",
            """
            5:11: “PUT” is not a method of upload; write one of post, put
            """),
        .behind(
            .region,
            """
              method: put
              signature: v2
              maxPolicyBytes: 1024
            """,
            """
            6:14: with method: put there is no signature v2; remove the line, or write v4
            7:19: with method: put there is no policy; remove maxPolicyBytes
            """),
        .behind(
            .region,
            """
              method: put
              endpoint: https://s3.store.example/other-bucket
            """,
            """
            6:13: with method: put the endpoint has no path; write the URL up to the host or port
            """),
        .behind(
            .maxSize,
            """
                declaredSize: atMost
                successStatus: 200
                store: share
            stores: {share: {bucket: share, region: auto, endpoint: "https://s3.store.example", method: put}}
            """,
            """
            20:19: with method: put a ticket is for the exact size; remove declaredSize, or write exact
            21:20: with method: put the store always answers 200; remove successStatus
            """),
        .behind(
            .maxSize,
            """
                successRedirect: https://app.acme.example/
                store: share
            stores: {share: {bucket: share, region: auto, endpoint: "https://s3.store.example", method: put}}
            """,
            """
            20:22: with method: put the store does not redirect; remove successRedirect
            """),
        .behind(
            .maxSize, "    acl: none",
            """
            20:10: acl: none is only for a store with method: put; remove the line: no ACL is sent
            """),
        .behind(
            .maxSize, "    overwrite: never",
            """
            20:16: a form cannot forbid to replace an object, so overwrite: never needs a store with method: put; remove \
            overwrite, or use such a store
            """),
        .behind(
            .maxSize,
            """
                tags: {\("abcdefg".map { "\($0): \(String(repeating: "é", count: 256))" }.joined(separator: ", "))}
                store: share
            stores: {share: {bucket: share, region: auto, endpoint: "https://s3.store.example", method: put}}
            """,
            """
            16:3: the constant header fields of the rule “avatars” have 10809 bytes, and a PUT can have at most 8192; shorten its \
            tags, fixed metadata or cacheControl
            """),
        .behind(
            .maxSize, "    overwrite: no",
            """
            20:16: “no” is not a value of overwrite; write one of allowed, never
            """),
        .behind(
            .region, "  maxPolicyBytes: 1MiB",
            """
            5:19: “1MiB” is not the length of a policy; write 256 to 16384; the default is no limit
            """),
        .behind(
            .region, "  maxPolicyBytes: 400",
            """
            17:3: the policy of a ticket of the rule “avatars” has at least 444 bytes in base64, and its store takes 400; \
            shorten the rule's keys and constant fields, or write a larger maxPolicyBytes
            """),
        .behind(
            .region,
            """
            stores: {}
            """,
            """
            5:1: stores is empty; write the name of a store under it, or remove it
            """),
        .behind(
            .region, "stores: [a]",
            """
            5:9: stores is not a mapping; write “name: value” lines
            """),
        .behind(
            .region, "stores: {Archive: {bucket: acme-archive, region: eu-west-1}}",
            """
            5:10: “Archive” is not a store's name; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit
            """),
        .behind(
            .region, "stores: {archive: {bucket: b, region: eu-west-1}}",
            """
            5:28: the bucket name "b" is not valid; use 3 to 63 characters
            """),
        .behind(
            .region, "stores: {archive: {region: eu-west-1}}",
            """
            5:10: the store “archive” has no bucket; write the bucket's name
            """),
        .behind(
            .maxSize, "    store: archive",
            """
            20:12: “archive” is not the name of a store; write its bucket and region under stores: at the top of the file
            """),
        .behind(
            .maxSize, "    store: {bucket: acme-archive, region: eu-west-1}",
            """
            20:12: the store of a rule is a name; write these keys under stores: and a name at the top of the file, and store: \
            with this name here
            """),
        .behind(
            .maxSize, "    store: [archive]",
            """
            20:12: store is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
    ]
}
