// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WireFormats

/// `unicode`: normalisation form C, and classes of characters, by Postern's own tables.
struct NormalisedText: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unicode",
        abstract: "Print the normalisation form C of texts, or the class of each character.",
        discussion: "Texts are lines of hexadecimal code points between spaces."
    )

    @Flag(help: "Print CODEPOINT CLASS for each letter or digit (L) and each mark (M) instead.")
    var classes = false

    func run() {
        if classes {
            for scalar in (0x80...0x10FFFF as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init) {
                let unicode = UnicodeData.shared
                guard unicode.isLetterOrDigit(scalar) || unicode.isMark(scalar) else { continue }
                print(String(scalar.value, radix: 16), unicode.isMark(scalar) ? "M" : "L")
            }
            return
        }
        print(UnicodeData.version)
        while let line = readLine() {
            let scalars = line.split(separator: " ").compactMap { UInt32($0, radix: 16) }.compactMap(Unicode.Scalar.init)
            let normalised = UnicodeData.shared.nfc(String(String.UnicodeScalarView(scalars)))
            print(normalised.map { String($0.value, radix: 16) }.joined(separator: " "))
        }
    }
}
