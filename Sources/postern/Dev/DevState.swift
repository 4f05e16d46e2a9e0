// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import PosternServer
import RuleFiles
import Synchronization
import WireFormats

/// The document that the page of `postern dev` asks for every second: which rules are in force, and what is wrong with rule files that
/// are not.
///
/// `generation` grows with each change of the rules in force. `heldBack` has the files whose content is not in force, each with at
/// most ``maximumProblems`` problems; `excerpt` is the problem's line, or a part of it around the column `excerptColumn`.
final class DevState: Sendable {
    static let maximumFiles = 10
    static let maximumProblems = 20
    /// The longest text of a message or an excerpt, in Unicode scalars.
    static let maximumText = 500
    static let maximumExcerpt = 120
    /// How much of a file is read for excerpts, in bytes.
    private static let maximumFile = 1 << 20

    private struct Kept {
        let generation: Int
        let heldBack: [HeldBackFile]
        let json: [UInt8]
    }

    private let current: @Sendable () -> (generation: Int, heldBack: [HeldBackFile])
    private let settings: @Sendable (inout JSONWriter) -> Void
    private let kept = Mutex<Kept?>(nil)

    /// - Parameters:
    ///   - settings: writes the members that do not depend on whether files are held back
    ///   - current: the generation of the rules in force, and the files that are held back
    init(
        settings: @escaping @Sendable (inout JSONWriter) -> Void,
        current: @escaping @Sendable () -> (generation: Int, heldBack: [HeldBackFile])
    ) {
        self.settings = settings
        self.current = current
    }

    /// The document. Files are read only after something has changed.
    func json() -> [UInt8] {
        let (generation, heldBack) = current()
        return kept.withLock { kept in
            if let kept, kept.generation == generation, kept.heldBack == heldBack { return kept.json }
            let json = JSONWriter.object(capacity: 1024) { json in
                json.member("generation", generation)
                settings(&json)
                json.array("heldBack", of: heldBack.prefix(Self.maximumFiles)) { Self.write($1, to: &$0) }
                json.member("moreFiles", max(0, heldBack.count - Self.maximumFiles))
            }
            kept = Kept(generation: generation, heldBack: heldBack, json: json)
            return json
        }
    }

    private static func write(_ file: HeldBackFile, to json: inout JSONWriter) {
        let text = (try? LocalFile(file.file).prefix(maximumFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        // As scalars: CR and LF are one character.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init)
        json.object { json in
            json.member("file", file.file.printable())
            json.member("isServed", file.isServed)
            json.array("problems", of: file.problems.prefix(maximumProblems)) { json, problem in
                json.object { json in
                    json.member("line", problem.line)
                    json.member("column", problem.column)
                    json.member("message", problem.message.printable(limit: maximumText))
                    json.member("advice", problem.advice.printable(limit: maximumText))
                    if problem.line > 0, problem.line <= lines.count {
                        let (excerpt, column) = excerpt(of: lines[problem.line - 1], around: problem.column)
                        json.member("excerpt", excerpt)
                        json.member("excerptColumn", column)
                    }
                }
            }
            json.member("moreProblems", max(0, file.problems.count - maximumProblems))
        }
    }

    /// Returns the line, or a part of a long one, and the column in it, from 1.
    ///
    /// Each scalar that could change how the text reads is one `·`, so that columns stay what they are.
    static func excerpt(of line: Substring, around column: Int) -> (text: String, column: Int) {
        let scalars = line.unicodeScalars
        let start = max(0, min(column - 1, scalars.count) - maximumExcerpt / 2)
        let part = scalars.dropFirst(start).prefix(maximumExcerpt)
        var text = String.UnicodeScalarView()
        for scalar in part where scalar != "\r" { text.append(scalar.isUnprintable ? "·" : scalar) }
        return (String(text), max(1, column) - start)
    }
}
