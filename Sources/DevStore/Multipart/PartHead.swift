// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A header value with parameters: `form-data; name="key"`, `multipart/form-data; boundary=x`.
struct ParameterizedField: Sendable {
    /// The part before the first semicolon, in ASCII lower case.
    let value: [UInt8]
    /// In the order they came; names in ASCII lower case, values unquoted.
    let parameters: [(name: [UInt8], value: [UInt8])]

    /// The value of the parameter, if it is there exactly once.
    func parameter(_ name: String) -> [UInt8]? {
        let matches = parameters.filter { $0.name.elementsEqual(name.utf8) }
        return matches.count == 1 ? matches.first?.value : nil
    }

    /// How often the parameter is there.
    func count(of name: String) -> Int {
        parameters.count { $0.name.elementsEqual(name.utf8) }
    }

    /// Nil when the bytes do not follow the grammar `token *( ";" token "=" ( token / quoted-string ) )`.
    init?(parsing bytes: ArraySlice<UInt8>) {
        var rest = Self.trimmingStart(bytes)
        value = Self.takeToken(&rest, also: UInt8(ascii: "/"))
        guard !value.isEmpty else { return nil }
        var parameters: [(name: [UInt8], value: [UInt8])] = []
        rest = Self.trimmingStart(rest)
        while let semicolon = rest.first {
            guard semicolon == UInt8(ascii: ";") else { return nil }
            rest = Self.trimmingStart(rest.dropFirst())
            // A semicolon at the end is harmless and common.
            if rest.isEmpty { break }
            let name = Self.takeToken(&rest, also: nil)
            guard !name.isEmpty, rest.first == UInt8(ascii: "=") else { return nil }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                guard let value = Self.takeQuoted(&rest) else { return nil }
                parameters.append((name, value))
            } else {
                let end = rest.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? rest.endIndex
                guard end > rest.startIndex else { return nil }
                parameters.append((name, Array(rest[..<end])))
                rest = rest[end...]
            }
            rest = Self.trimmingStart(rest)
        }
        self.parameters = parameters
    }

    private static func trimmingStart(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        bytes.drop { $0 == 0x20 || $0 == 0x09 }
    }

    private static func takeToken(_ rest: inout ArraySlice<UInt8>, also extra: UInt8?) -> [UInt8] {
        let end = rest.firstIndex { !ByteSet.token.contains($0) && $0 != extra } ?? rest.endIndex
        defer { rest = rest[end...] }
        return rest[..<end].map(\.asciiLowercased)
    }

    /// The content of a quoted string whose opening quote is taken already.
    ///
    /// Only `\"` and `\\` are escapes: old browsers send a Windows path with its backslashes bare.
    private static func takeQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        var index = rest.startIndex
        while index < rest.endIndex {
            let byte = rest[index]
            let following = index + 1 < rest.endIndex ? rest[index + 1] : nil
            switch byte {
            case UInt8(ascii: "\""):
                rest = rest[(index + 1)...]
                return value
            case UInt8(ascii: "\\"):
                if let following, following == UInt8(ascii: "\"") || following == UInt8(ascii: "\\") {
                    value.append(following)
                    index += 1
                } else {
                    value.append(byte)
                }
            default:
                value.append(byte)
            }
            index += 1
        }
        return nil
    }
}
