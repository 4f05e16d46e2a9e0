// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeyTemplate {
    /// What the placeholders of one key become.
    struct Values {
        /// Nil where there is no user; templates that use `{user}` are then not rendered.
        let user: String?
        let uuid: String
        let contentType: String
        let filename: String?
        let day: CivilTime
    }

    /// Appends this template's part of a key.
    func render(_ values: Values, into key: inout [UInt8]) {
        for part in parts {
            switch part {
            case .literal(let bytes): key += bytes
            case .placeholder(let placeholder): Self.render(placeholder, values, into: &key)
            }
        }
    }

    private static func render(_ placeholder: Placeholder, _ values: Values, into key: inout [UInt8]) {
        switch placeholder {
        case .tenant: break
        case .user: UserSegment.append(values.user ?? "", to: &key)
        case .uuid: key += values.uuid.utf8
        case .ext: key += FileExtension.of(contentType: values.contentType).utf8
        case .filename: SafeFilename.append(values.filename ?? "", to: &key)
        case .yyyy:
            appendTwoDigits(values.day.year / 100, to: &key)
            appendTwoDigits(values.day.year % 100, to: &key)
        case .mm: appendTwoDigits(values.day.month, to: &key)
        case .dd: appendTwoDigits(values.day.day, to: &key)
        }
    }

    private static func appendTwoDigits(_ number: Int, to key: inout [UInt8]) {
        key.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        key.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}
