// SPDX-License-Identifier: Apache-2.0

extension Scalars {
    /// As Python's `str.lower`: the full mapping of Unicode, and a capital sigma by its place in the word.
    var lowercased: String {
        var lowered = ""
        for index in indices {
            if self[index] == "\u{3A3}" {
                lowered.unicodeScalars.append(isFinalSigma(at: index) ? "\u{3C2}" : "\u{3C3}")
            } else {
                lowered.unicodeScalars.append(contentsOf: self[index].properties.lowercaseMapping.unicodeScalars)
            }
        }
        return lowered
    }

    /// Final_Sigma of the Unicode Standard, section 3.13.
    private func isFinalSigma(at index: Int) -> Bool {
        let before = self[..<index].last { !$0.properties.isCaseIgnorable }
        let after = self[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true
    }
}
