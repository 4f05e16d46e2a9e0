// SPDX-License-Identifier: Apache-2.0

/// The texts of an XML answer, by the path of names that leads to them; namespaces are not looked at, since stores other than
/// AWS leave them out.
struct XMLAnswer {
    private let texts: [String: String]

    /// Nil where the bytes are not XML as STS writes it: `XMLReader` says what is refused.
    init?(_ bytes: [UInt8]) {
        guard let reader = try? XMLReader(bytes) else { return nil }
        texts = reader.texts
    }

    /// The text of the element at a path, such as `AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId`.
    subscript(path: String) -> String? { texts[path] }
}

extension XMLAnswer: CustomStringConvertible, CustomReflectable {
    /// Nothing of the texts: some are secrets.
    var description: String { "XMLAnswer" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
