// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A key that is ready to sign, shared by all who sign with it at the same time.
final class SigningKey: Sendable {
    /// What `X-Amz-Credential` says of this key: `<access key id>/<day>/<region>/s3/aws4_request`. Empty for SigV2.
    let credential: String
    private let key: HMACKey

    init(key: HMACKey, credential: String) {
        self.key = key
        self.credential = credential
    }

    /// The code of a message under this key; nil where libcrypto fails.
    func authenticate(_ message: Span<UInt8>) -> MessageCode? {
        key.messageCode(of: message)
    }
}
