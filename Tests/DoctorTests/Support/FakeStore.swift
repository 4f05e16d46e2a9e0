// SPDX-License-Identifier: Apache-2.0

import Doctor
import Foundation
import OutgoingHTTP
import PostPolicy
import PosternTestSupport
import Synchronization
import WireFormats

/// A store on AWS in memory, which judges as S3 does, except for the faults that a test gives it.
final class FakeStore: Sendable {
    static let credentials = SigningCredentials(accessKeyID: "AKIAEXAMPLE000000001", secretAccessKey: "canary-secret")
    static let origin = "https://app.acme.example"

    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body = ""

        static func error(_ status: Int, _ code: String, _ message: String = "", _ more: String = "") -> Answer {
            Answer(status: status, body: "<Error><Code>\(code)</Code><Message>\(message)</Message>\(more)</Error>")
        }
    }

    /// What is wrong with the store, or particular.
    struct Behaviour: Sendable {
        /// What it does not check: `size`, `type`, `key`, `fields`, `expiry`, `signature`, `checksum`, `condition`. With `right checksums`
        /// it refuses every checksum.
        var ignores: Set<String> = []
        /// Names of header fields, in lower case, that it does not keep; `tagging` for tags.
        var loses: Set<String> = []
        /// Answers by method and query, in place of the right ones: `GET location=`, `HEAD `.
        var answers: [String: Answer] = [:]
        /// Seconds by which its clock is ahead.
        var skew = 0.0
        var origins = [origin]
        var allowedHeaders = "*"
        var exposedHeaders = "ETag, Location"
        /// Whether answers other than to preflights have the fields of CORS.
        var showsCORS = true
        var isPublic = false
        /// Whether an object with the ACL `public-read` is readable for anyone.
        var hasACLs = false
        /// Whether uploads make versions, and a deletion without a version a delete marker.
        var isVersioned = false
        /// Whether the answer to an upload has the version.
        var namesVersions = true
        /// Whether versions can be deleted.
        var keepsVersions = false
        /// What happens after an upload was stored, by its number from 0: the answer or error in place of the right one.
        var afterStoring: [Int: Result<Answer, OutgoingError>] = [:]
        /// Seconds that pass during each upload.
        var delay = 0.0
        var failure: OutgoingError?
    }

    private struct Object {
        let size: Int
        let headers: [String: String]
        let tags: String
        /// Nil without versioning.
        var version: String?
    }

    private let behaviour: Behaviour
    /// The versions of each key, the oldest first; one without versioning.
    private let objects = Mutex<[String: [Object]]>([:])
    /// What deletions left, in the order in which they were made: `KEY VERSION`.
    private let kept = Mutex<[String]>([])
    private let log = Mutex<[OutgoingRequest]>([])
    private let elapsed = Mutex(0.0)
    private let uploads = Mutex(0)

    init(_ behaviour: Behaviour = Behaviour()) {
        self.behaviour = behaviour
    }

    /// The keys of its objects.
    var keys: [String] { objects.withLock { $0.keys.sorted() } }
    var requests: [OutgoingRequest] { log.withLock { $0 } }
    /// The versions behind delete markers, and these markers: `KEY VERSION`.
    var hidden: [String] { kept.withLock { $0 } }
    private var now: Date { .january2027 + elapsed.withLock { $0 } }

    var transport: StoreTransport {
        StoreTransport(proxies: .none, authorities: nil, now: { self.now }) { request throws(OutgoingError) in
            if let failure = self.behaviour.failure { throw failure }
            self.log.withLock { $0.append(request) }
            let stored = self.uploads.withLock { $0 }
            var answer = self.answer(request)
            if self.uploads.withLock({ $0 }) > stored, let changed = self.behaviour.afterStoring[stored] {
                answer = try changed.get()
            }
            var headers = answer.headers.mapValues { [$0] }
            if headers["date"] == nil { headers["date"] = [CivilTime(clamping: self.now + self.behaviour.skew).httpDate] }
            if [.post, .put].contains(request.method) { self.elapsed.withLock { $0 += self.behaviour.delay } }
            return OutgoingResponse(status: answer.status, headers: headers, body: Array(answer.body.utf8))
        }
    }

    // MARK: Requests

    private func answer(_ request: OutgoingRequest) -> Answer {
        guard let url = try? HTTPURL(request.url), let key = PercentEncoding.path.decodeUTF8(url.path.dropFirst().utf8) else {
            return .error(400, "InvalidURI")
        }
        let origin = Self.header("Origin", of: request)
        if request.method == .options { return preflight(origin, request) }
        var answer = behaviour.answers["\(request.method.rawValue) \(url.query ?? "")"] ?? judged(request, url, key: key)
        if let origin, behaviour.showsCORS, behaviour.origins.contains(origin) {
            answer.headers["access-control-allow-origin"] = origin
            answer.headers["access-control-expose-headers"] = behaviour.exposedHeaders
        }
        return answer
    }

    private func judged(_ request: OutgoingRequest, _ url: HTTPURL, key: String) -> Answer {
        switch request.method {
        case .post: return post(request)
        case .put: return put(request, url, key: key)
        case .get, .head, .delete, .options:
            guard Self.header("Authorization", of: request) != nil else {
                return behaviour.isPublic || isPublic(key) ? read(key) : .error(403, "AccessDenied", "Access Denied")
            }
            guard isSigned(request, url) else { return .error(403, "SignatureDoesNotMatch") }
            switch (request.method, url.query) {
            case (.get, "location="): return Answer(body: "<LocationConstraint>eu-west-1</LocationConstraint>")
            case (.get, "versioning="): return Answer(body: "<VersioningConfiguration/>")
            case (.get, "object-lock="): return .error(404, "ObjectLockConfigurationNotFoundError")
            case (.get, "ownershipControls="):
                return Answer(
                    body:
                        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
                )
            case (.get, "tagging="):
                let tags = objects.withLock { $0[key]?.last?.tags } ?? ""
                return Answer(body: behaviour.loses.contains("tagging") || tags.isEmpty ? "<Tagging><TagSet/></Tagging>" : tags)
            case (.head, nil): return read(key)
            case (.delete, let query): return delete(key, query.map { String($0.dropFirst("versionId=".count)) })
            default: return .error(400, "InvalidRequest")
            }
        }
    }

    private func isPublic(_ key: String) -> Bool {
        behaviour.hasACLs && objects.withLock { $0[key]?.last?.headers["x-amz-acl"] } == "public-read"
    }

    private func delete(_ key: String, _ version: String?) -> Answer {
        if version != nil, behaviour.keepsVersions { return .error(403, "AccessDenied", "Access Denied") }
        let removed = objects.withLock { objects in
            let all = objects[key, default: []]
            let left = all.filter { version != nil && $0.version != version }
            objects[key] = left.isEmpty ? nil : left
            return all
        }
        guard behaviour.isVersioned, version == nil else { return Answer(status: 204) }
        kept.withLock { $0 += removed.compactMap(\.version).map { "\(key) \($0)" } + ["\(key) marker"] }
        return Answer(status: 204, headers: ["x-amz-delete-marker": "true", "x-amz-version-id": "marker"])
    }

    private func read(_ key: String) -> Answer {
        guard let object = objects.withLock({ $0[key]?.last }) else { return Answer(status: 404) }
        var headers = object.headers.filter { name, _ in !behaviour.loses.contains { name.hasPrefix($0) } }
        if !behaviour.loses.contains("content-length") { headers["content-length"] = String(object.size) }
        if let version = object.version { headers["x-amz-version-id"] = version }
        return Answer(headers: headers)
    }

    private func preflight(_ origin: String?, _ request: OutgoingRequest) -> Answer {
        guard let origin, behaviour.origins.contains(origin),
            let method = Self.header("Access-Control-Request-Method", of: request)
        else { return .error(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.") }
        return Answer(headers: [
            "access-control-allow-origin": origin, "access-control-allow-methods": method,
            "access-control-allow-headers": behaviour.allowedHeaders,
        ])
    }

    private func isSigned(_ request: OutgoingRequest, _ url: HTTPURL) -> Bool {
        let signed = request.headers.filter { $0.name != "authorization" }.map { HeaderField(name: $0.name, value: $0.value) }
        let expected = RequestSignature.authorization(
            of: CanonicalRequest(
                method: request.method.rawValue, headers: signed + [HeaderField(name: "host", value: url.hostField)]),
            path: url.path, query: url.query ?? "", payload: [], credentials: Self.credentials, region: "eu-west-1",
            service: "s3",
            at: now)
        return Self.header("authorization", of: request) == expected
    }

    // MARK: Uploads

    private func post(_ request: OutgoingRequest) -> Answer {
        guard let (fields, file) = Self.form(request) else { return .error(400, "MalformedPOSTRequest") }
        let refusal = PolicyEvaluator(region: "eu-west-1").evaluate(
            form: fields, filename: nil, fileSize: file.count, bucket: "acme-uploads", at: now + behaviour.skew
        ) { _ in Self.credentials }
        if let refusal, !isIgnored(refusal) { return .error(refusal.status, refusal.code, refusal.message) }
        let values = Dictionary(fields.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        if let checksum = values["x-amz-checksum-sha256"], !isRight(checksum, of: file) { return .error(400, "BadDigest") }
        let version = store(values["key"] ?? "", values, tags: values["tagging"] ?? "", file)
        return Answer(status: 201, headers: ["etag": "\"x\"", "location": "x"].merging(version) { first, _ in first })
    }

    private func put(_ request: OutgoingRequest, _ url: HTTPURL, key: String) -> Answer {
        let headers =
            request.headers.map { HeaderField(name: $0.name, value: $0.value) } + [
                HeaderField(name: "Host", value: url.hostField),
                HeaderField(name: "Content-Length", value: "\(request.body.count)"),
            ]
        let refusal = PolicyEvaluator(region: "eu-west-1").evaluate(
            put: ReceivedPut(method: "PUT", target: "\(url.path)?\(url.query ?? "")", headers: headers),
            allowsUnsigned: behaviour.ignores.contains("fields"), at: now + behaviour.skew
        ) { _ in Self.credentials }
        if let refusal, !isIgnored(refusal) { return .error(refusal.status, refusal.code, refusal.message) }
        let values = Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        if let checksum = values["x-amz-checksum-sha256"], !isRight(checksum, of: request.body) {
            return .error(400, "BadDigest")
        }
        if values["if-none-match"] != nil, keys.contains(key), !behaviour.ignores.contains("condition") {
            return .error(412, "PreconditionFailed")
        }
        let version = store(key, values, tags: "", request.body)
        return Answer(headers: ["etag": "\"x\""].merging(version) { first, _ in first })
    }

    /// - Returns: the header fields that name the version
    private func store(_ key: String, _ values: [String: String], tags: String, _ file: [UInt8]) -> [String: String] {
        let number = uploads.withLock { number in
            number += 1
            return number
        }
        let version = behaviour.isVersioned ? "v\(number)" : nil
        let object = Object(size: file.count, headers: values, tags: tags, version: version)
        objects.withLock { $0[key] = behaviour.isVersioned ? $0[key, default: []] + [object] : [object] }
        return version.flatMap { behaviour.namesVersions ? ["x-amz-version-id": $0] : nil } ?? [:]
    }

    private func isRight(_ checksum: String, of file: [UInt8]) -> Bool {
        if behaviour.ignores.contains("right checksums") { return false }
        return behaviour.ignores.contains("checksum") || checksum == Base64.encode(DigestAlgorithm.sha256.hash(file).span)
    }

    private func isIgnored(_ refusal: StoreError) -> Bool {
        let kinds = [
            "size": ["EntityTooLarge", "EntityTooSmall"], "type": ["$Content-Type"], "key": ["$key"],
            "fields": ["Extra input fields"],
            "expiry": ["expired"], "signature": ["SignatureDoesNotMatch"],
        ]
        return behaviour.ignores.contains { ignored in
            kinds[ignored, default: []].contains { refusal.code == $0 || refusal.message.contains($0) }
        }
    }

    private static func header(_ name: String, of request: OutgoingRequest) -> String? {
        request.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The fields and the file of a form.
    private static func form(_ request: OutgoingRequest) -> (fields: [FormField], file: [UInt8])? {
        guard let boundary = header("Content-Type", of: request)?.components(separatedBy: "boundary=").last else { return nil }
        let parts = String(decoding: request.body, as: UTF8.self).components(separatedBy: "--\(boundary)")
        guard parts.last == "--\r\n" else { return nil }
        var fields: [FormField] = []
        for part in parts.dropFirst().dropLast() {
            // A line end is one character.
            let pieces = part.dropFirst().components(separatedBy: "\r\n\r\n")
            let name = pieces[0].components(separatedBy: "name=\"")[1].prefix { $0 != "\"" }
            let value = String(pieces.dropFirst().joined(separator: "\r\n\r\n").dropLast())
            if name == "file" { return (fields, Array(value.utf8)) }
            fields.append(FormField(name: String(name), value: value))
        }
        return nil
    }
}
