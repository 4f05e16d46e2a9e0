// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PostPolicy
import RuleFiles
import UploadRules
import WireFormats

/// `postern cors`: the CORS configuration of the buckets that rules use.
struct Cors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the CORS configuration that a bucket needs.",
        discussion: """
            Pages of the tenants' origins upload straight to the bucket, which must allow them to. Prints what 'aws s3api \
            put-bucket-cors' takes, or with --xml the body of S3's PUT ?cors. Tenants that share a bucket are in one configuration. \
            For several buckets it is one JSON document that says which is which.

            Example: postern cors tenants --bucket acme-uploads > cors.json

            Exit code 0: printed; 1: the rule files have problems, or no tenant lists origins; 64: wrong usage.
            """
    )

    @OptionGroup var folder: RuleFolderOptions

    @Option(help: ArgumentHelp("Only the buckets of this tenant. (default: all tenants)", valueName: "id"))
    var tenant: String?

    @Option(help: ArgumentHelp("Only the bucket with this name or URL.", valueName: "name"))
    var bucket: String?

    @Flag(help: "Print XML, for the REST API.")
    var xml = false

    func run() throws {
        let listed = try folder.buckets(of: tenant, named: bucket)
        let configurations = listed.map { (bucket: $0, configuration: CORSConfiguration(of: $0)) }
        for (bucket, configuration) in configurations where configuration.isEmpty {
            Remark.write(
                "\(bucket.endpoint.fullBucket): no tenant of it lists origins (\(RuleFolderOptions.list(bucket.tenants))), so it needs no CORS configuration"
            )
        }
        let needed = configurations.filter { !$0.configuration.isEmpty }
        guard let first = needed.first else { throw ExitCode(1) }
        if xml, needed.count > 1 {
            throw ValidationError(
                "XML is for one bucket: name one by its URL with --bucket: \(RuleFolderOptions.list(needed.map(\.bucket.endpoint.url)))."
            )
        }
        for (bucket, configuration) in needed {
            for warning in configuration.warnings(for: bucket.endpoint) + bucket.warnings {
                Remark.write("warning: \(bucket.endpoint.fullBucket): \(warning)")
            }
        }
        if xml {
            print(first.configuration.xml)
            Remark.write("\(first.bucket.title): PUT \(first.bucket.endpoint.url)?cors, with Content-MD5")
            return
        }
        var json = JSONWriter()
        if needed.count == 1 {
            first.configuration.write(to: &json)
        } else {
            json.object { json in
                json.array("buckets", of: needed) { json, each in
                    json.object { json in
                        each.bucket.writeMembers(to: &json)
                        json.key("CORSConfiguration")
                        each.configuration.write(to: &json)
                    }
                }
            }
        }
        print(String(indenting: json.finish()))
        for (bucket, _) in needed {
            let command = AWSCommand.s3api("put-bucket-cors", bucket.endpoint, "--cors-configuration file://cors.json")
            let document =
                needed.count > 1
                ? "postern cors \(folder.words(tenant: tenant)) --bucket \(bucket.endpoint.url.shellWord) > cors.json && " : ""
            Remark.write("\(bucket.title): \(document)\(command)")
        }
        Remark.write("this replaces the whole CORS configuration of the bucket")
    }
}

extension RuleFolderOptions {
    /// Returns the buckets that options name, each with all of its tenants.
    func buckets(of tenant: String?, named name: String?) throws -> [UsedBucket] {
        let files = try tenant.map { try usableFiles(for: $0).book.files } ?? files()
        let all = UsedBucket.all(of: files.map(\.tenant)).filter { bucket in tenant.map(bucket.tenants.contains) ?? true }
        guard let name else { return all }
        let found = all.filter { $0.isNamed(name) }
        guard !found.isEmpty else {
            let named = Dictionary(grouping: all, by: \.endpoint.fullBucket)
            let names = all.map(\.endpoint).map { named[$0.fullBucket, default: []].count > 1 ? $0.url : $0.fullBucket }
            throw ValidationError(
                "--bucket: no rule uses a bucket with the name or URL \(name.quoted); there are: \(Self.list(names)).")
        }
        return found
    }
}

extension UsedBucket {
    /// For messages: the bucket with its address and tenants.
    var title: String { "\(endpoint.fullBucket) (\(endpoint.url); \(RuleFolderOptions.list(tenants)))" }

    /// What is not clear about it, one sentence each.
    var warnings: [String] {
        guard let example = candidates.first else { return [] }
        return [
            "tenants of Ceph have several buckets of this name (\(RuleFolderOptions.list(candidates))), and it depends on the signer which is meant: "
                + "write bucket: \(example), or another one, in the rule files of \(RuleFolderOptions.list(tenants))"
        ]
    }

    /// Writes which bucket something is about.
    func writeMembers(to json: inout JSONWriter) {
        json.member("bucket", endpoint.fullBucket)
        json.member("region", endpoint.region)
        json.member("url", endpoint.url)
        json.member("tenants", tenants)
    }
}
