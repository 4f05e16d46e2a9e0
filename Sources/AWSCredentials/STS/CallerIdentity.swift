// SPDX-License-Identifier: Apache-2.0

/// Who STS says that credentials belong to (`GetCallerIdentity`). Nothing secret.
package struct CallerIdentity: Sendable, Hashable {
    package let account: String
    package let arn: String
    package let userID: String
}
