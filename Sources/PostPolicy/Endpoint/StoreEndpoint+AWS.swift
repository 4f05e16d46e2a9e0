// SPDX-License-Identifier: Apache-2.0

extension StoreEndpoint {
    /// The host of S3 without the bucket, as AWS's endpoint rules for S3 work it out.
    static func awsHost(region: String, options: Options) throws(EndpointError) -> String {
        let partition = try Partition(region: region)
        if options.contains(.fips) {
            guard partition.hasFIPS else { throw .optionNotInPartition("fips", region: region) }
            guard !options.contains(.accelerate) else { throw .accelerateWithFIPS }
        }
        let dualStack = options.contains(.dualStack) ? ".dualstack" : ""
        if options.contains(.accelerate) {
            guard partition.hasAccelerate else { throw .optionNotInPartition("accelerate", region: region) }
            return "s3-accelerate\(dualStack).\(partition.suffix)"
        }
        return "s3\(options.contains(.fips) ? "-fips" : "")\(dualStack).\(region).\(partition.suffix)"
    }
}
