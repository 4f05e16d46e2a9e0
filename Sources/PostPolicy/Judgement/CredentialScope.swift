// SPDX-License-Identifier: Apache-2.0

/// What `X-Amz-Credential` says: who signed, on which day, for which region and service.
struct CredentialScope {
    static let service = "s3"
    static let terminator = "aws4_request"
}
