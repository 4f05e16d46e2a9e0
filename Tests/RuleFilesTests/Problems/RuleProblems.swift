// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What can be wrong with `rules`.
enum RuleProblems {
    static let table: [ProblemCase] = [
        .replacing(
            .rules,
            """
            rules: {}
            rulez:
            """,
            """
            15:1: rules is empty; write at least one rule under it
            16:1: “rulez” is not a key of the file; did you mean rules?
            """),
        .behind(
            .rules, "rulez:",
            """
            15:1: rules is empty; indent “name: value” lines under it
            16:1: “rulez” is not a key of the file; did you mean rules?
            """),
        .replacing(
            .avatars, "  Avatars:",
            """
            16:3: “Avatars” is not a rule name; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or \
            digit
            """),
        .replacing(
            .avatars,
            """
              avatars: {}
              other:
            """,
            """
            16:3: the rule “avatars” has no contentTypes; list what may be uploaded: contentTypes: [image/png, image/jpeg]
            16:3: the rule “avatars” has no keyPrefix; write the folder of its files: keyPrefix: uploads/{user}/
            16:3: the rule “avatars” has no maxSize; write the largest size that the rule allows, at most 5GiB: maxSize: 5MiB
            """),
        .replacing(
            .avatars,
            """
              avatars: yes
              other:
            """,
            """
            16:12: the rule “avatars” is not a mapping; write “key: value” lines, with the keys keyPrefix, keyName, \
            filenames, parameters, contentTypes, maxSize, minSize, declaredSize, expiry, acl, storageClass, encryption, tags, metadata, cacheControl, \
            contentDisposition, contentEncoding, contentLanguage, overwrite, checksum, successStatus, successRedirect, requireScope, issuers, apiKeysOnly, limits, \
            store
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: /a/{user}/",
            """
            17:16: keyPrefix begins with “/”; leave the first “/” out: keys in S3 begin with a name
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{user}",
            """
            17:16: keyPrefix does not end in “/”; write a/{user}/
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: ''",
            """
            17:5: keyPrefix has no value; write one after “:”
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a//{user}/",
            """
            17:16: keyPrefix holds “//”; write one “/”
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/../{user}/",
            """
            17:16: keyPrefix has a folder named “..”; name it otherwise: clients resolve such names as paths
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/./{user}/",
            """
            17:16: keyPrefix has a folder named “.”; name it otherwise: clients resolve such names as paths
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/${filename}/",
            """
            17:16: keyPrefix holds “$”, which S3 may expand; write {filename}: the server fills it in
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/$x/",
            """
            17:16: keyPrefix holds “$”, which S3 may expand; leave it out
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{usr}/",
            """
            17:16: {usr} is not a placeholder; did you mean {user}?
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{x}/",
            """
            17:16: {x} is not a placeholder; write one of {tenant} {user} {issuer} {uuid} {ext} {filename} {path} {yyyy} {mm} {dd} \
            {claim.NAME}, or declare it in the rule: parameters: {x: name}
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{user/",
            """
            17:16: keyPrefix has a “{” that is not closed; write placeholders as {user}
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/user}/",
            """
            17:16: keyPrefix has a “}” without “{”; write placeholders as {user}
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/x{user}/",
            """
            17:16: {user} in keyPrefix is not a whole folder name; put “/” on both sides of it, so that no two users \
            share a key: …/{user}/…
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{user}-{yyyy}/",
            """
            17:16: {user} in keyPrefix is not a whole folder name; put “/” on both sides of it, so that no two users \
            share a key: …/{user}/…
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/.{user}/",
            """
            17:16: {user} in keyPrefix is not a whole folder name; put “/” on both sides of it, so that no two users \
            share a key: …/{user}/…
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: \"a\\x01/\"",
            """
            17:16: keyPrefix has a control character; remove it
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: {user}/",
            """
            17:22: there is text after a closing bracket; put the whole value in quotes: "{user}/"
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: {user}",
            """
            17:16: keyPrefix is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
        .replacing(
            .keyPrefix,
            """
                keyPrefix: \
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/
            """,
            """
            17:16: keyPrefix is longer than 512 bytes; shorten it: a whole key has at most 1024
            """),
        .replacing(
            .keyPrefix, "    # none",
            """
            16:3: the rule “avatars” has no keyPrefix; write the folder of its files: keyPrefix: uploads/{user}/
            """),
        .behind(
            .keyPrefix, "    keyName: '{user}.{ext}'",
            """
            18:14: {user} in keyName is not a whole folder name; put “/” on both sides of it, so that no two users share \
            a key: …/{user}/…
            """),
        .behind(
            .keyPrefix, "    keyName: '{uuid}/'",
            """
            18:14: keyName ends in “/”; write a file's name: {uuid}.{ext}
            """),
        .behind(
            .keyPrefix, "    keyName: '/{uuid}'",
            """
            18:14: keyName begins with “/”; leave the first “/” out: keys in S3 begin with a name
            """),
        .behind(
            .keyPrefix, "    keyName: ''",
            """
            18:5: keyName has no value; write one after “:”
            """),
        .behind(
            .keyPrefix, "    keyName: '..'",
            """
            18:14: keyName has a folder named “..”; name it otherwise: clients resolve such names as paths
            """),
        .behind(
            .keyPrefix, "    keyName: {uuid}.{ext}",
            """
            18:20: there is text after a closing bracket; put the whole value in quotes: "{user}/"
            """),
        .replacing(
            .keyPrefix,
            """
                keyPrefix: avatars/
                keyName: me
            """,
            """
            18:14: each upload replaces the previous one, even another user's; add {uuid} or {filename} to keyName: \
            "{uuid}.{ext}"
            """),
        .behind(
            .keyPrefix, "    parameters: {audit: digits}",
            """
            18:18: the parameter “audit” is in no key; write /{audit}/ in keyPrefix, or remove it
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{audit}/{user}/",
            """
            17:16: {audit} is not a placeholder; write one of {tenant} {user} {issuer} {uuid} {ext} {filename} {path} {yyyy} {mm} \
            {dd} {claim.NAME}, or declare it in the rule: parameters: {audit: name}
            """),
        .replacing(
            .keyPrefix,
            """
                keyPrefix: a/{user}/{a}/{b}/
                parameters: {a: number, b: name, A: name, user: name, rule: name, path: digits, "": name, x.y: name, é: name}
            """,
            """
            18:21: “number” is not a kind of parameter; write one of digits, uuid, name
            18:38: “A” is not a parameter's name; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit
            18:47: {user} is a placeholder of its own; choose another name for the parameter
            18:59: {rule} is a placeholder of its own; choose another name for the parameter
            18:71: {path} is a placeholder of its own; choose another name for the parameter
            18:85: “” is not a parameter's name; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit
            18:95: “x.y” is not a parameter's name; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit
            18:106: “é” is not a parameter's name; write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit
            """),
        .behind(
            .keyPrefix, "    parameters: [audit]",
            """
            18:17: parameters is not a mapping; write “name: value” lines
            """),
        .behind(
            .keyPrefix, "    parameters: {}",
            """
            18:5: parameters is empty; write audit: digits, or remove it
            """),
        .replacing(
            .keyPrefix,
            """
                keyPrefix: a/\((0..<17).map { "{p\($0)}/" }.joined()){user}/
                parameters: {\((0..<17).map { "p\($0): name" }.joined(separator: ", "))}
            """,
            """
            18:5: parameters has 17 entries; keep at most 16
            """),
        .behind(
            .keyPrefix, "    keyName: '{a}.csv'\n    parameters: {a: name}",
            """
            18:14: {a} in keyName is not a whole folder name; put “/” on both sides of it, so that no two values share a key: …/{a}/…
            """),
        .behind(
            .keyPrefix, "    keyName: '{path}'",
            """
            18:14: {path} in keyName does not stand for whole folders; put “/” on both sides of it: {path}/{filename}
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{path}-x/{user}/",
            """
            17:16: {path} in keyPrefix does not stand for whole folders; put “/” on both sides of it: site/{path}/
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{path}/{user}/",
            """
            17:16: {user} comes after {path}, so a client could choose the folders of another user; write it before: {user}/{path}/
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{path}/\n    keyName: '{user}/{uuid}'",
            """
            18:14: {user} comes after {path}, so a client could choose the folders of another user; write it before: {user}/{path}/
            """),
        .replacing(
            .keyPrefix, "    keyPrefix: a/{path}/\n    keyName: '{path}/{uuid}'",
            """
            18:14: {path} is in keyPrefix and in keyName; keep one of them
            """),
        .behind(
            .keyPrefix, "    filenames: utf8",
            """
            18:16: “utf8” is not a value of filenames; write one of ascii, unicode
            """),
        .replacing(
            .contentTypes, "    # none",
            """
            16:3: the rule “avatars” has no contentTypes; list what may be uploaded: contentTypes: [image/png, image/jpeg]
            """),
        .replacing(
            .contentTypes, "    contentTypes: image/png",
            """
            18:19: contentTypes is not a list; write [image/png]
            """),
        .replacing(
            .contentTypes, "    contentTypes: []",
            """
            18:19: contentTypes is an empty list; write at least one entry
            """),
        .replacing(
            .contentTypes, "    contentTypes: [png]",
            """
            18:20: “png” is not a content type; write type/subtype: image/png, or image/* for all images but SVG
            """),
        .replacing(
            .contentTypes, "    contentTypes: [Image/PNG]",
            """
            18:20: “Image/PNG” is not in lower case; write image/png
            """),
        .replacing(
            .contentTypes, "    contentTypes: ['*']",
            """
            18:20: “*” is not a content type; write type/subtype: image/png, or image/* for all images but SVG
            """),
        .replacing(
            .contentTypes, "    contentTypes: ['*/png']",
            """
            18:20: “*/png” is not a content type; write type/subtype: image/png, or image/* for all images but SVG
            """),
        .replacing(
            .contentTypes, "    contentTypes: ['image/p*']",
            """
            18:20: “image/p*” is not a content type; write type/subtype: image/png, or image/* for all images but SVG
            """),
        .replacing(
            .contentTypes, "    contentTypes: [text/plain; charset=utf-8]",
            """
            18:20: “text/plain; charset=utf-8” has parameters; write the type alone, without “;”
            """),
        .replacing(
            .contentTypes, "    contentTypes: [image/png, image/png]",
            """
            18:31: contentTypes lists this twice, first in line 18; keep one of them
            """),
        .replacing(
            .contentTypes, "    contentTypes: [text/csv, {type: text/csv, extensions: [csv]}]",
            """
            18:37: contentTypes lists this twice, first in line 18; keep one of them
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: application/dicom}]",
            """
            18:20: an entry of contentTypes has no extensions; write extensions: [dcm], or the type alone without braces
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{extensions: [dcm]}]",
            """
            18:20: an entry of contentTypes has no type; write type: application/dicom
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: 'image/*', extensions: [heic]}]",
            """
            18:27: “image/*” is a family, and extensions are of one type; write one type: image/heic
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: dcm}]",
            """
            18:44: extensions is not a list; write [dcm]
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: [.dcm]}]",
            """
            18:45: “.dcm” begins with a dot; write dcm
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: [DCM]}]",
            """
            18:45: “DCM” is not an ending of file names; write dcm
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: [tar.gz]}]",
            """
            18:45: “tar.gz” is not an ending of file names; write 1 to 10 of a-z and 0-9: dcm
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: [abcdefghijk]}]",
            """
            18:45: “abcdefghijk” is not an ending of file names; write 1 to 10 of a-z and 0-9: dcm
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: image/png, extensions: [png, html]}]",
            """
            18:56: “html” is an ending of files that browsers or servers run, which image/png is not; remove it
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: [x]}, {type: c/d, extensions: [y, x]}]",
            """
            18:78: “x” is an ending of a/b too; keep it at one of the two types
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extensions: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]}]",
            """
            18:93: extensions lists 17 endings; keep at most 16
            """),
        .replacing(
            .contentTypes, "    contentTypes: [{type: a/b, extension: [dcm]}]",
            """
            18:20: an entry of contentTypes has no extensions; write extensions: [dcm], or the type alone without braces
            18:32: “extension” is not a key of an entry of contentTypes; did you mean extensions?
            """),
        .replacing(
            .contentTypes, "    contentTypes: [[image/png]]",
            """
            18:20: contentTypes is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
        .replacing(
            .maxSize, "    # none",
            """
            16:3: the rule “avatars” has no maxSize; write the largest size that the rule allows, at most 5GiB: maxSize: 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: 5M",
            """
            19:14: “5M” is not a size; write 5MB or 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: 5 MiB",
            """
            19:14: “5 MiB” is not a size; write 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: 1.5GiB",
            """
            19:14: “1.5GiB” is not a size; write a whole number, in a smaller unit where needed (B, KB, MB, GB, KiB, MiB, \
            GiB)
            """),
        .replacing(
            .maxSize, "    maxSize: 010",
            """
            19:14: “010” begins with a zero; write 5MiB, without leading zeros
            """),
        .replacing(
            .maxSize, "    maxSize: -1",
            """
            19:14: “-1” is not a size; write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB): 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: 0",
            """
            19:14: maxSize allows nothing; write at least 1
            """),
        .replacing(
            .maxSize, "    maxSize: 6GiB",
            """
            19:14: “6GiB” is more than S3 allows for one upload; write at most 5GiB
            """),
        .replacing(
            .maxSize, "    maxSize: 99999999999999999999",
            """
            19:14: “99999999999999999999” is too large; write a size like 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: 9999999999GiB",
            """
            19:14: “9999999999GiB” is too large; write a size like 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: ~",
            """
            19:14: “~” is not a size; write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB): 5MiB
            """),
        .replacing(
            .maxSize, "    maxSize: 5tb",
            """
            19:14: “5tb” is not a size; write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB): 5MiB
            """),
        .behind(
            .maxSize, "    minSize: 6MiB",
            """
            20:14: minSize is larger than maxSize (5242880 bytes); write a smaller minSize or a larger maxSize
            """),
        .behind(
            .maxSize, "    minSize: x",
            """
            20:14: “x” is not a size; write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB): 5MiB
            """),
        .behind(
            .maxSize, "    expiry: 300",
            """
            20:13: “300” has no unit; add one of s, m, h, d: 300s
            """),
        .behind(
            .maxSize, "    expiry: 8d",
            """
            20:13: a ticket cannot be valid for “8d”; write 1s to 7d; the default is 5m
            """),
        .behind(
            .maxSize, "    expiry: 0s",
            """
            20:13: a ticket cannot be valid for “0s”; write 1s to 7d; the default is 5m
            """),
        .behind(
            .maxSize, "    expiry: 5min",
            """
            20:13: “5min” is not a duration; write a whole number and a unit (s, m, h, d): 5m
            """),
        .behind(
            .maxSize, "    expiry: '1:30'",
            """
            20:13: “1:30” is not a duration; write a whole number and a unit (s, m, h, d): 5m
            """),
        .behind(
            .maxSize, "    acl: public",
            """
            20:10: “public” is not a canned ACL; write one of private, public-read, public-read-write, \
            authenticated-read, aws-exec-read, bucket-owner-read, bucket-owner-full-control
            """),
        .behind(
            .maxSize, "    acl: public-raed",
            """
            20:10: “public-raed” is not a canned ACL; did you mean public-read?
            """),
        .behind(
            .maxSize, "    storageClass: COLD",
            """
            20:19: “COLD” is not a storage class; write one of STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, \
            GLACIER_IR, GLACIER, DEEP_ARCHIVE, REDUCED_REDUNDANCY, EXPRESS_ONEZONE, OUTPOSTS, SNOW, FSX_OPENZFS
            """),
        .behind(
            .maxSize, "    encryption: aes256",
            """
            20:17: “aes256” is not an encryption; write AES256, aws:kms, or {type: aws:kms, keyId: …}
            """),
        .behind(
            .maxSize, "    encryption: {type: AES256, bucketKey: true}",
            """
            20:32: AES256 takes no bucketKey; remove bucketKey, or write type: aws:kms
            """),
        .behind(
            .maxSize, "    encryption: {type: aws:kms:dsse, bucketKey: true}",
            """
            20:38: aws:kms:dsse takes no bucketKey; remove bucketKey, or write type: aws:kms
            """),
        .behind(
            .maxSize, "    encryption: {type: aws:kms, bucketKey: yes}",
            """
            20:44: bucketKey is “yes”; write bucketKey: true or bucketKey: false
            """),
        .behind(
            .maxSize, "    encryption: {keyId: a}",
            """
            20:5: encryption has no type; write type: aws:kms
            """),
        .behind(
            .maxSize, "    encryption: {type: AES256, keyId: a}",
            """
            20:32: AES256 takes no keyId; remove keyId, or write type: aws:kms
            """),
        .behind(
            .maxSize, "    encryption: {type: aws:kms, keyId: 'a b'}",
            """
            20:40: “a b” is not a KMS key; write its id, alias/… or arn:aws:kms:…
            """),
        .behind(
            .maxSize, "    tags: x",
            """
            20:11: tags is not a mapping; write “name: value” lines
            """),
        .behind(
            .maxSize, "    tags: {a: 'b&c'}",
            """
            20:15: the tag value “b&c” has a character that AWS refuses; use letters, digits, spaces and + - = . _ : / @
            """),
        .behind(
            .maxSize, "    tags: {'aws:a': b}",
            """
            20:12: tag keys that begin with “aws:” are reserved by AWS; choose another name
            """),
        .behind(
            .maxSize, "    tags: {a: [b]}",
            """
            20:15: “a” is not a single value; write one value after “:”, in quotes if it begins with “{” or “[”
            """),
        .behind(
            .maxSize, "    tags: {a1: b, a2: b, a3: b, a4: b, a5: b, a6: b, a7: b, a8: b, a9: b, a10: b, a11: b}",
            """
            20:5: tags has 11 entries; keep at most 10: S3 takes no more
            """),
        .behind(
            .maxSize,
            """
                tags: \
            {kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\
            kkkkkkkkkkkkkkkkkkkk: b}
            """,
            """
            20:12: the tag key is longer than 128 characters; shorten it
            """),
        .behind(
            .maxSize, "    metadata: {}",
            """
            20:5: metadata is empty; write fixed: {…} or allowed: […], or remove it
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {x-amz-meta-a: b}}",
            """
            20:24: names are written without x-amz-meta-, which is added to each of them; write a
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {'a b': b}}",
            """
            20:24: “a b” is not a metadata name; write 1 to 100 of a-z, 0-9, “-”, “_” and “.”
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '${filename}'}}",
            """
            20:27: the value holds “${”, which S3 expands; write {filename}: the server fills it in
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '${user}'}}",
            """
            20:27: the value holds “${”, which S3 expands; write it without “${”
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '{usr}'}}",
            """
            20:27: {usr} is not a placeholder; did you mean {user}?
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '{\"b\": 1}'}}",
            """
            20:27: {"b": 1} is not a placeholder; write one of {tenant} {user} {issuer} {uuid} {ext} {filename} {path} {yyyy} {mm} {dd} \
            {rule} {claim.NAME}, or {{ for a brace
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '{claim.Org}'}}",
            """
            20:27: {claim.Org} does not name an attribute; write the name that auth.issuers.attributes gives it, of 1 to 63 of a-z, \
            0-9, “-” and “_”: {claim.org}
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '{user'}}",
            """
            20:27: the value has a “{” that is not closed; write placeholders as {user}, and a brace as {{
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: '{filename}', b: '{filename}', c: '{filename}'}}",
            """
            20:5: the fixed metadata can have 2331 bytes; shorten it: S3 stores at most 2048 bytes of names and values
            """),
        .behind(
            .maxSize, "    tags: {a: '{usr}'}",
            """
            20:15: {usr} is not a placeholder; did you mean {user}?
            """),
        .behind(
            .maxSize, "    tags: {a: 'x&{user}'}",
            """
            20:15: the tag value “x&” has a character that AWS refuses; use letters, digits, spaces and + - = . _ : / @
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: b, A: c}}",
            """
            20:30: “A” is set twice: S3 turns the names of metadata into lower case; keep one of them
            """),
        .behind(
            .maxSize, "    metadata: {fixed: {a: b}, allowed: [a]}",
            """
            20:41: “a” is under both fixed and allowed; keep it under one of them
            """),
        .behind(
            .maxSize,
            """
                metadata: {fixed: {a: \
            'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}}
            """,
            """
            20:5: the fixed metadata has 2052 bytes; shorten it: S3 stores at most 2048 bytes of names and values
            """),
        .behind(
            .maxSize, "    metadata: {allowed: [a, A]}",
            """
            20:29: allowed lists this twice, first in line 20; keep one of them
            """),
        .behind(
            .maxSize, "    metadata: {allow: [a]}",
            """
            20:16: “allow” is not a key of metadata; known keys: fixed, allowed
            """),
        .behind(
            .maxSize, "    cacheControl: \"a\\nb\"",
            """
            20:19: cacheControl has a control character; remove it
            """),
        .behind(
            .maxSize, "    cacheControl: é",
            """
            20:19: cacheControl is not ASCII; write ASCII only
            """),
        .behind(
            .maxSize, "    contentDisposition: attachement",
            """
            20:25: “attachement” is not a disposition; write one of inline, attachment
            """),
        .behind(
            .maxSize, "    checksum: optional",
            """
            20:15: “optional” is not a value of checksum; write checksum: required, or {required: true, algorithms: [sha256]}, or \
            remove the line
            """),
        .behind(
            .maxSize, "    checksum: {}",
            """
            20:5: checksum is empty; write required: true or algorithms: [sha256], or remove it
            """),
        .behind(
            .maxSize, "    checksum: {required: yes, algorithms: [sha512]}",
            """
            20:26: required is “yes”; write required: true or required: false
            20:44: “sha512” is not a checksum; write one of sha256, sha1, crc32, crc32c, crc64nvme, md5
            """),
        .behind(
            .maxSize, "    declaredSize: atmost",
            """
            20:19: “atmost” is not a meaning of declared sizes; write one of exact, atMost, ignored
            """),
        .behind(
            .maxSize, "    contentEncoding: gzip;q=1",
            """
            20:22: “gzip;q=1” is not a content coding; write gzip, br or another name; several as “gzip, br”
            """),
        .behind(
            .maxSize, "    contentEncoding: gzip,",
            """
            20:22: “gzip,” is not a content coding; write gzip, br or another name; several as “gzip, br”
            """),
        .behind(
            .maxSize, "    contentEncoding: identity",
            """
            20:22: identity means that there is no coding; remove contentEncoding
            """),
        .behind(
            .maxSize, "    contentEncoding: AWS-chunked",
            """
            20:22: aws-chunked is no coding of a stored file; write the coding of the file, such as gzip
            """),
        .behind(
            .maxSize, "    contentLanguage: de_CH",
            """
            20:22: “de_CH” is not a language tag; write en, de-CH or zh-Hant; several as “en, de”
            """),
        .behind(
            .maxSize, "    successStatus: 202",
            """
            20:20: “202” is not a status of an upload; write one of 200, 201, 204
            """),
        .behind(
            .maxSize, "    successRedirect: http://a.example/",
            """
            20:22: “http://a.example/” is not encrypted; write https:// (http only for localhost, 127.0.0.1, [::1])
            """),
        .behind(
            .maxSize,
            """
                successStatus: 200
                successRedirect: https://a.example/
            """,
            """
            20:20: successStatus has no effect beside successRedirect; keep one of the two
            """),
        .behind(
            .maxSize, "    issuers: [Staff]",
            """
            20:15: “Staff” is not an issuer's name; write 1 to 63 of a-z, 0-9 and “-”, beginning with a letter or digit
            """),
        .behind(
            .maxSize, "    apiKeysOnly: on",
            """
            20:18: apiKeysOnly is “on”; write apiKeysOnly: true or apiKeysOnly: false
            """),
        .behind(
            .maxSize, "    requireScope: a b",
            """
            20:19: “a b” is not a scope; write one word: uploads:write
            """),
        .behind(
            .maxSize, "    limits: {}",
            """
            20:5: limits is empty; write perUser: 60/1m, or remove it
            """),
        .behind(
            .maxSize, "    limits: {perUser: 60}",
            """
            20:23: “60” is not a limit; write a count and a duration: 60/1m
            """),
        .behind(
            .maxSize, "    limits: {perUser: 60/m}",
            """
            20:23: “m” is not a duration; write a whole number and a unit (s, m, h, d): 5m
            """),
        .behind(
            .maxSize, "    limits: {perUser: 0/1m}",
            """
            20:23: “0/1m” is not a limit; write at least 1 in 1s, at most 1000000000 in 7d: 60/1m
            """),
        .behind(
            .maxSize, "    limits: {perTenant: 1/8d}",
            """
            20:25: “1/8d” is not a limit; write at least 1 in 1s, at most 1000000000 in 7d: 60/1m
            """),
        .behind(
            .maxSize, "    limits: {perIP: 1/1m}",
            """
            20:14: “perIP” is not a key of limits; known keys: perUser, perTenant
            """),
        .behind(
            .maxSize,
            """
              all:
                keyPrefix: '{user}/'
                contentTypes: [image/png]
                maxSize: 1
            """,
            """
            21:16: the folder of a user named “avatars” would also hold other users' files, of the rule “avatars”; begin the \
            keyPrefix of each rule with a different folder: all/{user}/, avatars/…
            """),
        .behind(
            .maxSize,
            """
              all:
                keyPrefix: avatars/
                keyName: 'x/{uuid}'
                contentTypes: [image/png]
                maxSize: 1
            """,
            """
            17:16: the folder of a user named “x” would also hold other users' files, of the rule “all”; begin the keyPrefix of \
            each rule with a different folder: avatars/{user}/, all/…
            """),
        .behind(
            .maxSize, "    tags: {\("abcdefg".map { "\($0): \(String(repeating: "é", count: 256))" }.joined(separator: ", "))}",
            """
            16:3: the constant fields of the rule “avatars” have 9404 bytes, and at most 8000 fit into a form; shorten its \
            tags, fixed metadata, \
            cacheControl or successRedirect
            """),
        .behind(
            .maxSize, "    requireScope: ~\n    tags: {a: , b: 'null', c: Null}",
            """
            20:19: requireScope is “~”, which means in YAML that there is no value; write a value, in quotes if this text is meant, or remove the line
            21:31: “c” is “Null”, which means in YAML that there is no value; write a value, in quotes if this text is meant, or remove the line
            """),
        .replacing(
            .contentTypes, "    contentTypes: ['image/png ']",
            """
            18:20: “image/png ” has a blank at its end; write image/png
            """),
    ]
}
