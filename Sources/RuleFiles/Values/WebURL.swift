// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An absolute https URL, or http on loopback, as text: checked, never rewritten.
enum WebURL {
    /// - Throws: Another scheme, http to another machine, user information, a fragment, a character no URL has.
    static func parse(_ text: String) throws(ValueError) -> String {
        guard text.utf8.starts(with: "https://".utf8) || text.utf8.starts(with: "http://".utf8) else {
            throw ValueError("\(text.quoted) is not an https URL", "write https://…")
        }
        guard text.utf8.allSatisfy({ $0.isVisibleASCII && !#""<>\^`{|}"#.utf8.contains($0) }) else {
            throw ValueError("\(text.quoted) has a character that no URL has", "write it percent-encoded (RFC 3986 §2.1)")
        }
        let url: HTTPURL
        do throws(HTTPURLError) {
            url = try HTTPURL(text)
            if url.host.hasUnderscore { throw .host }
        } catch .userInformation {
            throw ValueError("the URL holds user information", "leave out what stands before “@”")
        } catch {
            throw ValueError("\(text.quoted) has no valid host", "write https://host or https://host:port")
        }
        if url.fragment != nil {
            throw ValueError("\(text.quoted) has a fragment", "leave “#” and what follows out")
        }
        guard url.isProtected else {
            throw ValueError("\(text.quoted) is not encrypted", "write https:// (http only for localhost, 127.0.0.1, [::1])")
        }
        return text
    }
}
