// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The fields of a form as a store understands them: names are compared without regard to case, `${filename}` is expanded, and
/// the values of fields with the same name are joined by commas.
public struct ReceivedForm: Sendable, Hashable {
    /// The fields in the order of the form; each name once, in the spelling of its first occurrence.
    public private(set) var fields: [FormField] = []
    /// The index of each field by its name in lower case.
    private var positions: [String: Int] = [:]

    /// Creates a form from the fields that a client sent before the file.
    /// - Parameters:
    ///   - fields: the fields as they were received, without the file and without what follows it, which S3 ignores.
    ///   - filename: the file part's `filename` parameter. If it is a path, only the part after the last `/` or `\` is used. If
    ///     it is nil, `${filename}` is not expanded.
    public init(_ fields: [FormField], filename: String?) {
        guard let filename else {
            self.init(expanded: fields)
            return
        }
        let isSeparator = { (byte: UInt8) in byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") }
        let name = filename.utf8.split(omittingEmptySubsequences: false, whereSeparator: isSeparator).last.map(Array.init) ?? []
        self.init(
            expanded: fields.map {
                FormField(name: $0.name, value: $0.value.replacingFilenameVariable(with: name))
            }
        )
    }

    /// Creates a form from fields in which `${filename}` has been expanded.
    init(expanded fields: [FormField]) {
        for field in fields {
            let name = field.name.asciiLowercased
            if let position = positions[name] {
                let known = self.fields[position]
                self.fields[position] = FormField(name: known.name, value: "\(known.value),\(field.value)")
            } else {
                positions[name] = self.fields.count
                self.fields.append(field)
            }
        }
    }

    /// The value of a field, by its name in upper or lower case; nil if the form has no such field.
    public subscript(name: String) -> String? {
        positions[name.asciiLowercased].map { fields[$0].value }
    }
}

extension String {
    /// Replaces bytes, not characters: a combining mark after the variable must not hide it.
    fileprivate func replacingFilenameVariable(with name: [UInt8]) -> String {
        let variable = Array("${filename}".utf8)
        var rest = Array(utf8)[...]
        guard rest.contains(UInt8(ascii: "$")) else { return self }
        var result: [UInt8] = []
        while let first = rest.first {
            if rest.starts(with: variable) {
                result += name
                rest = rest.dropFirst(variable.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
