// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What `X-Amz-Credential` says: `<access key id>/<yyyymmdd>/<region>/s3/aws4_request`.
struct CredentialScope {
    static let service = "s3"
    static let terminator = "aws4_request"
    static let field = "X-Amz-Credential"

    let accessKeyID: String
    let day: String

    /// Reads a credential and checks its scope.
    /// - Parameters:
    ///   - text: the field's value.
    ///   - region: the region of the store.
    init(_ text: String, region expected: String) throws(StoreRefusal) {
        func refusal(_ message: String) -> StoreRefusal { .invalidArgument(Self.field, text, message) }

        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 5 else {
            throw refusal("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        }
        let (accessKeyID, day, region, service, terminator) = (parts[0], parts[1], parts[2], parts[3], parts[4])
        guard !accessKeyID.isEmpty else { throw refusal("a non-empty Access Key (AKID) must be provided in the credential.") }
        guard day.utf8.count == 8, day.utf8.allSatisfy(\.isASCIIDigit) else {
            throw refusal("incorrect date format \"\(day)\". This date in the credential must be in the format \"yyyyMMdd\".")
        }
        guard region.hasSameBytes(as: expected) else {
            throw .invalidArgument(
                Self.field, text, "the region '\(region)' is wrong; expecting '\(expected)'",
                further: [.init(name: "Region", value: expected)]
            )
        }
        guard service.hasSameBytes(as: Self.service) else {
            throw refusal("incorrect service \"\(service)\". This endpoint belongs to \"s3\".")
        }
        guard terminator.hasSameBytes(as: Self.terminator) else {
            throw refusal("incorrect terminal \"\(terminator)\". This endpoint uses \"aws4_request\".")
        }
        self.accessKeyID = accessKeyID
        self.day = day
    }
}
