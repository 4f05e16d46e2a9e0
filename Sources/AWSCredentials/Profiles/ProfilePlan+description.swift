// SPDX-License-Identifier: Apache-2.0

extension ProfilePlan: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind, the role and the end of the access key id. Neither keys, nor a command: its arguments may be secrets.
    package var description: String {
        switch self {
        case .keys(let accessKeyID, _, _): "access key …\(String(decoding: accessKeyID.utf8.suffix(4), as: UTF8.self))"
        case .process: "credential_process"
        case .webIdentity(let roleARN, _, _): "role \(roleARN) by web identity"
        case .assumeRole(let roleARN, _, _, _, let base): "role \(roleARN) from \(base)"
        case .environment: "environment"
        case .container: "container"
        case .instanceMetadata: "instance metadata"
        }
    }

    /// The same as ``description``.
    package var debugDescription: String { description }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
