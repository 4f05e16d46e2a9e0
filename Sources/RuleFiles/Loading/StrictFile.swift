// SPDX-License-Identifier: Apache-2.0

/// Reads one file as strict YAML, with every finding in the log.
enum StrictFile {
    /// - Returns: The bytes, and the root where anything of it can be checked; nil where the file cannot be read.
    static func read(_ path: String, files: RuleFileSystem, log: DiagnosticLog) -> (bytes: [UInt8], root: YAMLNode?)? {
        let bytes: [UInt8]
        do throws(RuleFileSystem.Failure) {
            // One more than is allowed shows that there are too many.
            bytes = try files.read(path, YAMLLimits.bytes + 1)
        } catch {
            log.problem("the file cannot be read: \(error.reason)", "check that it exists and may be read")
            return nil
        }
        let (root, findings) = YAMLReader.read(bytes)
        for finding in findings {
            log.problem(at: finding.position, finding.message, finding.advice)
        }
        return (bytes, root)
    }
}
