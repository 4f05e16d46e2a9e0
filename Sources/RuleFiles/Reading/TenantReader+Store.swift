// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

extension TenantReader {
    func readStore(_ file: Section, into draft: inout TenantDraft) -> (Store?, CredentialReader.Reading?) {
        guard file["store"] != nil else {
            file.missing("store", "write store: with the bucket and its region under it")
            return (nil, nil)
        }
        guard let store = file.section("store", keys: Self.storeKeys.map(\.name)) else { return (nil, nil) }
        let bucket = Self.bucket.read(from: store, self)
        let region = Self.region.read(from: store, self)
        let endpoint = Self.endpoint.read(from: store, self)
        let addressing = Self.addressing.read(from: store, self)
        let signature = Self.signature.read(from: store, self)
        let credentials = Self.credentials.read(from: store, region?.value)
        warn(signature: signature, endpoint: endpoint)
        // An endpoint that cannot be read is not AWS's.
        guard store["endpoint"] == nil || endpoint != nil else {
            draft.isAWS = false
            return (nil, nil)
        }
        draft.isAWS = StoreIdentity(bucket: "", endpoint: endpoint?.value).isAWS
        guard let bucket else { return (nil, nil) }
        draft.store = StoreIdentity(bucket: bucket.value, endpoint: endpoint?.value)
        do throws(EndpointError) {
            let address = try StoreEndpoint(
                bucket: bucket.value,
                // A missing region has been reported; the other values are still checked.
                region: region?.value ?? "us-east-1",
                endpoint: endpoint?.value,
                addressing: addressing.flatMap { Addressing(rawValue: $0.value) }
            )
            guard region != nil else { return (nil, nil) }
            let version = signature.flatMap { SignatureVersion(rawValue: $0.value) } ?? .v4
            return (Store(endpoint: address, signature: version), credentials)
        } catch {
            let value: Located<String>? =
                switch error {
                case .bucketInvalid, .accelerateNeedsVirtualHost: bucket
                case .regionInvalid, .partitionUnknown, .optionNotInPartition: region
                case .endpointInvalid, .optionsNeedAWS, .accelerateWithFIPS: endpoint
                case .virtualHostNeedsName, .virtualHostNeedsDotlessBucket: addressing
                }
            log.problem(at: value?.position ?? store.position, error.message, error.advice)
            return (nil, nil)
        }
    }

    private func warn(signature: Located<String>?, endpoint: Located<String>?) {
        if let signature, signature.value == SignatureVersion.v2.rawValue {
            log.warning(
                at: signature.position,
                "signature v2 is based on SHA-1, and AWS refuses it in newer regions and buckets",
                "use it only for a store that does not support v4"
            )
        }
        if let endpoint, let url = try? HTTPURL(endpoint.value), !url.isProtected {
            log.warning(at: endpoint.position, "uploads to \(endpoint.value.quoted) are not encrypted", "write https://")
        }
    }
}

extension TenantReader {
    /// The keys of `store`, in the order in which messages list them.
    static let storeKeys = [bucket.row, region.row, endpoint.row, addressing.row, signature.row, credentials.row]

    private static let bucket = Key<TenantReader, Located<String>?>(
        "bucket",
        takes: "a bucket's name by S3's rules: 3 to 63 of `a-z`, `0-9`, `-` and `.`",
        standard: "required",
        example: "acme-uploads"
    ) { section, key, _ in
        section.required(key, "write the bucket's name") { text throws(ValueError) in
            if text.utf8.starts(with: "arn:".utf8) { throw notAName(ofARN: text) }
            return try Self.text(text)
        }
    }

    private static let region = Key<TenantReader, Located<String>?>(
        "region",
        takes: "an AWS region; with `endpoint`, what the store calls its region: 1 to 64 letters, digits, `-`, `_` and `.`",
        standard: "required",
        example: "eu-west-1"
    ) { section, key, _ in
        section.required(key, "write the bucket's region: region: eu-west-1", text)
    }

    private static let endpoint = Key<TenantReader, Located<String>?>(
        "endpoint",
        takes: "URL of an S3-compatible store, with a port and a base path if it has them",
        standard: "AWS",
        example: "https://s3.example.net"
    ) { section, key, _ in
        section.value(key, text)
    }

    private static let addressing = Key<TenantReader, Located<String>?>(
        "addressing",
        takes: "`virtual` (`https://BUCKET.HOST/`) or `path` (`https://HOST/BUCKET/`)",
        standard: "`virtual` on AWS, `path` with `endpoint` or for a bucket with a dot",
        example: "path"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: [Addressing.virtualHost.rawValue, Addressing.path.rawValue], what: "an addressing style")
        }
    }

    private static let signature = Key<TenantReader, Located<String>?>(
        "signature", takes: "`v4` or `v2` (only for old stores without v4)", standard: "`v4`", example: "v4"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: [SignatureVersion.v4.rawValue, SignatureVersion.v2.rawValue], what: "a signature version")
        }
    }

    private static let credentials = Key<String?, CredentialReader.Reading?>(
        "credentials",
        takes: "`default`, or a mapping: [`store.credentials`](#storecredentials)",
        standard: "`default`",
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

/// Identifies a bucket: tenants with equal identities share one.
///
/// All host names of AWS are one store, and so are all names of this machine. Two host names of another store count as two.
struct StoreIdentity: Sendable, Hashable {
    /// `aws`, where bucket names are unique, or the host and port of another store.
    let service: String
    let bucket: String

    var isAWS: Bool { service == Self.aws }
    private static let aws = "aws"

    /// - Parameter endpoint: The endpoint of the file, nil for AWS.
    init(bucket: String, endpoint: String?) {
        self.bucket = bucket
        service = endpoint.map(Self.service) ?? Self.aws
    }

    private static func service(of endpoint: String) -> String {
        guard let url = try? HTTPURL(endpoint.lowercased()) else { return endpoint }
        if Partition.contains(host: url.host.text) { return aws }
        // One store can listen on both default ports, and under each name of this machine.
        let port = url.authority.port.flatMap { $0 == 443 || $0 == 80 ? nil : ":\($0)" } ?? ""
        return (url.isLoopback ? "loopback" : url.host.text) + port
    }
}
