// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import WireFormats

/// A value of a rule file that is made up.
package indirect enum RandomValue: Sendable {
    /// In quotes.
    case text(String)
    /// Without quotes: a number, `true`, a date.
    case plain(String)
    case list([RandomValue])
    case mapping([Entry])

    package struct Entry: Sendable {
        let key: String
        var value: RandomValue
    }

    /// In YAML's flow style.
    var yaml: String {
        switch self {
        case .text(let text): JSONWriter.quoted(text)
        case .plain(let text): text
        case .list(let items): "[" + items.map(\.yaml).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{" + entries.map { "\(JSONWriter.quoted($0.key)): \($0.value.yaml)" }.joined(separator: ", ") + "}"
        }
    }

    fileprivate var entries: [Entry] {
        if case .mapping(let entries) = self { entries } else { [] }
    }
}

/// The values of a mapping that are made up, by the names of the keys.
private struct RandomKey {
    let name: String
    var isRequired = false
    /// How often of a hundred an optional key is there.
    var frequency = 25
    let make: (inout RandomRules) -> RandomValue
}

/// Makes rule files that are often right, and edits them. Its values are few, so that files have much in common.
package struct RandomRules: RandomNumberGenerator {
    private var random: SplitMix64

    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    package mutating func next() -> UInt64 { random.next() }

    /// The time of all requests and dates: 2026-06-01.
    package static let time = 1_780_272_000.0
    static let issuers = ["https://a.example", "https://b.example", "https://login.example/{tid}/v2"]
    static let audiences = ["up", "down", "side"]
    static let parties = ["web", "app"]
    static let users = ["u1", "u2", "u17"]
    static let scopes = ["read", "write"]
    static let names = ["staff", "guest"]
    static let origins = ["https://app.example", "https://b.example", "capacitor://localhost"]
    static let types = [
        "image/png", "image/jpeg", "application/pdf", "text/csv", "image/svg+xml", "application/octet-stream", "video/mp4",
    ]
    static let algorithms = ["RS256", "ES256", "PS256"]
    static let dates = ["2026-05-31", "2026-06-01T00:05:00Z", "2026-06-01T01:00:00Z", "2026-06-02", "2026-07-01"]
    static let aliases = ["o1", "o2", "acme"]
    static let metadata = ["album", "note", "place"]

    // MARK: Choices

    package mutating func choose<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    /// - Parameter percent: how often of a hundred
    package mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    private mutating func some(_ elements: [String]) -> RandomValue {
        let chosen = elements.shuffled(using: &self).prefix(Int.random(in: 1...elements.count, using: &self))
        return .list(chosen.map { .text($0) })
    }

    // MARK: Files

    /// The text of a tenant's file.
    package static func yaml(_ file: RandomValue) -> String {
        file.entries.map { "\($0.key): \($0.value.yaml)\n" }.joined()
    }

    package mutating func tenant(_ id: String) -> RandomValue {
        .mapping([.init(key: "tenant", value: .text(id))] + mapping(Self.tenantKeys).entries)
    }

    package mutating func service() -> RandomValue {
        mapping([Self.serviceIssuersKey])
    }

    private mutating func mapping(_ keys: [RandomKey]) -> RandomValue {
        var entries: [RandomValue.Entry] = []
        for key in keys where key.isRequired || happens(key.frequency) {
            entries.append(.init(key: key.name, value: key.make(&self)))
        }
        return .mapping(entries)
    }

    /// Edits one key somewhere in a file.
    package mutating func edit(_ file: RandomValue) -> RandomValue {
        edit(file, Self.tenantKeys)
    }

    package mutating func editService(_ file: RandomValue) -> RandomValue {
        edit(file, [Self.serviceIssuersKey])
    }

    private mutating func edit(_ value: RandomValue, _ keys: [RandomKey]) -> RandomValue {
        var entries = value.entries
        // More often something inside than a whole mapping.
        let inner = entries.indices.filter { Self.parts[entries[$0].key] != nil }
        if !inner.isEmpty, happens(keys.count == 1 ? 100 : 75) {
            let place = choose(inner)
            entries[place].value = editPart(entries[place])
            return .mapping(entries)
        }
        let key = choose(keys)
        if let place = entries.firstIndex(where: { $0.key == key.name }) {
            if !key.isRequired, happens(35) {
                entries.remove(at: place)
            } else {
                entries[place].value = key.make(&self)
            }
        } else {
            entries.append(.init(key: key.name, value: key.make(&self)))
        }
        return .mapping(entries)
    }

    private mutating func editPart(_ entry: RandomValue.Entry) -> RandomValue {
        guard let part = Self.parts[entry.key] else { return entry.value }
        switch (part, entry.value) {
        case (.mapping(let keys), .mapping): return edit(entry.value, keys)
        case (.elements(let key, let keys), .list(var items)):
            if happens(15), items.count > 1 { items.remove(at: Int.random(in: items.indices, using: &self)) }
            if happens(15) {
                if case .list(let more) = key(&self), let first = more.first { items.append(first) }
            } else if let place = items.indices.randomElement(using: &self) {
                items[place] = edit(items[place], keys)
            }
            return .list(items)
        case (.named(let keys, let names), .mapping(var entries)):
            let name = choose(names)
            if let place = entries.firstIndex(where: { $0.key == name }) {
                if entries.count > 1, happens(20) {
                    entries.remove(at: place)
                } else {
                    entries[place].value =
                        entry.key == "rules" && happens(15)
                        ? withOtherKeys(entries[place].value, name) : edit(entries[place].value, keys)
                }
            } else {
                entries.append(.init(key: name, value: entry.key == "rules" ? rule(name) : mapping(keys)))
            }
            return .mapping(entries)
        default: return entry.value
        }
    }

    private enum Part {
        case mapping([RandomKey])
        /// A list, of which the function makes a new one.
        case elements((inout RandomRules) -> RandomValue, [RandomKey])
        case named([RandomKey], [String])
    }

    /// The keys whose values have keys of their own.
    private static var parts: [String: Part] {
        [
            "auth": .mapping(authKeys), "store": .mapping(storeKeys), "rules": .named(ruleKeys, ruleNames),
            "stores": .named(storeKeys, storeNames), "issuers": .elements({ $0.issuers() }, issuerKeys),
            "apiKeys": .elements({ $0.apiKeys() }, apiKeyKeys),
        ]
    }

    private static let ruleNames = ["r1", "r2", "r3"]
    private static let storeNames = ["s1", "s2"]

    // MARK: Keys

    private static var tenantKeys: [RandomKey] {
        [
            RandomKey(name: "store", isRequired: true) { $0.mapping(storeKeys) },
            RandomKey(name: "stores") { random in
                .mapping(storeNames.map { .init(key: $0, value: random.mapping(storeKeys)) })
            },
            RandomKey(name: "auth", isRequired: true) { $0.mapping(authKeys) },
            RandomKey(name: "origins", frequency: 60) { $0.some(origins) },
            RandomKey(name: "rules", isRequired: true) { random in
                let names = ruleNames.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
                return .mapping(names.map { .init(key: $0, value: random.rule($0)) })
            },
            RandomKey(name: "aliases") { $0.aliasList() },
            RandomKey(name: "serviceIssuers", frequency: 40) { random in
                random.happens(50)
                    ? .plain(random.choose(["true", "false"])) : .list([.text(random.choose(["login", "partner"]))])
            },
            RandomKey(name: "suspended", frequency: 5) { .plain($0.choose(["true", "false"])) },
            RandomKey(name: "deny", frequency: 20) { random in
                random.mapping([
                    RandomKey(name: "users", frequency: 60) { $0.some(users) },
                    RandomKey(name: "issuedBefore", frequency: 60) { .plain($0.choose(dates)) },
                ])
            },
            RandomKey(name: "sharedUsers", frequency: 80) { _ in .plain("true") },
        ]
    }

    private mutating func aliasList() -> RandomValue {
        let values = Self.aliases.shuffled(using: &self).prefix(Int.random(in: 1...2, using: &self))
        return .list(
            values.map { value in
                happens(70)
                    ? .text(value)
                    : .mapping([
                        .init(key: "issuer", value: .text(choose(["login", "partner"]))),
                        .init(key: "value", value: .text(value)),
                    ])
            })
    }

    private static var storeKeys: [RandomKey] {
        [
            RandomKey(name: "bucket", isRequired: true) { .text($0.choose(["bucket-one", "bucket-two"])) },
            RandomKey(name: "region", isRequired: true) { .text($0.choose(["us-east-1", "us-west-2"])) },
            RandomKey(name: "endpoint", frequency: 20) {
                .text($0.choose(["https://s3.example.net", "https://s4.example.net"]))
            },
            RandomKey(name: "addressing", frequency: 20) { .text($0.choose(["path", "virtual"])) },
            RandomKey(name: "dualStack", frequency: 10) { .plain($0.choose(["true", "false"])) },
            RandomKey(name: "fips", frequency: 10) { .plain($0.choose(["true", "false"])) },
            RandomKey(name: "accelerate", frequency: 10) { .plain($0.choose(["true", "false"])) },
            RandomKey(name: "signature", frequency: 10) { .text($0.choose(["v4", "v2"])) },
            RandomKey(name: "method", frequency: 15) { .text($0.choose(["post", "put"])) },
            RandomKey(name: "maxPolicyBytes", frequency: 10) { .plain($0.choose(["700", "900", "1100"])) },
            RandomKey(name: "credentials", frequency: 30) { random in
                switch Int.random(in: 0..<4, using: &random) {
                case 0: return .text("default")
                case 1: return .mapping([.init(key: "profile", value: .text(random.choose(["p1", "p2"])))])
                case 2: return .mapping([.init(key: "env", value: .text(random.choose(["E1", "E2"])))])
                default:
                    let role = random.mapping([
                        RandomKey(name: "roleArn", isRequired: true) {
                            .text("arn:aws:iam::123456789012:role/\($0.choose(["x", "y"]))")
                        },
                        RandomKey(name: "externalId") { .text($0.choose(["id1", "id2"])) },
                        RandomKey(name: "sessionPolicy", frequency: 50) { _ in .text("fromRules") },
                    ])
                    return .mapping([.init(key: "assumeRole", value: role)])
                }
            },
        ]
    }

    private static var authKeys: [RandomKey] {
        [
            RandomKey(name: "issuers", frequency: 75) { $0.issuers() },
            RandomKey(name: "apiKeys", frequency: 60) { $0.apiKeys() },
        ]
    }

    private mutating func issuers() -> RandomValue {
        .list((0..<Int.random(in: 1...2, using: &self)).map { _ in mapping(Self.issuerKeys) })
    }

    private mutating func apiKeys() -> RandomValue {
        let ids = ["k1", "k2"].prefix(Int.random(in: 1...2, using: &self))
        return .list(
            ids.map { id in
                .mapping([.init(key: "id", value: .text(id))] + mapping(Self.apiKeyKeys).entries)
            })
    }

    private static var serviceIssuersKey: RandomKey {
        RandomKey(name: "issuers", isRequired: true) { random in
            .list(
                ["login", "partner"].prefix(Int.random(in: 1...2, using: &random)).map { name in
                    let url = name == "login" ? issuers[2] : "https://partner.example"
                    let own = random.mapping(issuerKeys).entries.filter { !["issuer", "name", "user", "keys"].contains($0.key) }
                    return .mapping(
                        [
                            .init(key: "issuer", value: .text(url)), .init(key: "name", value: .text(name)),
                            .init(key: "keys", value: .mapping([.init(key: "jwksFile", value: .text("/k/service.json"))])),
                            .init(key: "tenantClaim", value: .text(random.choose(["org", "tid"]))),
                        ] + own)
                })
        }
    }

    private static var issuerKeys: [RandomKey] {
        let claim: (inout RandomRules) -> RandomValue = { random in
            random.choose([.text("sub"), .text("uid"), .list([.text("app"), .text("id")])])
        }
        return [
            RandomKey(name: "issuer", isRequired: true) { .text($0.choose(Array(issuers.prefix(2)))) },
            RandomKey(name: "audience", isRequired: true) { $0.some(audiences) },
            RandomKey(name: "audienceClaim", frequency: 15) { .text($0.choose(["aud", "client_id"])) },
            RandomKey(name: "authorizedParties", frequency: 25) { $0.some(parties) },
            RandomKey(name: "claims") { random in
                random.mapping([
                    RandomKey(name: "role", isRequired: true) { .text($0.choose(["x", "y"])) },
                    RandomKey(name: "flag") { $0.happens(50) ? .plain("true") : .text("true") },
                ])
            },
            RandomKey(name: "algorithms", isRequired: true) { $0.some(algorithms) },
            RandomKey(name: "keys", isRequired: true) { random in
                random.choose([
                    .mapping([.init(key: "jwksFile", value: .text("/k/one.json"))]),
                    .mapping([.init(key: "jwksFile", value: .text("/k/two.json"))]),
                    .mapping([.init(key: "pemFile", value: .text("/k/one.pem"))]),
                    .mapping([.init(key: "jwks", value: .text("https://keys.example/"))]),
                    .mapping([
                        .init(key: "jwks", value: .text("https://keys.example/")), .init(key: "caFile", value: .text("/k/ca")),
                    ]),
                    .mapping([.init(key: "discovery", value: .plain("true"))]),
                ])
            },
            RandomKey(name: "user", make: claim),
            RandomKey(name: "scopes") { random in
                let all: [RandomValue] = [.text("scope"), .text("scp"), .list([.text("app"), .text("roles")])]
                return .list(Array(all.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))))
            },
            RandomKey(name: "attributes", frequency: 50) { random in
                .mapping([.init(key: "org", value: random.choose([.text("org"), .list([.text("app"), .text("org")])]))])
            },
            RandomKey(name: "name", frequency: 60) { .text($0.choose(names)) },
            RandomKey(name: "maxLifetime") { .text($0.choose(["10m", "1h", "24h", "2d"])) },
            RandomKey(name: "clockSkew") { .text($0.choose(["0s", "60s", "5m"])) },
            RandomKey(name: "until") { .plain($0.choose(dates)) },
        ]
    }

    private static var apiKeyKeys: [RandomKey] {
        [
            RandomKey(name: "sha256", isRequired: true) { random in
                .text(DigestAlgorithm.sha256.hash(String(Int.random(in: 0..<1_000_000, using: &random)).utf8).hexadecimal)
            },
            RandomKey(name: "expires") { .plain($0.choose(dates)) },
            RandomKey(name: "scopes", frequency: 50) { $0.some(scopes) },
            RandomKey(name: "rules") { $0.some(ruleNames) },
            RandomKey(name: "allowUsers") { $0.some(users) },
            RandomKey(name: "issuer", frequency: 40) { .text($0.choose(names)) },
        ]
    }

    private mutating func rule(_ name: String) -> RandomValue {
        withOtherKeys(mapping(Self.ruleKeys), name)
    }

    /// The rule with another prefix, which decides about its parameters too.
    private mutating func withOtherKeys(_ rule: RandomValue, _ name: String) -> RandomValue {
        var entries = rule.entries.filter { !["keyPrefix", "parameters"].contains($0.key) }
        let prefixes = [
            "\(name)/", "\(name)/{user}/", "\(name)/{issuer}/{user}/", "\(name)/{claim.org}/", "\(name)/{tenant}/{user}/",
            "\(name)/{user}/{p1}/",
        ]
        let prefix = choose(prefixes)
        entries.append(.init(key: "keyPrefix", value: .text(prefix)))
        if prefix.contains("{p1}") {
            entries.append(.init(key: "parameters", value: .mapping([.init(key: "p1", value: parameterKind())])))
        }
        return .mapping(entries)
    }

    private mutating func parameterKind() -> RandomValue { .text(choose(["digits", "uuid", "name"])) }

    private static var ruleKeys: [RandomKey] {
        [
            RandomKey(name: "keyName", frequency: 40) {
                .text(
                    $0.choose(["{uuid}.{ext}", "{uuid}-{filename}", "{uuid}/{path}/{filename}", "{yyyy}/{uuid}", "{filename}"]))
            },
            RandomKey(name: "filenames", frequency: 15) { .text($0.choose(["ascii", "unicode"])) },
            RandomKey(name: "contentTypes", isRequired: true) { $0.contentTypes() },
            RandomKey(name: "maxSize", isRequired: true) { .text($0.choose(["1KiB", "1000", "1MiB", "5MB", "5GiB"])) },
            RandomKey(name: "minSize") { .plain($0.choose(["0", "1", "10", "1000"])) },
            RandomKey(name: "declaredSize") { .text($0.choose(["exact", "atMost", "ignored"])) },
            RandomKey(name: "expiry") { .text($0.choose(["1m", "5m", "300s", "10m"])) },
            RandomKey(name: "acl", frequency: 15) { .text($0.choose(["private", "public-read", "bucket-owner-full-control"])) },
            RandomKey(name: "storageClass", frequency: 15) { .text($0.choose(["STANDARD", "STANDARD_IA"])) },
            RandomKey(name: "encryption", frequency: 20) { random in
                random.choose([
                    .text("AES256"), .text("aws:kms"), .mapping([.init(key: "type", value: .text("AES256"))]),
                    .mapping([
                        .init(key: "type", value: .text("aws:kms")), .init(key: "keyId", value: .text("alias/one")),
                        .init(key: "bucketKey", value: .plain("true")),
                    ]),
                ])
            },
            RandomKey(name: "tags", frequency: 20) { random in
                let tags = ["a", "b"].shuffled(using: &random)
                return .mapping(tags.map { .init(key: $0, value: .text(random.choose(["1", "{user}", "{rule}"]))) })
            },
            RandomKey(name: "metadata", frequency: 35) { random in
                random.mapping([
                    RandomKey(name: "fixed", frequency: 60) { random in
                        .mapping([.init(key: "by", value: .text(random.choose(["app", "{user}", "{filename}"])))])
                    },
                    RandomKey(name: "allowed", isRequired: true) { $0.some(metadata) },
                ])
            },
            RandomKey(name: "cacheControl", frequency: 15) { .text($0.choose(["no-store", "max-age=60"])) },
            RandomKey(name: "contentDisposition", frequency: 15) { .text($0.choose(["inline", "attachment"])) },
            RandomKey(name: "contentEncoding", frequency: 10) { .text($0.choose(["gzip", "br"])) },
            RandomKey(name: "contentLanguage", frequency: 10) { .text($0.choose(["de", "en"])) },
            RandomKey(name: "overwrite", frequency: 10) { .text($0.choose(["allowed", "never"])) },
            RandomKey(name: "checksum", frequency: 35) { random in
                random.happens(30)
                    ? .text("required")
                    : random.mapping([
                        RandomKey(name: "required", frequency: 50) { .plain($0.choose(["true", "false"])) },
                        RandomKey(name: "algorithms", isRequired: true) { $0.some(["sha256", "crc32c", "md5"]) },
                    ])
            },
            RandomKey(name: "successStatus", frequency: 10) { .plain($0.choose(["200", "201", "204"])) },
            RandomKey(name: "successRedirect", frequency: 5) { _ in .text("https://app.example/done") },
            RandomKey(name: "requireScope", frequency: 30) { .text($0.choose(scopes)) },
            RandomKey(name: "issuers", frequency: 20) { $0.some(names) },
            RandomKey(name: "apiKeysOnly", frequency: 10) { .plain($0.choose(["true", "false"])) },
            RandomKey(name: "limits") { random in
                random.mapping([
                    RandomKey(name: "perUser", isRequired: true) { .text($0.choose(["60/1m", "100/1m", "60/1h"])) },
                    RandomKey(name: "perTenant") { .text($0.choose(["60/1m", "1000/1h"])) },
                ])
            },
            RandomKey(name: "store", frequency: 20) { .text($0.choose(storeNames)) },
            RandomKey(name: "parameters", frequency: 0) { random in
                .mapping([.init(key: "p1", value: random.parameterKind())])
            },
        ]
    }

    private mutating func contentTypes() -> RandomValue {
        if happens(10) { return .list([.text("*/*")]) }
        var items: [RandomValue] = Self.types.shuffled(using: &self).prefix(Int.random(in: 1...3, using: &self)).map { .text($0) }
        if happens(25) { items.append(.text(choose(["image/*", "text/*"]))) }
        if happens(15) {
            let endings = [["dcm"], ["dcm", "dicom"], ["dicom", "dcm"]]
            items.append(
                .mapping([
                    .init(key: "type", value: .text("application/dicom")),
                    .init(key: "extensions", value: .list(choose(endings).map { .text($0) })),
                ]))
        }
        return .list(items)
    }
}
