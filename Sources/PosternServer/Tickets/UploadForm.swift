// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PostPolicy
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A ticket as a form of HTML, which uploads without a script.
struct UploadForm: Sendable {
    private let id: String
    private let url: String
    private let fields: [FormField]
    private let endings: [String]
    private let sizes: ClosedRange<Int>
    private let expiresAt: Date

    /// - Parameter ticket: for a request of ``request(_:under:)``, whose store takes forms
    init(_ ticket: Ticket) {
        switch ticket.upload {
        case .post(let form, let url): (self.url, fields) = (url, form.fields)
        case .put(let put): (url, fields) = (put.url, [])
        }
        id = ticket.id
        endings = Self.value("Content-Type", of: fields).map { ticket.rule.contentTypes.endings(of: $0) } ?? []
        sizes = ticket.sizes
        expiresAt = ticket.expiresAt
    }

    private static func value(_ name: String, of fields: [FormField]) -> String? {
        fields.first { $0.name.hasSameBytes(as: name) }?.value
    }
}

// MARK: Which rules can have a form

extension UploadForm {
    /// Returns the request for which a form of this rule is signed. Nobody knows the file yet: neither its name nor its checksum, and its
    /// type only if the request names it or the rule allows no other.
    /// - Throws: `invalid-request`, `checksum-required` or `content-type-not-allowed`
    static func request(_ request: UploadRequest, under rule: UploadRule) throws(ProblemDetails) -> UploadRequest {
        guard rule.store.method == .post else {
            throw ProblemDetails(
                .invalidRequest,
                detail:
                    "The store of this rule takes uploads by PUT, which an HTML form cannot send; ask for JSON, and upload with a script."
            )
        }
        guard !rule.hasFilename else {
            throw ProblemDetails(
                .invalidRequest,
                detail:
                    "This rule stores the file's name, and an HTML form is signed before a file is chosen; use a rule without {filename}."
            )
        }
        guard !rule.checksum.isRequired else {
            throw ProblemDetails(
                .checksumRequired,
                detail:
                    "This rule needs a checksum of the file, and an HTML form is signed before a file is chosen; ask for JSON, and upload with a script, or use a rule without a required checksum.",
                extras: [.strings("allowed", rule.checksum.algorithms.map(\.rawValue))])
        }
        guard request.contentType.isEmpty else { return request }
        guard let type = rule.contentTypes.onlyType else {
            let allowed = rule.contentTypes.patterns
            throw ProblemDetails(
                .contentTypeNotAllowed,
                detail:
                    "An HTML form is signed for one type, and this rule allows several; name one as \"contentType\"; allowed: \(allowed.joined(separator: ", ")).",
                extras: [.strings("allowed", allowed)])
        }
        var request = request
        request.contentType = type
        return request
    }
}

// MARK: HTML

extension UploadForm {
    /// The form alone, for the template of another page.
    var fragment: String {
        var html = """
            <form class="postern-upload" lang="en" method="post" action="\(url.htmlEscaped)" enctype="multipart/form-data" \
            accept-charset="utf-8" autocomplete="off">

            """
        for field in fields {
            html += "<input type=\"hidden\" name=\"\(field.name.htmlEscaped)\" value=\"\(field.value.htmlEscaped)\">\n"
        }
        // The file comes last: stores ignore the fields after it.
        html += """
            <p><label for="postern-file-\(id)">File</label>
            <input id="postern-file-\(id)" type="file" name="\(Ticket.fileField)"\(accept) required aria-describedby="postern-limits-\(id)"></p>
            <p id="postern-limits-\(id)">\(limits)</p>
            <p><button type="submit">Upload</button></p>
            </form>

            """
        return html
    }

    /// A whole page.
    var page: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Upload a file</title>
        <link rel="icon" href="data:,">
        <style>\(Self.style)</style>
        </head>
        <body>
        <main>
        <h1>Upload a file</h1>
        \(fragment)</main>
        </body>
        </html>

        """
    }

    private static let style = String(decoding: PackageResources.form_css, as: UTF8.self)

    /// The attribute `accept`: the type and its endings; none for a type that files of all endings can have.
    private var accept: String {
        guard let type, !endings.isEmpty else { return "" }
        return " accept=\"\(([type] + endings.map { "." + $0 }).joined(separator: ",").htmlEscaped)\""
    }

    /// The content type without parameters.
    private var type: String? {
        Self.value("Content-Type", of: fields).map { String($0.prefix { $0 != ";" }) }
    }

    /// What the store accepts, in words.
    private var limits: String {
        var size = "\(Self.words(sizes.lowerBound)) to \(Self.words(sizes.upperBound))"
        if sizes.lowerBound == sizes.upperBound {
            size = "Exactly \(Self.words(sizes.upperBound))"
        } else if sizes.lowerBound <= 1 {
            size = "At most \(Self.words(sizes.upperBound))"
        }
        let names = endings.isEmpty ? "" : " (\(endings.map { "." + $0 }.joined(separator: ", ")))"
        let kind = type.map { "Type: \($0)\(names). " } ?? ""
        let end = expiresAt.rfc3339
        let time = "\(end.prefix(10)) \(end.dropFirst(11).prefix(8)) UTC"
        return "\(size). \(kind.htmlEscaped)Upload by <time datetime=\"\(end)\">\(time)</time>."
    }

    /// A number of bytes in the largest unit of which it is a whole number: `5 MiB`.
    private static func words(_ bytes: Int) -> String {
        let units = Quantity.size.units.filter { $0.factor > 1 && bytes > 0 && bytes.isMultiple(of: $0.factor) }
        if let unit = units.max(by: { $0.factor < $1.factor }) { return "\(bytes / unit.factor) \(unit.name)" }
        return bytes == 1 ? "1 byte" : "\(bytes) bytes"
    }
}

// MARK: Header fields

extension UploadForm {
    /// The fields of the response in addition to those of every form.
    var responseFields: ResponseFields {
        ["Content-Security-Policy": contentSecurityPolicy, "Referrer-Policy": "no-referrer"]
    }

    /// Allows the page its style and the form, and nothing else.
    private var contentSecurityPolicy: String {
        [
            "default-src 'none'", "style-src '\(Self.styleHash)'", "img-src data:",
            (["form-action"] + targets).joined(separator: " "), "base-uri 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    private static let styleHash = InlinePage.sourceHash(style)

    /// The sources of the store and of the page to which it redirects: Chromium compares each redirect with `form-action`, too.
    private var targets: [String] {
        let store = Self.source(of: url)
        let page = Self.value("success_action_redirect", of: fields).flatMap(Self.source)
        return [store, page == store ? nil : page].compactMap(\.self)
    }

    /// The source expression of a URL's origin (CSP Level 3 §2.3.1), which has no form for an IPv6 address: then only its scheme.
    private static func source(of url: String) -> String? {
        guard let url = try? HTTPURL(url) else { return nil }
        return url.host.address?.isIPv6 == true ? "\(url.scheme.rawValue):" : "\(url.scheme.rawValue)://\(url.hostField)"
    }
}
