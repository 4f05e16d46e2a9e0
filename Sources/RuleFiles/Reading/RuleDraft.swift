// SPDX-License-Identifier: Apache-2.0

import UploadRules

/// A rule as far as it could be read: what checks across rules and files need is there even where the rest is wrong.
struct RuleDraft {
    let name: String?
    let prefix: Located<KeyTemplate>
    /// The default where the file says nothing; nil where it says something wrong.
    let keyName: KeyTemplate?
    /// Nil where a problem was logged.
    let rule: UploadRule?
}
