// SPDX-License-Identifier: Apache-2.0

extension StoreEndpoint {
    /// The host of S3 without the bucket, as AWS's endpoint rules for S3 work it out.
    static func awsHost(region: String, options: Options) throws(EndpointError) -> String {
        guard RegionName.isAWS(region) else { throw .regionInvalid(region, isAWS: true) }
        guard let partition = Partition(region: region) else { throw .partitionUnknown(region: region) }
        if options.contains(.fips) {
            guard partition.hasFIPS else { throw .optionNotInPartition("fips", region: region) }
            guard !options.contains(.accelerate) else { throw .accelerateWithFIPS }
        }
        guard !options.contains(.dualStack) || partition.hasDualStack else {
            throw .optionNotInPartition("dual-stack", region: region)
        }
        let dualStack = options.contains(.dualStack) ? ".dualstack" : ""
        if options.contains(.accelerate) {
            guard partition.hasAccelerate else { throw .optionNotInPartition("accelerate", region: region) }
            return "s3-accelerate\(dualStack).\(partition.suffix)"
        }
        return "s3\(options.contains(.fips) ? "-fips" : "")\(dualStack).\(region).\(partition.suffix)"
    }
}
