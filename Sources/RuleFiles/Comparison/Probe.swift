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

/// The claims of a token that is made up.
package indirect enum ClaimTree: Sendable {
    case text(String)
    case number(Int)
    /// A JSON value.
    case raw(String)
    case list([ClaimTree])
    case object([(name: String, value: ClaimTree)])

    package static let empty = ClaimTree.object([])

    /// The value of a claim; nil if there is none.
    package subscript(path: ClaimPath) -> ClaimTree? {
        var value: ClaimTree? = self
        for name in path.names {
            guard case .object(let members)? = value else { return nil }
            value = members.first { $0.name.hasSameBytes(as: name) }?.value
        }
        return value
    }

    /// Sets a claim. A value on the path to it that is no object is replaced.
    package mutating func set(_ path: ClaimPath, _ value: ClaimTree) {
        set(path.names[...], value)
    }

    /// Sets a claim that is not there.
    package mutating func add(_ path: ClaimPath, _ value: ClaimTree) {
        if self[path] == nil { set(path, value) }
    }

    package mutating func remove(_ path: ClaimPath) {
        guard case .object(var members) = self else { return }
        guard let place = members.firstIndex(where: { $0.name.hasSameBytes(as: path.first) }) else { return }
        if let next = path.rest.first {
            members[place].value.remove(ClaimPath(next, Array(path.rest.dropFirst())))
        } else {
            members.remove(at: place)
        }
        self = .object(members)
    }

    private mutating func set(_ names: ArraySlice<String>, _ value: ClaimTree) {
        guard let name = names.first else {
            self = value
            return
        }
        var members: [(name: String, value: ClaimTree)] = if case .object(let members) = self { members } else { [] }
        if let place = members.firstIndex(where: { $0.name.hasSameBytes(as: name) }) {
            members[place].value.set(names.dropFirst(), value)
        } else {
            var child = ClaimTree.empty
            child.set(names.dropFirst(), value)
            members.append((name, child))
        }
        self = .object(members)
    }

    package var json: [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.finish()
    }

    func write(to json: inout JSONWriter) {
        switch self {
        case .text(let text): json.string(text)
        case .number(let number): json.int(number)
        case .raw(let text): json.raw(text.utf8)
        case .list(let items):
            json.beginArray()
            for item in items { item.write(to: &json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for member in members {
                json.key(member.name)
                member.value.write(to: &json)
            }
            json.endObject()
        }
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
