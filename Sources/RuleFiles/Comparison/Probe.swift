// SPDX-License-Identifier: Apache-2.0

package import UploadRules
package import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A request with its caller, which is tried under two sets of rules.
package struct Probe: Sendable {
    package enum Caller: Sendable {
        case token(Token)
        /// The owner of an API key, which is known by its hash.
        case apiKey(tenant: String, id: String, sha256: [UInt8])
    }

    /// A token that a key of an issuer has signed.
    package struct Token: Sendable {
        package let claims: ClaimTree
        package let algorithm: Algorithm
        /// Where the key is published that has signed it.
        package let keys: PublishedKeys
        /// The claims as JSON.
        let json: [UInt8]

        package init(claims: ClaimTree, algorithm: Algorithm, keys: PublishedKeys) {
            self.claims = claims
            self.algorithm = algorithm
            self.keys = keys
            json = claims.json
        }
    }

    package var caller: Caller
    /// The request's `Origin`; nil if it has none.
    package var origin: String?
    package var request: UploadRequest
    /// When it is made, in seconds since 1970.
    package var time: Double

    package init(caller: Caller, origin: String? = nil, request: UploadRequest, time: Double) {
        self.caller = caller
        self.origin = origin
        self.request = request
        self.time = time
    }

    /// The token with other claims; the same for an API key.
    func withClaims(_ change: (inout ClaimTree) -> Void) -> Probe {
        guard case .token(let token) = caller else { return self }
        var claims = token.claims
        change(&claims)
        var probe = self
        probe.caller = .token(Token(claims: claims, algorithm: token.algorithm, keys: token.keys))
        return probe
    }
}

/// Where an issuer's keys are, and who vouches for the place.
package struct PublishedKeys: Sendable, Hashable {
    package let source: KeySource
    package let authorities: String?

    package init(of issuer: Issuer) {
        source = issuer.keySource
        authorities = issuer.keyAuthorities
    }
}

// MARK: For people and programs

extension Probe {
    /// `{"token": {…}, "algorithm": "RS256", "keys": "…", "origin": "…", "time": "…", "request": {…}}`, or with `apiKey` and
    /// `sha256` instead of the token.
    func writeMembers(to json: inout JSONWriter) {
        switch caller {
        case .token(let token):
            json.key("token")
            token.claims.write(to: &json)
            json.member("algorithm", token.algorithm.rawValue)
            json.member("keys", token.keys.description)
        case .apiKey(_, let id, let sha256):
            json.member("apiKey", id)
            json.member("sha256", sha256.hexadecimal)
        }
        if let origin { json.member("origin", origin) }
        json.member("time", Date(timeIntervalSince1970: time).rfc3339)
        json.key("request")
        request.write(to: &json)
    }

    /// One line.
    var text: String {
        let who: String
        switch caller {
        case .token(let token):
            who = "token \(String(decoding: token.json, as: UTF8.self)) (\(token.algorithm.rawValue), keys of \(token.keys))"
        case .apiKey(_, let id, let sha256): who = "API key \(id) (\(sha256.hexadecimal.prefix(12))…)"
        }
        var json = JSONWriter()
        request.write(to: &json)
        let page = origin.map { ", page of \($0)" } ?? ""
        let instant = Date(timeIntervalSince1970: time).rfc3339
        return "\(who)\(page), request \(String(decoding: json.finish(), as: UTF8.self)), at \(instant)"
    }
}

extension PublishedKeys: CustomStringConvertible {
    package var description: String {
        let place =
            switch source {
            case .remote(.jwks(let url)): url
            case .remote(.discovery): "discovery"
            case .jwksFile(let path), .pemFile(let path), .secretFile(let path): path
            }
        return place + (authorities.map { " by \($0)" } ?? "")
    }
}

extension UploadRequest {
    /// Writes the body of `POST /v1/tickets`.
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            if let rule { json.member("rule", rule) }
            if let filename { json.member("filename", filename) }
            json.member("contentType", contentType)
            if let size { json.member("size", size) }
            if let checksum {
                json.object("checksum") { json in
                    json.member("algorithm", checksum.algorithm?.rawValue ?? "")
                    json.member("value", checksum.value)
                }
            }
            if !metadata.isEmpty {
                json.object("metadata") { json in for (name, value) in metadata { json.member(name, value) } }
            }
            if let user { json.member("user", user) }
            if !parameters.isEmpty {
                json.object("parameters") { json in for (name, value) in parameters { json.member(name, value) } }
            }
            if let path { json.member("path", path) }
        }
    }
}
