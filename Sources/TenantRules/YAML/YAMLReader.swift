// SPDX-License-Identifier: Apache-2.0

/// Reads one strict YAML file: Yams composes it, after everything that could hurt has been refused.
enum YAMLReader {
    /// - Returns: The document's root, or nil where nothing of the file can be checked; and everything that is wrong with
    ///   the YAML itself.
    static func read(_ bytes: [UInt8]) -> (root: YAMLNode?, findings: [YAMLFinding]) {
        let inspection = YAMLCharacters.inspect(bytes)
        guard inspection.isReadable else { return (nil, inspection.findings) }
        let scan = YAMLScanner.scan(inspection.bytes)
        let findings = inspection.findings + scan.findings
        guard scan.isComposable else { return (nil, findings) }
        if !scan.findings.isEmpty {
            // What was blanked out changed the tokens around it. What Yams gets must itself be free of findings.
            let again = YAMLScanner.scan(scan.bytes)
            guard again.findings.isEmpty, again.isComposable else { return (nil, findings) }
        }
        var composer = YAMLComposer(bytes: scan.bytes, reported: scan.reported)
        let root = composer.compose()
        return (root, findings + composer.findings)
    }
}
