// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import UploadRules
package import WireFormats

/// The CORS configuration with which pages of a bucket's tenants can upload ("CORS configuration", Amazon S3 User Guide).
package struct CORSConfiguration: Sendable, Hashable {
    /// Origins that use the same methods.
    struct Rule: Sendable, Hashable {
        let origins: [String]
        let methods: [UploadMethod]

        var id: String { "postern-" + methods.map(\.rawValue).joined(separator: "-") }
        var methodNames: [String] { methods.map { $0.rawValue.uppercased() } }
    }

    /// Empty if no tenant of the bucket lists origins.
    let rules: [Rule]

    package var isEmpty: Bool { rules.isEmpty }

    /// A preflight's answer is kept so long, in seconds.
    private static let maximumAge = 3000
    /// Clients such as Uppy read both.
    package static let exposedHeaders = ["ETag", "Location"]

    package init(of bucket: UsedBucket) {
        var origins: [String] = []
        var methods: [String: Set<UploadMethod>] = [:]
        for use in bucket.uses {
            for origin in use.tenant.origins {
                if methods[origin] == nil { origins.append(origin) }
                methods[origin, default: []].insert(use.store.method)
            }
        }
        let combinations: [[UploadMethod]] = [[.post], [.put], [.post, .put]]
        rules = combinations.compactMap { combination in
            let matching = origins.filter { methods[$0] == Set(combination) }
            return matching.isEmpty ? nil : Rule(origins: matching, methods: combination)
        }
    }
}

extension CORSConfiguration {
    /// Writes the value of `--cors-configuration` of `aws s3api put-bucket-cors`.
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.array("CORSRules", of: rules) { json, rule in
                json.object { json in
                    json.member("ID", rule.id)
                    json.member("AllowedOrigins", rule.origins)
                    json.member("AllowedMethods", rule.methodNames)
                    // Names of metadata are the rules', and tracing libraries add fields of their own.
                    json.member("AllowedHeaders", ["*"])
                    json.member("ExposeHeaders", Self.exposedHeaders)
                    json.member("MaxAgeSeconds", Self.maximumAge)
                }
            }
        }
    }

    /// The body of `PUT /?cors`.
    package var xml: String {
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        xml += "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n"
        func add(_ name: String, _ value: String) { xml += "    <\(name)>\(value.xmlEscaped())</\(name)>\n" }
        for rule in rules {
            xml += "  <CORSRule>\n"
            add("ID", rule.id)
            for origin in rule.origins { add("AllowedOrigin", origin) }
            for method in rule.methodNames { add("AllowedMethod", method) }
            add("AllowedHeader", "*")
            add("MaxAgeSeconds", String(Self.maximumAge))
            for header in Self.exposedHeaders { add("ExposeHeader", header) }
            xml += "  </CORSRule>\n"
        }
        return xml + "</CORSConfiguration>"
    }

    /// The largest configuration, in bytes ("Elements of a CORS configuration", Amazon S3 User Guide).
    private static let maximumBytes = 64 * 1024
    /// The largest rule of Backblaze B2, in bytes of its texts ("Cross-Origin Resource Sharing Rules").
    private static let maximumBytesOfB2 = 1000

    /// What the bucket's store is known to refuse, one sentence each.
    package func warnings(for endpoint: StoreEndpoint) -> [String] {
        var warnings: [String] = []
        let bytes = xml.utf8.count
        if bytes > Self.maximumBytes {
            warnings.append("the configuration has \(bytes) bytes, and S3 takes at most \(Self.maximumBytes)")
        }
        guard StoreProvider(host: endpoint.host) == .b2 else { return warnings }
        // remotely-save#27, by Backblaze's support.
        let apps = rules.flatMap(\.origins).filter { !$0.hasPrefix("https://") && !$0.hasPrefix("http://") }
        if !apps.isEmpty {
            warnings.append(
                "Backblaze B2 takes only http and https origins, and refuses \(apps.joined(separator: ", ")): let such an app upload without "
                    + "CORS, by the HTTP client of its platform")
        }
        if rules.contains(where: { $0.origins.reduce(0) { $0 + $1.utf8.count } > Self.maximumBytesOfB2 - 100 }) {
            warnings.append(
                "Backblaze B2 takes rules of at most \(Self.maximumBytesOfB2) bytes: split the origins into several rules")
        }
        return warnings
    }
}
