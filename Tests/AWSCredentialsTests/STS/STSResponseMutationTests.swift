// SPDX-License-Identifier: Apache-2.0

import Foundation
import PortableFormats
import PosternTestSupport
import Testing
import WireFormats

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Answers with a few bytes changed: what the reader takes, another parser takes too, and reads the same.
struct STSResponseMutationTests {
    /// Without the name space: the other parser refuses one that is not a URI, and the reader does not look at it.
    private static let answers = [
        STSAnswers.credentials(), STSAnswers.identity, STSAnswers.refusal("AccessDenied"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!-- x --><a b='c' d=\"&lt;\"><b>&#65;&amp;x<![CDATA[<y>]]></b><c/></a>\n",
    ].map { $0.replacing(#" xmlns="https://sts.amazonaws.com/doc/2011-06-15/""#, with: "") }
    private static let pieces = [
        "<", ">", "/", "&", ";", "#", "x", "\"", "'", "=", " ", "\n", "!", "?", "-", "--", "-->", "<!--", "]", "]]>", "<![CDATA[",
        "&amp;", "&#66;",
        "&x;", "<a>", "</a>", "<a/>", "a", "1", "\u{E9}", "\u{1}", "<!DOCTYPE a>", "<?x?>",
    ].map { Array($0.utf8) }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `the reader accepts nothing that another parser refuses or reads differently`(part: UInt64) {
        var random = SplitMix64(seed: 20_260_101 + part)
        var taken = 0
        for _ in 0..<4000 {
            var bytes = Array(Self.answers.randomElement(using: &random)?.utf8 ?? "".utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let start = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, start + Int.random(in: 0...3, using: &random))
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.removeSubrange(start..<end)
                case 1: bytes.replaceSubrange(start..<end, with: Self.pieces.randomElement(using: &random) ?? [])
                default: bytes.insert(contentsOf: bytes[start..<end], at: Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            guard let reader = try? XMLReader(bytes) else { continue }
            taken += 1
            let text = String(decoding: bytes, as: UTF8.self)
            guard let other = OtherReader.texts(bytes) else {
                Issue.record("only the reader takes \(text)")
                continue
            }
            // The other parser keeps the first of several elements in one place.
            let texts = Dictionary(reader.elements.map { ($0.path, $0.text) }) { first, _ in first }
            for (path, value) in texts where !value.isEmpty { #expect(other[path] == value, "\(path) of \(text)") }
        }
        #expect(taken > 100, "most mutations are refused, but not all")
    }
}

/// Foundation's parser, which is libxml2.
private final class OtherReader: NSObject, XMLParserDelegate {
    private var texts: [String: String] = [:]
    private var isRefused = false
    private var path: [String] = []
    private var text = ""

    static func texts(_ bytes: [UInt8]) -> [String: String]? {
        let reader = OtherReader()
        let parser = XMLParser(data: Data(bytes))
        parser.delegate = reader
        // On Linux, `parse()` says true for text that is not XML; errors come to the delegate alone, and an early end not even there.
        return parser.parse() && !reader.isRefused && reader.path.isEmpty ? reader.texts : nil
    }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName qName: String?,
        attributes attributeDict: [String: String]
    ) {
        path.append(elementName)
        text = ""
    }

    func parser(_ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName qName: String?) {
        let key = path.joined(separator: "/")
        if texts[key] == nil { texts[key] = text }
        text = ""
        if !path.isEmpty { path.removeLast() }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    func parser(_ parser: XMLParser, foundCDATA CDATABlock: Data) { text += String(decoding: CDATABlock, as: UTF8.self) }
    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) { isRefused = true }
}
