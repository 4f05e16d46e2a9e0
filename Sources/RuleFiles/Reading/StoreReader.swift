// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// Reads `store`, or one of `stores`.
struct StoreReader: Sendable {
    /// The keys of a store, in the order in which messages list them.
    static let keys = KeyTable(
        "store",
        [
            bucket.row, region.row, endpoint.row, addressing.row, dualStack.row, fips.row, accelerate.row, signature.row,
            method.row, maxPolicyBytes.row, credentials.row,
        ],
        needs: [
            .narrowed(
                [.shape(["region"], .text(.awsRegion)), .shape(["bucket"], .text(.olderBucket))],
                where: [.not(.has(["endpoint"]))]),
            // Where AWS never gave names by older rules.
            .narrowed(
                [.shape(["bucket"], .text(.awsBucket))],
                where: [.not(.has(["endpoint"])), .not(.equals(["region"], "us-east-1"))]),
        ])

    /// The name under `stores`; nil for `store`.
    let name: String?

    /// What the store is called in messages.
    private var title: String { name.map { "the store \($0.quoted)" } ?? "store" }

    func read(_ entry: YAMLEntry, log: DiagnosticLog) -> StoreDraft {
        var draft = StoreDraft(name: name, position: entry.keyPosition)
        let keys = Self.keys.names
        guard let section = Section(entry.value, title: title, at: entry.keyPosition, keys: keys, log: log) else { return draft }
        let bucket = Self.bucket.read(from: section, self)
        let region = Self.region.read(from: section, self)
        let endpoint = Self.endpoint.read(from: section, self)
        let addressing = Self.addressing.read(from: section, self)
        let options = StoreOptions(section)
        let signature = Self.signature.read(from: section, self)
        let method = Self.method.read(from: section, self)
        let maxPolicyBytes = Self.maxPolicyBytes.read(from: section, self)
        switch method?.value ?? .post {
        case .post:
            checkTakesPost(endpoint, log: log)
            warnOfSignature(signature, log: log)
        case .put:
            checkPut(endpoint: endpoint, signature: signature, maxPolicyBytes: maxPolicyBytes, log: log)
        }
        draft.credentials = Self.credentials.read(from: section, region?.value)
        warnOfPlainHTTP(endpoint, log: log)
        // An endpoint that cannot be read is not AWS's.
        guard section["endpoint"] == nil || endpoint != nil else {
            draft.isAWS = false
            return draft
        }
        draft.isAWS = StoreEndpoint.isAWS(endpoint: endpoint?.value)
        if draft.isAWS, endpoint != nil, let region, Partition(region: region.value) == nil {
            log.warning(
                at: region.position,
                "\(region.value.quoted) is not known as a region of AWS, and the endpoint is AWS's: it would refuse each signature",
                "write the bucket's region: eu-west-1"
            )
        }
        guard let bucket else { return draft }
        do throws(EndpointError) {
            let address = try StoreEndpoint(
                bucket: bucket.value,
                // A missing region has been reported; the other values are still checked.
                region: region?.value ?? "us-east-1",
                endpoint: endpoint?.value,
                addressing: addressing?.value,
                options: options.set
            )
            draft.bucket = address.identity
            draft.bucketName = bucket.value
            guard region != nil else { return draft }
            if let fips = options.fips, fips.value { warnOfFIPS(at: fips.position, region: address.region, log: log) }
            if addressing?.value != .host { warnOfHost(endpoint, bucket: bucket.value, log: log) }
            if !address.hasCurrentBucketName { warnOfName(bucket, isAWS: draft.isAWS, log: log) }
            draft.store = Store(
                name: name,
                endpoint: address,
                signature: signature.flatMap { SignatureVersion(rawValue: $0.value) } ?? .v4,
                method: method?.value ?? .post,
                maxPolicyBytes: maxPolicyBytes?.value
            )
        } catch {
            let position =
                switch error {
                case .bucketInvalid: bucket.position
                case .regionInvalid, .partitionUnknown: region?.position
                case .endpointInvalid, .endpointHasBucket: endpoint?.position
                case .hostIsOtherBucket: bucket.position
                case .optionsNeedAWS: options.first
                case .optionNotInPartition(let option, _): options.position(of: option)
                case .accelerateWithFIPS: options.accelerate?.position
                case .accelerateNeedsVirtualHost: addressing?.position ?? bucket.position
                case .hostNeedsEndpoint, .hostIsNoBucket, .virtualHostNeedsName, .virtualHostNeedsDotlessBucket,
                    .virtualHostNeedsHostName:
                    addressing?.position
                }
            log.problem(at: position ?? section.position, error.message, error.advice)
        }
        return draft
    }

    /// Reports what a store without forms cannot have.
    private func checkPut(
        endpoint: Located<String>?, signature: Located<String>?, maxPolicyBytes: Located<Int>?, log: DiagnosticLog
    ) {
        // Nothing but the URL says which bucket a PUT writes to, so a path could lead into another one.
        if let endpoint, let url = try? HTTPURL(endpoint.value), !url.path.isEmpty, url.path != "/" {
            log.problem(
                at: endpoint.position, "with method: put the endpoint has no path", "write the URL up to the host or port")
        }
        if let signature, signature.value == SignatureVersion.v2.rawValue {
            log.problem(at: signature.position, "with method: put there is no signature v2", "remove the line, or write v4")
        }
        if let maxPolicyBytes {
            log.problem(at: maxPolicyBytes.position, "with method: put there is no policy", "remove maxPolicyBytes")
        }
    }

    private func warnOfSignature(_ signature: Located<String>?, log: DiagnosticLog) {
        guard let signature, signature.value == SignatureVersion.v2.rawValue else { return }
        log.warning(
            at: signature.position,
            "signature v2 is based on SHA-1, and AWS refuses it in newer regions and buckets",
            "use it only for a store that does not support v4"
        )
    }

    private func warnOfPlainHTTP(_ endpoint: Located<String>?, log: DiagnosticLog) {
        if let endpoint, let url = try? HTTPURL(endpoint.value), !url.isProtected {
            log.warning(at: endpoint.position, "uploads to \(endpoint.value.quoted) are not encrypted", "write https://")
        }
    }

    private func warnOfName(_ bucket: Located<String>, isAWS: Bool, log: DiagnosticLog) {
        log.warning(
            at: bucket.position,
            "S3 gives no bucket the name \(bucket.value.quoted)" + (isAWS ? " since March 2018" : ""),
            isAWS ? "if the bucket is newer, correct its name" : "check that the store has a bucket of this name"
        )
    }
}

extension StoreReader {
    private static let bucket = Key<StoreReader, Located<String>?>(
        "bucket",
        takes:
            "a bucket's name by S3's rules: 3 to 63 of `a-z`, `0-9`, `-` and `.`. [Older and foreign names](#older-and-foreign-bucket-names) "
            + "are possible too",
        shape: .text(.bucket),
        standard: .required,
        example: "acme-uploads"
    ) { section, key, _ in
        section.required(key, "write the bucket's name") { text throws(ValueError) in
            if text.utf8.starts(with: "arn:".utf8) { throw notAName(ofARN: text) }
            return try Self.text(text)
        }
    }

    private static let region = Key<StoreReader, Located<String>?>(
        "region",
        takes: "an AWS region; with `endpoint`, what the store calls its region: 1 to 64 letters, digits, `-`, `_` and `.`",
        shape: .text(.region),
        standard: .required,
        example: "eu-west-1"
    ) { section, key, _ in
        section.required(key, "write the bucket's region: region: eu-west-1", text)
    }

    private static let endpoint = Key<StoreReader, Located<String>?>(
        "endpoint",
        takes: "URL of an S3-compatible store, with a port and a base path if it has them",
        shape: .text(.endpoint),
        standard: "AWS",
        example: "https://s3.example.net"
    ) { section, key, _ in
        section.value(key, text)
    }

    private static let addressing = Key<StoreReader, Located<Addressing>?>(
        "addressing",
        takes:
            "`virtual` (`https://BUCKET.HOST/`), `path` (`https://HOST/BUCKET/`), or `host` (`https://HOST/`: the endpoint is the "
            + "bucket)",
        shape: .words(of: Addressing.self),
        standard: "`virtual` on AWS, `path` with `endpoint` or for a bucket with a dot",
        example: "path"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, as: Addressing.self, what: "an addressing style")
        }
    }

    static let dualStack = flag("dualStack", "AWS's hosts for IPv6 and IPv4")

    static let fips = flag("fips", "AWS's hosts with FIPS 140 modules, in the USA and Canada")

    static let accelerate = flag("accelerate", "S3 Transfer Acceleration, which the bucket must have")

    private static func flag(_ name: String, _ hosts: String) -> Key<StoreReader?, Located<Bool>?> {
        Key(name, takes: "`true`: \(hosts)", shape: .flag, standard: .value("false"), example: "true") { section, key, _ in
            section.flag(key)
        }
    }

    private static let signatures = [SignatureVersion.v4.rawValue, SignatureVersion.v2.rawValue]

    private static let signature = Key<StoreReader, Located<String>?>(
        "signature", takes: "`v4` or `v2` (only for old stores without v4); with `method: put` only `v4`",
        shape: .words(signatures), standard: .value("v4"),
        example: "v4"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: signatures, what: "a signature version")
        }
    }

    private static let method = Key<StoreReader, Located<UploadMethod>?>(
        "method",
        takes: "`post` or `put`. `put` is for stores that have no POST form, such as R2; see [PUT](stores.md#put)",
        shape: .words(of: UploadMethod.self),
        standard: .value("post"),
        example: "put"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Choice.parse(text, as: UploadMethod.self, what: "a method of upload")
        }
    }

    private static let policyBytes = 256...16_384

    private static let maxPolicyBytes = Key<StoreReader, Located<Int>?>(
        "maxPolicyBytes",
        takes:
            "size, 256 to 16384: the longest policy that the store takes, in base64. A ticket that would need more is refused. "
            + "Not with `method: put`",
        shape: .text(.quantity(.size, policyBytes)),
        standard: "none",
        example: "1024"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let bytes = try Quantity.size.parse(text)
            guard policyBytes.contains(bytes) else {
                throw ValueError("\(text.quoted) is not the length of a policy", "write 256 to 16384; the default is no limit")
            }
            return bytes
        }
    }

    private static let credentials = Key<String?, CredentialReader.Reading?>(
        "credentials",
        takes: "`default`, or a mapping: [`store.credentials`](#storecredentials)",
        shape: .either([.words(["default"]), .mapping(CredentialReader.keys)]),
        standard: .value("default"),
        example: "default"
    ) { section, _, region in
        CredentialReader(region: region).read(section)
    }

    /// `arn:aws:s3:::acme` is a bucket, `arn:aws:s3:eu-west-1:123456789012:accesspoint/acme` an access point.
    private static func notAName(ofARN text: String) -> ValueError {
        let fields = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        let bucket = fields.last?.prefix { $0 != "/" } ?? ""
        guard fields.count == 6, fields[2] == "s3", fields[3].isEmpty, fields[4].isEmpty, !bucket.isEmpty else {
            return ValueError(
                "\(text.quoted) is an ARN, and not that of a bucket: tickets for access points are not possible",
                "write the name of a bucket"
            )
        }
        return ValueError("\(text.quoted) is an ARN", "write the bucket's name: \(bucket)")
    }

    private static func text(_ text: String) throws(ValueError) -> String {
        try PlainText.parse(text, what: "the value", atMost: 2048)
    }
}
