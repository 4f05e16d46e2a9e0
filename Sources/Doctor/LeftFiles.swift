// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import RuleFiles
import WireFormats

/// The files that doctor stored, or may have stored, and removes at the end.
struct LeftFiles {
    private struct File {
        let key: String
        /// As the store named it; nil if it did not.
        let version: String?
        /// How many uploads the store said that it has.
        var stored = 0
        /// How many uploads it may have.
        var uncertain = 0

        var count: Int { stored + uncertain }
    }

    private var files: [File] = []

    var isEmpty: Bool { files.isEmpty }

    /// Notes an upload that was answered. It counts as stored unless the answer proves that it was not.
    mutating func add(_ key: String, _ answer: StoreAnswer) {
        guard !answer.provesNothingStored else { return }
        add(key, answer.version, isStored: answer.isAccepted)
    }

    /// Notes an upload that was not answered. It may have been stored, unless it was never sent.
    mutating func add(_ key: String, _ error: OutgoingError) {
        switch error {
        case .forbiddenAddress, .badURL, .authorities, .unreachable, .tls: return
        case .timedOut, .tooLarge, .broken, .proxy: add(key, nil, isStored: false)
        }
    }

    private mutating func add(_ key: String, _ version: String?, isStored: Bool) {
        let place = files.firstIndex { $0.key.hasSameBytes(as: key) && $0.version == version } ?? files.endIndex
        if place == files.endIndex { files.append(File(key: key, version: version)) }
        if isStored { files[place].stored += 1 } else { files[place].uncertain += 1 }
    }

    // MARK: Removal

    /// A file, or a version of it, that is still there.
    private struct Kept {
        let key: String
        /// The versions to remove; nil for one that the store did not name.
        let versions: [String?]
        let reason: String
        let action: String?
        /// Whether a delete marker hides it.
        let isHidden: Bool
    }

    /// Removes the files. What stays is reported with the commands that remove it.
    func remove(from client: StoreClient, by reader: SigningCredentials, _ scope: Finding.Scope) async -> [Finding] {
        var kept: [Kept] = []
        for file in files {
            if let file = await remove(file, client, reader) { kept.append(file) }
        }
        let (hidden, visible) = (kept.filter(\.isHidden), kept.filter { !$0.isHidden })
        var findings: [Finding] = []
        if let first = visible.first {
            let count = Set(visible.map { ExactString($0.key) }).count
            findings.append(
                Finding(
                    scope, .removes, .note, "\(count == 1 ? "one file stays" : "\(count) files stay"): \(first.reason)",
                    advice: Self.advice(visible, client), action: visible.compactMap(\.action).first))
        }
        if let first = hidden.first {
            findings.append(
                Finding(
                    scope, .removes, .note,
                    (hidden.count == 1 ? "one version of a file stays" : "\(hidden.count) versions of files stay")
                        + " behind delete markers: \(first.reason)",
                    advice: Self.advice(hidden, client), action: hidden.compactMap(\.action).first))
        }
        guard findings.isEmpty else { return findings }
        let isCertain = files.allSatisfy { $0.uncertain == 0 }
        return [
            Finding(
                scope, .removes, .ok,
                "what was uploaded was removed" + (isCertain ? "" : ", also what the store may have stored without saying so"))
        ]
    }

    private static func advice(_ kept: [Kept], _ client: StoreClient) -> String {
        var commands: [String] = []
        for file in kept {
            for version in file.versions {
                let key = "--key \(file.key.shellWord)"
                let command =
                    switch (version, file.isHidden) {
                    case (let version?, _):
                        AWSCommand.s3api("delete-object", client.endpoint, "\(key) --version-id \(version.shellWord)")
                    case (nil, false): AWSCommand.s3api("delete-object", client.endpoint, key)
                    // It is not known which one it is.
                    case (nil, true):
                        AWSCommand.s3api("list-object-versions", client.endpoint, "--prefix \(file.key.shellWord)")
                    }
                if !commands.contains(command) { commands.append(command) }
            }
        }
        return "run:\n" + commands.joined(separator: "\n")
    }

    /// - Returns: nil if the file is gone
    private func remove(_ file: File, _ client: StoreClient, _ reader: SigningCredentials) async -> Kept? {
        func delete(_ version: String?) async throws(OutgoingError) -> StoreAnswer {
            let query = version.map { "versionId=" + PercentEncoding.component.encode($0) } ?? ""
            return try await client.sendSigned(.delete, key: file.key, query: query, by: reader)
        }
        func kept(_ reason: String, _ action: String? = nil, versions: [String?]? = nil, isHidden: Bool = false) -> Kept {
            Kept(key: file.key, versions: versions ?? [file.version], reason: reason, action: action, isHidden: isHidden)
        }
        do throws(OutgoingError) {
            // Ceph names no version in its answer to a form, and several uploads can have one key.
            var removed = 0
            var version: String?
            var refusal: StoreAnswer?
            while removed < file.count, refusal == nil {
                version = file.version
                if version == nil {
                    let seen = try await client.sendSigned(.head, key: file.key, by: reader)
                    if seen.status == 404, file.stored == 0 || removed > 0 { return nil }
                    version = seen.version
                }
                guard let version else { break }
                let answer = try await delete(version)
                if answer.isAccepted { removed += file.version == nil ? 1 : file.count } else { refusal = answer }
            }
            if removed >= file.count { return nil }
            // Without the right to delete versions, a delete marker at least hides the file.
            let answer = try await delete(nil)
            guard answer.isAccepted else {
                return answer.isDenied
                    ? kept("the signer may not delete (s3:DeleteObject)", "s3:DeleteObject")
                    : kept("the store answers \(answer.summary)")
            }
            let marker = answer.version
            if let refusal {
                let why =
                    refusal.isDenied
                    ? "the signer may not delete versions (s3:DeleteObjectVersion), or Object Lock keeps them (\(refusal.summary))"
                    : "the store answers \(refusal.summary)"
                var versions: [String?] = [version, marker].compactMap(\.self)
                // Those of the other uploads with this key.
                if file.version == nil, file.count - removed > 1 { versions.append(nil) }
                return kept(why, refusal.isDenied ? "s3:DeleteObjectVersion" : nil, versions: versions, isHidden: true)
            }
            // The bucket has versions, and the store did not say which one the upload became.
            guard answer["x-amz-delete-marker"] == "true", marker != nil else { return nil }
            return kept(
                file.uncertain == 0
                    ? "the store did not name the version that was uploaded"
                    : "it is not known whether the upload without an answer was stored", isHidden: true)
        } catch {
            return kept("the store did not answer: \(error)")
        }
    }
}
