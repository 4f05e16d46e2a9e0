// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// Reads an entry of a rule's `contentTypes` if it is a mapping.
struct ContentTypeReader: Sendable {
    static let keys = KeyTable("contentType", [type.row, extensions.row])

    private static let maximumExtensions = 16

    private static let type = Key<ContentTypeReader, Located<String>?>(
        "type",
        takes: "a content type in lower case",
        shape: .text(.contentType),
        standard: .required,
        example: "application/dicom"
    ) { section, key, _ in
        section.required(key, "write type: application/dicom") { text throws(ValueError) in
            let type = try ContentTypeList.parsePattern(text)
            guard type.utf8.last != UInt8(ascii: "*") else {
                throw ValueError("\(type.quoted) is a family, and extensions are of one type", "write one type: image/heic")
            }
            return type
        }
    }

    private static let extensions = Key<String?, [Located<String>]?>(
        "extensions",
        takes: "list of at most 16 endings of file names, each 1 to 10 of `a-z` and `0-9`. They replace the usual ones",
        shape: .list(of: .text(.fileExtension), atMost: maximumExtensions),
        standard: .required,
        example: "[dcm]"
    ) { section, key, type in
        guard section[key] != nil else {
            section.missing(key, "write extensions: [dcm], or the type alone without braces")
            return nil
        }
        let endings = section.list(key) { text throws(ValueError) in
            try ContentTypeList.parseEnding(text, of: type ?? "application/octet-stream")
        }
        if let endings, endings.count > maximumExtensions {
            section.log.problem(
                at: endings[maximumExtensions].position, "extensions lists \(endings.count) endings",
                "keep at most \(maximumExtensions)")
        }
        return endings
    }

    /// Returns the type and its endings; nil with a problem logged.
    static func read(_ node: YAMLNode, of list: Section) -> (Located<String>, [Located<String>])? {
        let title = "an entry of contentTypes"
        guard let section = Section(node, title: title, at: node.position, keys: keys.names, log: list.log) else {
            return nil
        }
        let type = type.read(from: section, ContentTypeReader())
        let endings = extensions.read(from: section, type?.value)
        guard let type, let endings else { return nil }
        return (type, endings)
    }

    /// Logs a problem for each ending that is given to two types.
    static func checkOwners(of endings: [String: [Located<String>]], in types: [String], _ log: DiagnosticLog) {
        var owners: [String: String] = [:]
        for type in types {
            for ending in endings[type] ?? [] {
                guard let owner = owners.updateValue(type, forKey: ending.value) else { continue }
                log.problem(
                    at: ending.position, "\(ending.value.quoted) is an ending of \(owner) too", "keep it at one of the two types")
            }
        }
    }
}
