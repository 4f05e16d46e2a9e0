// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension String {
    /// Expands environment variables and `~` in a path, like Python's `os.path.expandvars` followed by `os.path.expanduser`.
    /// - Returns: nil if the path begins with another user's home (`~name`), which is not supported
    func expandedPath(variables: [String: String], home: String) -> String? {
        let expanded = Array(expandingVariables(variables).utf8)
        guard expanded.first == UInt8(ascii: "~") else { return String(decoding: expanded, as: UTF8.self) }
        let rest = expanded.dropFirst()
        guard rest.isEmpty || rest.first == UInt8(ascii: "/") else { return nil }
        var base = Array((variables["HOME"] ?? home).utf8)
        while base.last == UInt8(ascii: "/") { base.removeLast() }
        let whole = base + rest
        return whole.isEmpty ? "/" : String(decoding: whole, as: UTF8.self)
    }

    /// Replaces `$NAME` and `${NAME}`. Values are not expanded again, and unknown names are left unchanged.
    private func expandingVariables(_ variables: [String: String]) -> String {
        var output: [UInt8] = []
        var rest = Array(utf8)[...]
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            output += rest[..<dollar]
            guard let (name, end) = Self.variableName(at: rest[(dollar + 1)...]) else {
                output.append(rest[dollar])
                rest = rest[(dollar + 1)...]
                continue
            }
            if let value = variables[name] { output += value.utf8 } else { output += rest[dollar..<end] }
            rest = rest[end...]
        }
        return String(decoding: output + rest, as: UTF8.self)
    }

    private static func variableName(at bytes: ArraySlice<UInt8>) -> (name: String, end: Int)? {
        if bytes.first == UInt8(ascii: "{") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "}")) else { return nil }
            return (String(decoding: bytes[(bytes.startIndex + 1)..<end], as: UTF8.self), end + 1)
        }
        let name = bytes.prefix { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") }
        return name.isEmpty ? nil : (String(decoding: name, as: UTF8.self), name.endIndex)
    }
}
