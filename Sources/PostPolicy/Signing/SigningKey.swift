// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A key that is ready to sign, shared by all who sign with it at the same time.
final class SigningKey: Sendable {
    /// What `X-Amz-Credential` says of this key: `<access key id>/<day>/<region>/s3/aws4_request`. Empty for SigV2.
    let credential: String
    /// Never at work itself, so that it can be copied at any time.
    private let template: KeyedMAC
    private let idle = Mutex<[KeyedMAC]>([])
    /// More contexts than this are only made for a moment of many signers, and let go.
    private static let idleLimit = 16

    init(template: KeyedMAC, credential: String) {
        self.template = template
        self.credential = credential
    }

    /// The code of a message under this key; nil where libcrypto fails.
    func authenticate(_ message: Span<UInt8>) -> MessageCode? {
        guard let mac = idle.withLock({ $0.popLast() }) ?? template.copy(),
            let code = mac.authenticate(message)
        else { return nil }
        idle.withLock { if $0.count < Self.idleLimit { $0.append(mac) } }
        return code
    }
}
