// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

extension TenantReader {
    func readStore(_ file: Section, into draft: inout TenantDraft) -> (Store?, CredentialReader.Reading?) {
        guard file["store"] != nil else {
            file.missing("store", "write the bucket and region of its files under store:")
            return (nil, nil)
        }
        let keys = ["bucket", "region", "endpoint", "addressing", "signature", "credentials"]
        guard let store = file.section("store", keys: keys) else { return (nil, nil) }
        let bucket = store.required("bucket", "write the bucket's name", Self.text)
        let region = store.required("region", "write the bucket's region: region: eu-west-1", Self.text)
        let endpoint = store.value("endpoint", Self.text)
        let addressing = store.value("addressing") { text throws(ValueError) in
            try Choice.parse(text, of: [Addressing.virtualHost.rawValue, Addressing.path.rawValue], what: "an addressing")
        }
        let signature = store.value("signature") { text throws(ValueError) in
            try Choice.parse(text, of: [SignatureVersion.v4.rawValue, SignatureVersion.v2.rawValue], what: "a signature version")
        }
        let credentials = CredentialReader(region: region?.value).read(store)
        warn(signature: signature, endpoint: endpoint)
        // An endpoint that is there but unreadable is none of AWS's: what its address would be, nobody knows.
        guard store["endpoint"] == nil || endpoint != nil else {
            draft.isAWS = false
            return (nil, nil)
        }
        draft.isAWS = StoreIdentity(bucket: "", endpoint: endpoint?.value).isAWS
        guard let bucket else { return (nil, nil) }
        draft.store = StoreIdentity(bucket: bucket.value, endpoint: endpoint?.value)
        do throws(EndpointError) {
            let place = try StoreEndpoint(
                bucket: bucket.value,
                // A missing region has been reported; the rest of the address is still worth checking.
                region: region?.value ?? "us-east-1",
                endpoint: endpoint?.value,
                addressing: addressing.flatMap { Addressing(rawValue: $0.value) }
            )
            guard region != nil else { return (nil, nil) }
            let version = signature.flatMap { SignatureVersion(rawValue: $0.value) } ?? .v4
            return (Store(endpoint: place, signature: version), credentials)
        } catch {
            let key = Self.key(of: error)
            let position = [bucket, region, endpoint, addressing][Self.places[key] ?? 0]?.position ?? store.position
            let (message, advice) = Self.split("\(error)")
            log.problem(at: position, message, advice)
            return (nil, nil)
        }
    }

    private static func text(_ text: String) throws(ValueError) -> String {
        try PlainText.parse(text, what: "the value", atMost: 2048)
    }

    private func warn(signature: Located<String>?, endpoint: Located<String>?) {
        if let signature, signature.value == SignatureVersion.v2.rawValue {
            log.warning(
                at: signature.position,
                "signature v2 rests on SHA-1, and AWS refuses it in newer regions and buckets",
                "keep it only for a store that knows no v4"
            )
        }
        if let endpoint, let url = try? HTTPURL(endpoint.value), !url.isProtected {
            log.warning(at: endpoint.position, "uploads to \(endpoint.value.quoted) are not encrypted", "write https://")
        }
    }

    // MARK: Endpoint errors

    private static let places = ["bucket": 0, "region": 1, "endpoint": 2, "addressing": 3]

    /// The key whose value an error is about.
    private static func key(of error: EndpointError) -> String {
        switch error {
        case .bucketInvalid, .accelerateNeedsVirtualHost: "bucket"
        case .regionInvalid, .partitionUnknown, .optionNotInPartition: "region"
        case .endpointInvalid, .optionsNeedAWS, .accelerateWithFIPS: "endpoint"
        case .virtualHostNeedsName, .virtualHostNeedsDotlessBucket: "addressing"
        }
    }

    /// A description of `EndpointError` is “what is wrong: what to write instead”.
    private static func split(_ description: String) -> (message: String, advice: String) {
        let bytes = Array(description.utf8)
        let colons = bytes.indices.dropLast().filter { bytes[$0] == UInt8(ascii: ":") && bytes[$0 + 1] == UInt8(ascii: " ") }
        guard let colon = colons.last else { return (description, "see the store's documentation") }
        return (String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: bytes[(colon + 2)...], as: UTF8.self))
    }
}
