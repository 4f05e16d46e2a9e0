// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// Reads `store`, or one of `stores`.
struct StoreReader: Sendable {
    /// The keys of a store, in the order in which messages list them.
    static let keys = [
        bucket.row, region.row, endpoint.row, addressing.row, dualStack.row, fips.row, accelerate.row, signature.row,
        method.row, maxPolicyBytes.row, credentials.row,
    ]

    /// The name under `stores`; nil for `store`.
    let name: String?

    /// What the store is called in messages.
    private var title: String { name.map { "the store \($0.quoted)" } ?? "store" }

    func read(_ entry: YAMLEntry, log: DiagnosticLog) -> StoreDraft {
        var draft = StoreDraft(name: name, position: entry.keyPosition)
        let keys = Self.keys.map(\.name)
        guard let section = Section(entry.value, title: title, at: entry.keyPosition, keys: keys, log: log) else { return draft }
        let bucket = Self.bucket.read(from: section, self)
        let region = Self.region.read(from: section, self)
        let endpoint = Self.endpoint.read(from: section, self)
        let addressing = Self.addressing.read(from: section, self)
        let options = StoreOptions(section)
        let signature = Self.signature.read(from: section, self)
        let method = Self.method.read(from: section, self)
        let maxPolicyBytes = Self.maxPolicyBytes.read(from: section, self)
        if method?.value == .put { checkPut(endpoint: endpoint, signature: signature, maxPolicyBytes: maxPolicyBytes, log: log) }
        draft.credentials = Self.credentials.read(from: section, region?.value)
        warn(signature: signature, endpoint: endpoint, log: log)
        if method?.value != .put { checkTakesPost(endpoint, log: log) }
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

    private func warn(signature: Located<String>?, endpoint: Located<String>?, log: DiagnosticLog) {
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

    /// S3 has FIPS hosts in the regions of North America and in the partitions of the USA ("Amazon Simple Storage Service endpoints
    /// and quotas").
    private func warnOfFIPS(at position: YAMLPosition, region: String, log: DiagnosticLog) {
        guard Partition(region: region) == .aws, !region.hasPrefix("us-"), !region.hasPrefix("ca-") else { return }
        log.warning(at: position, "AWS is not known to have FIPS hosts in the region \(region.quoted)", "leave fips out")
    }

    /// The bucket's name would be in the URL twice: https://acme.acme.s3.example.net/.
    private func warnOfHost(_ endpoint: Located<String>?, bucket: String, log: DiagnosticLog) {
        guard let endpoint, let url = try? HTTPURL(endpoint.value), url.host.lowercased.text.hasPrefix("\(bucket).") else {
            return
        }
        log.warning(
            at: endpoint.position,
            "the endpoint's host begins with the name of the bucket, which the URL then has twice",
            "if this host is the bucket, write addressing: host; otherwise leave the bucket out of the endpoint"
        )
    }

    /// Reports stores that are known to have no POST uploads: docs/stores.md.
    private func checkTakesPost(_ endpoint: Located<String>?, log: DiagnosticLog) {
        guard let endpoint, let url = try? HTTPURL(endpoint.value) else { return }
        switch StoreProvider(host: url.host.lowercased.text) {
        case .r2:
            log.problem(
                at: endpoint.position,
                "Cloudflare R2 takes no POST uploads: it would answer each with 501",
                "write method: put in the store, so that tickets are for PUT")
        case .b2:
            log.warning(
                at: endpoint.position,
                "Backblaze B2 does not list POST uploads among the calls that it supports",
                "write method: put in the store, so that tickets are for PUT; or try an upload first")
        case nil:
            break
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

/// AWS's other hosts, as far as they could be read.
private struct StoreOptions {
    let dualStack: Located<Bool>?
    let fips: Located<Bool>?
    let accelerate: Located<Bool>?

    init(_ section: Section) {
        dualStack = StoreReader.dualStack.read(from: section, nil)
        fips = StoreReader.fips.read(from: section, nil)
        accelerate = StoreReader.accelerate.read(from: section, nil)
    }

    var set: StoreEndpoint.Options {
        var set: StoreEndpoint.Options = []
        if dualStack?.value ?? false { set.insert(.dualStack) }
        if fips?.value ?? false { set.insert(.fips) }
        if accelerate?.value ?? false { set.insert(.accelerate) }
        return set
    }

    /// The position of the first option that is on.
    var first: YAMLPosition? {
        [dualStack, fips, accelerate].compactMap { $0 }.filter(\.value).map(\.position).min()
    }

    /// - Parameter option: as an `EndpointError` names it
    func position(of option: String) -> YAMLPosition? {
        switch option {
        case "fips": fips?.position
        case "accelerate": accelerate?.position
        default: dualStack?.position
        }
    }
}

/// A store of a tenant's file as far as it could be read.
struct StoreDraft: Sendable {
    /// The name under `stores`; nil for `store`.
    let name: String?
    let position: YAMLPosition
    /// Whether it is AWS itself.
    var isAWS = true
    /// Nil if the bucket's address is wrong.
    var bucket: BucketIdentity?
    /// As the file has it; empty if it could not be read.
    var bucketName = ""
    /// Nil if a problem was logged.
    var store: Store?
    /// Nil if the file has none or, with a problem logged, wrong ones.
    var credentials: CredentialReader.Reading?
}

/// The stores of a tenant's file as far as they could be read.
struct StoreDrafts: Sendable {
    /// `store`; nil if the file does not have it.
    private let standard: StoreDraft?
    /// `stores`, in the order of the file.
    private let named: [StoreDraft]
    /// Whether `stores` is wrong, so that it is not known which names it has.
    private let isIncomplete: Bool

    init(_ file: Section) {
        standard = file["store"].map { StoreReader(name: nil).read($0, log: file.log) }
        guard let entry = file["stores"] else {
            (named, isIncomplete) = ([], false)
            if standard == nil { file.missing("store", "write store: with the bucket and its region under it") }
            return
        }
        let entries = file.section("stores", keys: nil)?.all
        named = entries?.compactMap { Self.read($0, log: file.log) } ?? []
        isIncomplete = named.count != entries?.count
        if let entries, entries.isEmpty {
            file.log.problem(at: entry.keyPosition, "stores is empty", "write the name of a store under it, or remove it")
        }
    }

    private static func read(_ entry: YAMLEntry, log: DiagnosticLog) -> StoreDraft? {
        do throws(ValueError) {
            let name = try Identifier.parse(entry.key, what: "a store's name", underscores: true)
            return StoreReader(name: name).read(entry, log: log)
        } catch {
            log.problem(at: entry.keyPosition, error)
            return nil
        }
    }

    private var all: [StoreDraft] { (standard.map { [$0] } ?? []) + named }

    /// Finds the store that a rule names.
    /// - Returns: nil, with a problem logged, if there is none
    func store(of rule: Section, key: String) -> StoreDraft? {
        guard rule[key] != nil else {
            if standard == nil, !named.isEmpty {
                rule.log.problem(
                    at: rule.position,
                    "\(rule.title) has no store, and neither has the file",
                    "write store: \(named[0].name ?? "") in the rule, or store: at the top of the file"
                )
            }
            return standard
        }
        if let value = rule[key]?.value, case .mapping = value.content {
            rule.log.problem(
                at: value.position, "the store of a rule is a name",
                "write these keys under stores: and a name at the top of the file, and store: with this name here")
            return nil
        }
        let found: Located<StoreDraft?>? = rule.value(key) { text throws(ValueError) in
            if let found = named.first(where: { $0.name?.hasSameBytes(as: text) ?? false }) { return found }
            guard !isIncomplete else { return nil }
            let names = named.compactMap(\.name)
            throw ValueError(
                "\(text.quoted) is not the name of a store",
                suggesting: .init(for: text, in: names),
                else: names.isEmpty
                    ? "write its bucket and region under stores: at the top of the file"
                    : "write one of \(names.prefix(20).joined(separator: ", "))"
            )
        }
        return found?.value
    }

    /// - Parameter rules: every rule of the file
    func warnOfUnused(by rules: [RuleDraft], log: DiagnosticLog) {
        let used = Set(rules.compactMap(\.store).map(\.name))
        for store in all where !used.contains(store.name) {
            log.warning(
                at: store.position,
                store.name.map { "no rule uses the store \($0.quoted)" } ?? "no rule uses store: each names one of stores",
                store.name.map { "name it in a rule, store: \($0), or remove it" } ?? "remove it, or the store of a rule"
            )
        }
    }
}

extension StoreReader {
    private static let bucket = Key<StoreReader, Located<String>?>(
        "bucket",
        takes:
            "a bucket's name by S3's rules: 3 to 63 of `a-z`, `0-9`, `-` and `.`. [Older and foreign names](#older-and-foreign-bucket-names) "
            + "are possible too",
        standard: "required",
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
        standard: "required",
        example: "eu-west-1"
    ) { section, key, _ in
        section.required(key, "write the bucket's region: region: eu-west-1", text)
    }

    private static let endpoint = Key<StoreReader, Located<String>?>(
        "endpoint",
        takes: "URL of an S3-compatible store, with a port and a base path if it has them",
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
        standard: "`virtual` on AWS, `path` with `endpoint` or for a bucket with a dot",
        example: "path"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, as: Addressing.self, what: "an addressing style")
        }
    }

    fileprivate static let dualStack = flag("dualStack", "AWS's hosts for IPv6 and IPv4")

    fileprivate static let fips = flag("fips", "AWS's hosts with FIPS 140 modules, in the USA and Canada")

    fileprivate static let accelerate = flag("accelerate", "S3 Transfer Acceleration, which the bucket must have")

    private static func flag(_ name: String, _ hosts: String) -> Key<StoreReader?, Located<Bool>?> {
        Key(name, takes: "`true`: \(hosts)", standard: "`false`", example: "true") { section, key, _ in section.flag(key) }
    }

    private static let signature = Key<StoreReader, Located<String>?>(
        "signature", takes: "`v4` or `v2` (only for old stores without v4)", standard: "`v4`", example: "v4"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: [SignatureVersion.v4.rawValue, SignatureVersion.v2.rawValue], what: "a signature version")
        }
    }

    private static let method = Key<StoreReader, Located<UploadMethod>?>(
        "method",
        takes: "`post` or `put`. `put` is for stores that have no POST form, such as R2; see [PUT](stores.md#put)",
        standard: "`post`",
        example: "put"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Choice.parse(text, as: UploadMethod.self, what: "a method of upload")
        }
    }

    private static let maxPolicyBytes = Key<StoreReader, Located<Int>?>(
        "maxPolicyBytes",
        takes: "size, 256 to 16384: the longest policy that the store takes, in base64. A ticket that would need more is refused",
        standard: "none",
        example: "1024"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let bytes = try Quantity.size.parse(text)
            guard (256...16_384).contains(bytes) else {
                throw ValueError("\(text.quoted) is not the length of a policy", "write 256 to 16384; the default is no limit")
            }
            return bytes
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
