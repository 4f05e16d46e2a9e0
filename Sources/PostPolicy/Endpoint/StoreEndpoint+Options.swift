// SPDX-License-Identifier: Apache-2.0

extension StoreEndpoint {
    /// AWS's other host names for the same bucket.
    public struct Options: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt8

        /// Takes bits.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// Reachable over IPv6 and IPv4.
        public static let dualStack = Options(rawValue: 1 << 0)
        /// Terminated by FIPS 140 modules; AWS has such hosts in the regions of the USA and Canada.
        public static let fips = Options(rawValue: 1 << 1)
        /// S3 Transfer Acceleration, which must be switched on for the bucket.
        public static let accelerate = Options(rawValue: 1 << 2)
    }
}
