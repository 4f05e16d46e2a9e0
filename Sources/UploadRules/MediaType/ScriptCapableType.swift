// SPDX-License-Identifier: Apache-2.0

/// Types that a browser runs or renders as a document: uploaded to a trusted host they are stored cross-site scripting.
/// A wildcard never means them; they count only when a rule names them.
enum ScriptCapableType {
    /// - Parameter essence: `type/subtype` in lower case.
    static func contains(_ essence: String) -> Bool {
        if named.contains(essence) { return true }
        // RFC 6839 §2, RFC 7303 §4: every +xml is XML, and XML may hold XHTML or SVG. HTML and XML by whatever type.
        let bytes = essence.utf8
        return endings.contains { bytes.count >= $0.count && bytes.suffix($0.count).elementsEqual($0) }
    }

    private static let endings = ["+xml", "/xml", "/html", "+html"].map { Array($0.utf8) }

    private static let named: Set<String> = [
        // Browsers' JavaScript types: https://mimesniff.spec.whatwg.org/#javascript-mime-type
        "application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript",
        "text/ecmascript", "text/javascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2",
        "text/javascript1.3", "text/javascript1.4", "text/javascript1.5", "text/jscript", "text/livescript",
        "text/x-ecmascript", "text/x-javascript",
        // No type at all to a browser, which then looks at the bytes and may find HTML: https://mimesniff.spec.whatwg.org/#sniffing
        "application/unknown", "application/x-unknown-content-type", "multipart/form-data", "unknown/unknown",
        // Other scripts and documents that hold them.
        "application/hta", "application/signed-exchange", "application/x-httpd-php", "application/x-shockwave-flash",
        "application/xml-dtd",
        "application/xml-external-parsed-entity", "message/rfc822", "multipart/related", "multipart/x-mixed-replace",
        "text/vbscript", "text/x-component", "text/x-server-parsed-html", "text/xml-external-parsed-entity", "text/xsl",
    ]
}
