// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOHTTP1
import PostPolicy
import PosternTestSupport
import Testing
import UploadRules
import WireFormats

@testable import HTTPServer
@testable import PosternServer

struct UploadFormTests {
    private static let credentials = SigningCredentials(accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "s")

    private func ticket(_ rule: UploadRule, _ request: UploadRequest = UploadRequest()) throws -> Ticket {
        let now = Date.january2027
        let end = now.addingTimeInterval(300)
        let admission = try rule.admit(
            UploadForm.request(request, under: rule), uploader: Uploader(tenant: "acme", user: "u1"), uuid: "id-1", at: now)
        return Ticket(
            id: "id-1",
            upload: try admission.sign(for: rule.store, until: end, by: PolicySigner(), with: Self.credentials, at: now),
            key: admission.key.text, sizes: admission.sizes, expiresAt: end, serverTime: now, rule: rule)
    }

    /// A store at another place than AWS.
    private func store(
        _ url: String = "https://store.example:9000/", signature: SignatureVersion = .v4, method: UploadMethod = .post
    ) throws -> Store {
        Store(
            name: nil, endpoint: try StoreEndpoint(bucket: "acme", region: "eu-west-1", endpoint: url), signature: signature,
            method: method)
    }

    private func policy(_ form: UploadForm) throws -> [String] {
        try #require(form.responseFields["Content-Security-Policy"]).components(separatedBy: "; ")
    }

    // MARK: HTML

    @Test func `a form has every field in order, escaped, and the file last`() throws {
        let rule = try UploadRule.sample(
            store: store(signature: .v2), keyPrefix: "a/", contentTypes: ["image/png"],
            storage: .sample(
                metadata: MetadataRule(fixed: [FormField(name: "x-amz-meta-a", value: #"<"&'>"#)], allowed: ["title"]),
                successRedirect: "https://app.example/done?a=1&b='x'"))
        let ticket = try ticket(rule, UploadRequest(metadata: [("title", "\"><script>Ü\u{FFFF}")]))
        guard case .post(let form, _) = ticket.upload else { throw TestService.JSONTypeError() }
        let values = Dictionary(uniqueKeysWithValues: form.fields.map { ($0.name, $0.value) })
        #expect(
            UploadForm(ticket).fragment == """
                <form class="postern-upload" lang="en" method="post" action="https://store.example:9000/acme/" \
                enctype="multipart/form-data" accept-charset="utf-8" autocomplete="off">
                <input type="hidden" name="key" value="a/id-1.png">
                <input type="hidden" name="AWSAccessKeyId" value="AKIAIOSFODNN7EXAMPLE">
                <input type="hidden" name="bucket" value="acme">
                <input type="hidden" name="Content-Type" value="image/png">
                <input type="hidden" name="x-amz-meta-a" value="&lt;&quot;&amp;&#39;&gt;">
                <input type="hidden" name="x-amz-meta-title" value="&quot;&gt;&lt;script&gt;Ü\u{FFFF}">
                <input type="hidden" name="success_action_redirect" value="https://app.example/done?a=1&amp;b=&#39;x&#39;">
                <input type="hidden" name="policy" value="\(values["policy"] ?? "")">
                <input type="hidden" name="signature" value="\(values["signature"] ?? "")">
                <p><label for="postern-file-id-1">File</label>
                <input id="postern-file-id-1" type="file" name="file" accept="image/png,.png" required \
                aria-describedby="postern-limits-id-1"></p>
                <p id="postern-limits-id-1">At most 5 MiB. Type: image/png (.png). Upload by \
                <time datetime="2027-01-15T08:05:00Z">2027-01-15 08:05:00 UTC</time>.</p>
                <p><button type="submit">Upload</button></p>
                </form>

                """)
    }

    @Test func `a page is a document around the form`() throws {
        let form = UploadForm(try ticket(.sample(keyPrefix: "a/", contentTypes: ["image/png"])))
        #expect(form.page.hasPrefix("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"))
        #expect(form.page.contains("<h1>Upload a file</h1>\n\(form.fragment)</main>\n</body>\n</html>\n"))
        #expect(form.page.contains("<title>Upload a file</title>") && form.page.contains("color-scheme: light dark"))
    }

    @Test(arguments: [
        (1...5_242_880, nil, "At most 5 MiB."), (0...1, nil, "At most 1 byte."), (1024...5_000_000, nil, "1 KiB to 5 MB."),
        (1...10_000_000_000 / 2, nil, "At most 5 GB."), (1...1_234_567, 48213, "Exactly 48213 bytes."),
        (2...1001, nil, "2 bytes to 1001 bytes."),
        (0...10, 0, "Exactly 0 bytes."),
    ])
    func `the sizes are told in words`(sizes: ClosedRange<Int>, size: Int?, words: String) throws {
        let rule = try UploadRule.sample(keyPrefix: "a/", contentTypes: ["image/png"], sizes: sizes)
        let fragment = UploadForm(try ticket(rule, UploadRequest(size: size))).fragment
        #expect(fragment.contains("\">\(words) Type: image/png (.png). Upload by "), "\(fragment)")
    }

    @Test(arguments: [
        (["image/jpeg"], [:], "", " accept=\"image/jpeg,.jpg,.jpeg,.jpe,.jfif\""),
        (["application/dicom"], ["application/dicom": ["dcm", "dicom"]], "", " accept=\"application/dicom,.dcm,.dicom\""),
        (["image/*"], [:], "image/PNG", " accept=\"image/png,.png\""),
        (["text/plain", "text/csv"], [:], "text/csv;charset=UTF-8", " accept=\"text/csv,.csv\""),
        (["x/y"], [:], "", ""), (["application/octet-stream"], [:], "", ""),
    ])
    func `a browser offers files of the type that is signed`(
        types: [String], endings: [String: [String]], type: String, accept: String
    ) throws {
        let rule = try UploadRule.sample(keyPrefix: "a/", contentTypes: types, endings: endings)
        let fragment = UploadForm(try ticket(rule, UploadRequest(contentType: type))).fragment
        #expect(fragment.contains("type=\"file\" name=\"file\"\(accept) required "), "\(fragment)")
    }

    // MARK: Header fields

    @Test func `the page may use its style and send the form to the store, and nothing else`() throws {
        let form = UploadForm(try ticket(.sample(keyPrefix: "a/", contentTypes: ["image/png"])))
        let policy = try policy(form)
        #expect(
            policy.first == "default-src 'none'" && policy.contains("base-uri 'none'")
                && policy.contains("frame-ancestors 'none'"))
        #expect(policy.contains("form-action https://acme-uploads.s3.eu-west-1.amazonaws.com"))
        let style = try #require(form.page.components(separatedBy: "<style>").last?.components(separatedBy: "</style>").first)
        #expect(policy.contains("style-src '\(InlinePage.sourceHash(style))'"))
        #expect(form.responseFields["Referrer-Policy"] == "no-referrer")
    }

    @Test(arguments: [
        ("https://app.example/done?a=1", "https://store.example:9000", "https://store.example:9000 https://app.example"),
        ("https://STORE.example:9000/done", "https://store.example:9000", "https://store.example:9000"),
        ("http://localhost:8080/done", "http://[::1]:9000", "http: http://localhost:8080"),
        ("https://[2001:db8::1]/done", "https://store.example:443", "https://store.example https:"),
    ])
    func `the store's redirect is allowed too`(redirect: String, endpoint: String, sources: String) throws {
        let rule = try UploadRule.sample(
            store: store(endpoint), keyPrefix: "a/", contentTypes: ["image/png"], storage: .sample(successRedirect: redirect))
        #expect(try policy(UploadForm(ticket(rule))).contains("form-action \(sources)"))
    }

    // MARK: Which rules can have a form

    private func problem(_ rule: UploadRule, _ request: UploadRequest = UploadRequest()) throws -> ProblemDetails {
        try #require(throws: ProblemDetails.self) { try UploadForm.request(request, under: rule) }
    }

    @Test(arguments: [("a/{filename}/", "{uuid}.{ext}"), ("a/", "{uuid}-{filename}")])
    func `a rule with the file's name in its keys has no form`(prefix: String, name: String) throws {
        let rule = try UploadRule.sample(keyPrefix: prefix, keyName: name, contentTypes: ["image/png"])
        #expect(try problem(rule).code == .invalidRequest)
        #expect(try problem(rule, UploadRequest(filename: "a.png")).detail.contains("a rule without {filename}"))
    }

    @Test func `a rule with the file's name in metadata or a tag has no form`() throws {
        let template = try FieldTemplate(parsing: "{filename}", what: "a", tenant: "acme", rule: "avatars")
        let metadata = MetadataRule(fixed: [], computed: [.init(name: "x-amz-meta-a", value: template)], allowed: [])
        for storage in [StorageSettings.sample(metadata: metadata), .sample(tags: [Tag(key: "a", value: template)])] {
            let rule = try UploadRule.sample(contentTypes: ["image/png"], storage: storage)
            #expect(try problem(rule).detail.contains("a rule without {filename}"))
        }
    }

    @Test func `a rule that stores by PUT has no form`() throws {
        let rule = try UploadRule.sample(store: store(method: .put), contentTypes: ["image/png"], storage: .sample(method: .put))
        let problem = try problem(rule, UploadRequest(size: 5))
        #expect(problem.code == .invalidRequest && problem.detail.contains("takes uploads by PUT"))
    }

    @Test func `a rule that requires a checksum has no form`() throws {
        let rule = try UploadRule.sample(
            contentTypes: ["image/png"], checksum: ChecksumRule(isRequired: true, algorithms: [.crc32c]))
        let problem = try problem(rule, UploadRequest(checksum: RequestedChecksum(algorithm: "crc32c", value: "4waSgw==")))
        #expect(problem.code == .checksumRequired && problem.extras == [.strings("allowed", ["crc32c"])])
    }

    @Test(arguments: [["image/png", "image/jpeg"], ["image/*"], ["*/*"], ["application/octet-stream", "image/png"]])
    func `with several types the request names one`(types: [String]) throws {
        let rule = try UploadRule.sample(contentTypes: types)
        let problem = try problem(rule, UploadRequest(filename: "a.png"))
        #expect(problem.code == .contentTypeNotAllowed && problem.extras == [.strings("allowed", types)])
        #expect(try UploadForm.request(UploadRequest(contentType: "image/png"), under: rule).contentType == "image/png")
    }

    @Test func `the only type of a rule need not be named`() throws {
        let rule = try UploadRule.sample(contentTypes: ["image/jpg"], contentDisposition: .attachment)
        #expect(try UploadForm.request(UploadRequest(), under: rule).contentType == "image/jpeg")
    }
}

@Suite(.timeLimit(.minutes(5)))
struct UploadFormResponseTests {
    private static let document = #"{"rule": "documents"}"#

    @Test func `Accept decides what a ticket is, and problems stay JSON`() async throws {
        let service = try await TestService()
        func ask(_ accept: String, _ body: String = UploadFormResponseTests.document) -> Response {
            service.ask(.POST, "/v1/tickets", body: body, key: service.key, headers: ["Accept": accept], at: .january2027)
        }
        let page = ask("text/html")
        #expect(page.status == 201 && page["Content-Type"] == "text/html; charset=utf-8" && page["Vary"] == "Accept, Origin")
        #expect(
            page["Cache-Control"] == "no-store" && page["X-Content-Type-Options"] == "nosniff" && page["Postern-Rules"] != nil)
        #expect(String(decoding: page.bytes, as: UTF8.self).hasPrefix("<!doctype html>"))
        #expect(String(decoding: ask("text/html;profile=fragment").bytes, as: UTF8.self).hasPrefix("<form "))
        let json = ask("*/*", #"{"rule": "documents", "contentType": "application/pdf"}"#)
        #expect(json["Content-Type"] == "application/json" && json["Vary"] == "Accept, Origin")
        let refused = ask("text/html", #"{"rule": "avatars", "user": "u1"}"#)
        #expect(refused.status == 422 && refused["Content-Type"] == "application/problem+json")
        #expect(service.state.current.tenants.first?.decisions.map(\.tickets) == [0, 3])
        #expect(service.state.current.tenants.first?.decisions.map(\.refusals) == [[.contentTypeNotAllowed: 1], [:]])
        #expect(ask("text/html").status == 429)
    }

    @Test func `presign answers as Shrine, and HEAD neither signs nor counts`() async throws {
        let service = try await TestService()
        func ask(_ method: HTTPMethod, _ query: String = "?rule=documents&type=application/pdf") -> Response {
            service.ask(method, "/v1/presign\(query)", key: service.key, at: .january2027)
        }
        let response = ask(.GET)
        #expect(
            response.status == 200 && response["Content-Type"] == "application/json" && response["Cache-Control"] == "no-store")
        let object = try response.object()
        #expect(object.members.map(\.name) == ["fields", "headers", "method", "url"])
        #expect(
            object["method"] == .string("post") && object["url"] == .string("https://acme-uploads.s3.eu-west-1.amazonaws.com/"))
        #expect(ask(.HEAD).status == 405 && ask(.HEAD)["Allow"] == "GET" && ask(.POST).status == 405)
        #expect(ask(.GET, "").status == 400)
        #expect(service.state.current.tenants.first?.decisions.map(\.tickets).reduce(0, +) == 1)
        #expect((0..<3).map { _ in ask(.GET).status } == [200, 200, 429])
        #expect(service.refusalWithoutBody(.GET, "/v1/presign", headers: ["Authorization": "Bearer \(service.key)"]) == nil)
        #expect(service.refusalWithoutBody(.GET, "/v1/presign")?.status == 401)
    }
}
