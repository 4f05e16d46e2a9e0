// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

// What is known of the hosts of stores.

extension StoreReader {
    /// S3 has FIPS hosts in the regions of North America and in the partitions of the USA ("Amazon Simple Storage Service endpoints
    /// and quotas").
    func warnOfFIPS(at position: YAMLPosition, region: String, log: DiagnosticLog) {
        guard Partition(region: region) == .aws, !region.hasPrefix("us-"), !region.hasPrefix("ca-") else { return }
        log.warning(at: position, "AWS is not known to have FIPS hosts in the region \(region.quoted)", "leave fips out")
    }

    /// The bucket's name would be in the URL twice: https://acme.acme.s3.example.net/.
    func warnOfHost(_ endpoint: Located<String>?, bucket: String, log: DiagnosticLog) {
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
    func checkTakesPost(_ endpoint: Located<String>?, log: DiagnosticLog) {
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
}

/// AWS's other hosts, as far as they could be read.
struct StoreOptions {
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
