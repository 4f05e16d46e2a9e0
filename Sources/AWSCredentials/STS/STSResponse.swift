// SPDX-License-Identifier: Apache-2.0

import PortableFormats

/// The texts of an XML response of STS, by the path of element names. Namespaces are ignored, since stores other than AWS leave
/// them out.
struct STSResponse {
    /// The maximum size of a response, in bytes.
    static let limit = XMLReader.maximumBytes

    private let texts: [String: String]

    /// Returns nil if the bytes are not XML that STS writes: that of ``XMLReader``, without two elements in the same place.
    init?(_ bytes: [UInt8]) {
        guard let reader = try? XMLReader(bytes) else { return nil }
        var texts: [String: String] = [:]
        for element in reader.elements {
            guard texts.updateValue(element.text, forKey: element.path) == nil else { return nil }
        }
        self.texts = texts
    }

    /// The text of the element at a path, such as `AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId`.
    subscript(path: String) -> String? { texts[path] }
}

extension STSResponse: CustomStringConvertible, CustomReflectable {
    /// Does not show the texts, some of which are secrets.
    var description: String { "STSResponse" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
