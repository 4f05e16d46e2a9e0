// SPDX-License-Identifier: Apache-2.0

/// The version of the service, as `--version`, `/metrics` and `openapi.yaml` give it.
package enum PosternVersion {
    package static let current = "0.1.0"
}
