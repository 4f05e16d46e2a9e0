// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The texts of an XML answer, by the path of names that leads to them; namespaces are not looked at, since stores other than
/// AWS leave them out.
struct XMLAnswer {
    private let texts: [String: String]

    /// Nil where the bytes are no XML, nested deeper than an answer of STS is, or hold a document type: entities of one's own are
    /// for attacks only.
    init?(_ bytes: [UInt8]) {
        // Without NUL there is no UTF-16 that the search for the document type would not see through.
        guard !bytes.contains(0), !Self.holdsDocumentType(bytes) else { return nil }
        let reader = XMLAnswerReader()
        let parser = XMLParser(data: Data(bytes))
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), parser.parserError == nil, !reader.isRefused, reader.isWhole else { return nil }
        texts = reader.texts
    }

    /// The text of the first element at a path, such as `AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId`.
    subscript(path: String) -> String? { texts[path] }

    private static func holdsDocumentType(_ bytes: [UInt8]) -> Bool {
        let mark = Array("<!DOCTYPE".utf8)
        return bytes.indices.contains { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }
    }
}

extension XMLAnswer: CustomStringConvertible, CustomReflectable {
    /// Nothing of the texts: some are secrets.
    var description: String { "XMLAnswer" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// Gathers the texts while the parser reads.
private final class XMLAnswerReader: NSObject, XMLParserDelegate {
    var texts: [String: String] = [:]
    var isRefused = false
    private var path: [String] = []
    private var text = ""
    private var hasRoot = false
    private static let deepest = 16

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName qName: String?,
        attributes attributeDict: [String: String]
    ) {
        guard path.count < Self.deepest, !(path.isEmpty && hasRoot) else {
            isRefused = true
            return parser.abortParsing()
        }
        hasRoot = true
        path.append(elementName)
        text = ""
    }

    /// Whether the root element was read to its end.
    var isWhole: Bool { hasRoot && path.isEmpty }

    /// On Linux, `parse()` says true for text that is no XML; errors come here alone, and an early end not even here.
    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
        isRefused = true
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        text += string
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName qName: String?
    ) {
        let key = path.joined(separator: "/")
        if texts[key] == nil { texts[key] = text }
        text = ""
        if !path.isEmpty { path.removeLast() }
    }
}
