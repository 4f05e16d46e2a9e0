// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import RuleFiles
import UploadRules
import WireFormats

/// Asks a store what a browser asks it before and after an upload from a page (Fetch standard, "CORS protocol").
struct CORSExamination: Sendable {
    /// More origins of one tenant are not tried.
    private static let maximumOrigins = 50

    let scope: Finding.Scope
    let client: StoreClient
    let remedies: Remedies

    /// Sends a preflight for each origin.
    /// - Parameters:
    ///   - headers: the names of the fields that the upload has, in lower case.
    /// - Returns: one finding for all origins that may upload, and one for each reason why others may not; and those others
    func preflights(
        of origins: [String], _ method: UploadMethod, url: String, headers: [String]
    ) async -> (findings: [Finding], refused: Set<String>) {
        var allowed: [String] = []
        var failures: [(reason: String, verdict: Finding.Verdict, origins: [String])] = []
        for origin in origins.prefix(Self.maximumOrigins) {
            guard let (reason, verdict) = await failure(of: origin, method, url, headers) else {
                allowed.append(origin)
                continue
            }
            if let known = failures.firstIndex(where: { $0.reason == reason }) {
                failures[known].origins.append(origin)
            } else {
                failures.append((reason, verdict, [origin]))
            }
        }
        var findings: [Finding] = []
        if !allowed.isEmpty {
            findings.append(Finding(scope, .preflight, .ok, Self.list(allowed), "browsers may upload from there"))
        }
        for failure in failures {
            findings.append(
                Finding(
                    scope, .preflight, failure.verdict, Self.list(failure.origins), failure.reason,
                    advice: failure.verdict == .wrong ? advice : nil))
        }
        if origins.count > Self.maximumOrigins {
            findings.append(
                Finding(scope, .preflight, .notKnown, "the other \(origins.count - Self.maximumOrigins) origins were not tried"))
        }
        return (findings, Set(failures.filter { $0.verdict == .wrong }.flatMap(\.origins)))
    }

    private var advice: String {
        let command = AWSCommand.s3api("put-bucket-cors", client.endpoint, "--cors-configuration file://cors.json")
        return remedies.cors(client.endpoint, command)
            + "\nthis replaces what the bucket has; to see that: \(AWSCommand.s3api("get-bucket-cors", client.endpoint))"
            + "\nif it is right already, look for a proxy or CDN that drops Access-Control-*"
    }

    private static func list(_ origins: [String]) -> String {
        origins.prefix(5).joined(separator: ", ") + (origins.count > 5 ? " and \(origins.count - 5) more" : "")
    }

    /// Why a browser would not send the upload; nil if it would.
    private func failure(
        of origin: String, _ method: UploadMethod, _ url: String, _ headers: [String]
    ) async -> (reason: String, verdict: Finding.Verdict)? {
        let name = method.rawValue.uppercased()
        var fields = [
            HeaderField(name: "Origin", value: origin), HeaderField(name: "Access-Control-Request-Method", value: name),
        ]
        if !headers.isEmpty {
            // Sorted, and without spaces, as browsers send them.
            fields.append(HeaderField(name: "Access-Control-Request-Headers", value: headers.sorted().joined(separator: ",")))
        }
        let answer: StoreAnswer
        do throws(OutgoingError) {
            answer = try await client.send(.options, url, headers: fields)
        } catch {
            return ("the store did not answer: \(error)", .notKnown)
        }
        guard (200..<300).contains(answer.status) else {
            return ("the store refuses the preflight of browsers (\(answer.summary))", .wrong)
        }
        guard isAllowed(origin, by: answer) else {
            return (
                "the answer to the preflight does not allow the origin: Access-Control-Allow-Origin is missing or another one",
                .wrong
            )
        }
        // Browsers always allow POST.
        if method != .post, !Self.list(answer["access-control-allow-methods"]).contains(where: { $0 == name || $0 == "*" }) {
            return ("the answer to the preflight does not allow the method \(name)", .wrong)
        }
        let permitted = Self.list(answer["access-control-allow-headers"]).map { $0.lowercased() }
        let missing = headers.filter { !permitted.contains($0) && !permitted.contains("*") }
        guard missing.isEmpty else {
            return ("the answer to the preflight does not allow the fields \(missing.joined(separator: ", "))", .wrong)
        }
        return nil
    }

    /// Looks at the answer to an upload from a page.
    func response(_ answer: StoreAnswer, to origin: String, _ method: UploadMethod) -> Finding {
        guard isAllowed(origin, by: answer) else {
            return Finding(
                scope, .exposes, .wrong, origin,
                "the answer to an upload has no Access-Control-Allow-Origin for the page, so the browser hides it and the upload seems to have failed",
                advice:
                    "the bucket's configuration is right, as preflights show: look for a proxy or CDN that drops Access-Control-* of other answers"
            )
        }
        let exposed = Self.list(answer["access-control-expose-headers"]).map { $0.lowercased() }
        // The answer to a PUT has no Location.
        let needed = CORSConfiguration.exposedHeaders.filter { method == .post || $0 != "Location" }
        let missing = needed.filter { !exposed.contains($0.lowercased()) && !exposed.contains("*") }
        guard missing.isEmpty else {
            return Finding(
                scope, .exposes, .wrong, origin,
                "pages cannot read \(missing.joined(separator: " and ")) of the answer, for which clients such as Uppy wait",
                advice: advice)
        }
        return Finding(scope, .exposes, .ok, origin, "pages can read \(needed.joined(separator: " and ")) of the answer")
    }

    private func isAllowed(_ origin: String, by answer: StoreAnswer) -> Bool {
        let allowed = answer["access-control-allow-origin"]
        return allowed == "*" || allowed == origin
    }

    private static func list(_ value: String?) -> [String] {
        (value ?? "").split(separator: ",").map { $0.trimmed }
    }
}
