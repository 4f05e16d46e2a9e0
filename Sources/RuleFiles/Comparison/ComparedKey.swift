// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// How a key of rule files is compared, and which changes of its value widen access.
///
/// ``ComparedKeys`` has one for each key that a reader declares: a key that is missing there would be a change that nobody sees.
struct ComparedKey: Sendable {
    let name: String
    let kind: Kind
    let direction: WideningDirection
    /// The default as a file would have it; nil if an absent key is different from every value.
    let standard: String?
    /// Which request shows that a change widens access.
    let probe: ProbeAim

    enum Kind: Sendable {
        case value(ValueMeaning)
        /// A mapping with keys of its own. A single text may stand for one of them.
        case section([ComparedKey], shorthand: Shorthand? = nil)
        /// A mapping with any names, whose values are compared one by one.
        case named(ValueMeaning)
        /// Compared by ``TenantComparison``: mappings and lists whose elements have names.
        case elements
    }

    /// `checksum: required` for `checksum: {required: true}`.
    struct Shorthand: Sendable {
        let key: String
        /// The value of the key for each text that does not stand for itself; nil for none.
        var values: [String: String?] = [:]
    }

    init(
        _ name: String, _ kind: Kind, _ direction: WideningDirection, standard: String? = nil, probe: ProbeAim = .plain
    ) {
        self.name = name
        self.kind = kind
        self.direction = direction
        self.standard = standard
        self.probe = probe
    }

    /// The value that an absent key stands for.
    func standardValue(tenant: String) -> ComparedValue? {
        guard let standard, case .value(let meaning) = kind else { return nil }
        let names = standard.split(separator: " ").map { YAMLNode(content: .text(String($0)), position: .start) }
        if case .set = meaning {
            return meaning.value(of: YAMLNode(content: .list(names), position: .start), tenant: tenant)
        }
        return meaning.value(of: YAMLNode(content: .text(standard), position: .start), tenant: tenant)
    }
}

/// Which changes of a value widen access: let through a request that was refused, or give a ticket for more.
enum WideningDirection: Sendable {
    /// None: the key does not decide about requests.
    case never
    /// Every change lets something through that was not let through before.
    case anyChange
    /// A larger number, or for a key without a default, its absence.
    case larger
    /// A smaller number, or its absence.
    case smaller
    /// One of these words that comes later.
    case laterWord([String])
    /// An entry of a set that was not there before. An absent key is an empty set.
    case moreEntries
    /// The same, but an absent key allows everything.
    case moreEntriesOrNone
    /// An entry of a set that is no longer there.
    case fewerEntries
    /// The absence of something that is demanded, or a different demand.
    case otherOrAbsent
    /// Something that is given and was not, or another value of it.
    case otherOrPresent
    /// The kind of a parameter: every change but that of `name` to `digits`, which are names too.
    case otherParameter
    /// A rate with more tickets at once or more in the long run, or its absence.
    case higherRate
    /// What the values mean together with others: ``TenantComparison`` decides.
    case meaning(Meaning)

    enum Meaning: Sendable {
        case contentTypes
        case aliases
        case serviceIssuers
        case store
        case issuerName
    }

    /// - Returns: nil for ``meaning(_:)``
    func widens(from old: ComparedValue?, to new: ComparedValue?) -> Bool? {
        switch self {
        case .never: return false
        case .anyChange: return old != new
        case .larger: return (new?.number ?? .max) > (old?.number ?? .max)
        case .smaller: return (new?.number ?? .min) < (old?.number ?? .min)
        case .laterWord(let words):
            guard let old = old?.word.flatMap(words.firstIndex), let new = new?.word.flatMap(words.firstIndex) else {
                return true
            }
            return new > old
        case .moreEntries: return !(new?.elements ?? []).isSubset(of: old?.elements ?? [])
        case .moreEntriesOrNone:
            guard let old, !old.elements.isEmpty else { return false }
            guard let new, !new.elements.isEmpty else { return true }
            return !new.elements.isSubset(of: old.elements)
        case .fewerEntries: return !(old?.elements ?? []).isSubset(of: new?.elements ?? [])
        case .otherOrAbsent: return old != nil && old != new
        case .otherOrPresent: return new != nil && old != new
        case .otherParameter: return old != new && !(old?.word == "name" && new?.word == "digits")
        case .higherRate:
            guard let old = old?.rate else { return false }
            guard let new = new?.rate else { return true }
            return new.count > old.count || new.count * old.seconds > old.count * new.seconds
        case .meaning: return nil
        }
    }
}

extension ComparedValue {
    fileprivate var rate: (count: Int, seconds: Int)? {
        guard case .list(let numbers) = self, numbers.count == 2, let count = numbers[0].number, let seconds = numbers[1].number
        else { return nil }
        return (count, seconds)
    }
}

/// Which request shows that a change of a key widens access.
enum ProbeAim: Sendable {
    /// Any that the new rules take.
    case plain
    // In the request.
    case largestFile, smallestFile, contentTypes, metadata, checksums, noChecksum, parameters, filenames, longPolicy
    // The caller.
    case origins, deniedUsers, issuedBefore, aliases
    // The token.
    case scope, audiences, parties, claims, algorithms, scopeClaims, lifetime, clockSkew, until
    // The API key.
    case keyExpiry, keyRules, allowedUsers
}

/// How each declared key is compared. A test holds these tables and the declarations together.
enum ComparedKeys {
    static let tenant = [
        ComparedKey("tenant", .value(.text), .never),
        ComparedKey("store", .section(store), .anyChange),
        ComparedKey("stores", .elements, .anyChange),
        ComparedKey("auth", .section(auth), .anyChange),
        ComparedKey("origins", .value(.set(.text)), .moreEntries, probe: .origins),
        ComparedKey("rules", .elements, .anyChange),
        ComparedKey("aliases", .value(.set(.alias)), .meaning(.aliases), probe: .aliases),
        ComparedKey("serviceIssuers", .value(.set(.text)), .meaning(.serviceIssuers), probe: .aliases),
        ComparedKey("suspended", .value(.text), .laterWord(["true", "false"]), standard: "false"),
        ComparedKey("deny", .section(deny), .anyChange),
        // It only lets `check` accept what would be a mistake otherwise.
        ComparedKey("sharedUsers", .value(.text), .never, standard: "false"),
    ]

    static let auth = [
        ComparedKey("issuers", .elements, .anyChange),
        ComparedKey("apiKeys", .elements, .anyChange),
    ]

    static let deny = [
        ComparedKey("users", .value(.set(.text)), .fewerEntries, probe: .deniedUsers),
        ComparedKey("issuedBefore", .value(.date), .smaller, probe: .issuedBefore),
    ]

    /// Compared as parts of ``tenant``'s `aliases`.
    static let alias = [
        ComparedKey("issuer", .value(.text), .meaning(.aliases)),
        ComparedKey("value", .value(.text), .meaning(.aliases)),
    ]

    static let store = [
        ComparedKey("bucket", .value(.text), .meaning(.store)),
        ComparedKey("region", .value(.text), .meaning(.store)),
        ComparedKey("endpoint", .value(.text), .meaning(.store)),
        ComparedKey("addressing", .value(.text), .meaning(.store)),
        ComparedKey("dualStack", .value(.text), .meaning(.store), standard: "false"),
        ComparedKey("fips", .value(.text), .meaning(.store), standard: "false"),
        ComparedKey("accelerate", .value(.text), .meaning(.store), standard: "false"),
        ComparedKey("signature", .value(.text), .meaning(.store), standard: "v4"),
        ComparedKey("method", .value(.text), .meaning(.store), standard: "post"),
        ComparedKey("maxPolicyBytes", .value(.size), .larger, probe: .longPolicy),
        ComparedKey("credentials", .section(credentials, shorthand: .init(key: "default", values: ["default": nil])), .anyChange),
    ]

    static let credentials = [
        ComparedKey("profile", .value(.text), .anyChange),
        ComparedKey("env", .value(.text), .anyChange),
        ComparedKey("assumeRole", .section(role), .anyChange),
    ]

    static let role = [
        ComparedKey("roleArn", .value(.text), .anyChange),
        ComparedKey("externalId", .value(.text), .anyChange),
        ComparedKey("sessionPolicy", .value(.text), .otherOrAbsent),
    ]

    static let issuer = [
        // Entries are matched by it.
        ComparedKey("issuer", .value(.text), .anyChange),
        ComparedKey("audience", .value(.set(.text)), .moreEntriesOrNone, probe: .audiences),
        ComparedKey("audienceClaim", .value(.text), .anyChange, standard: "aud"),
        ComparedKey("authorizedParties", .value(.set(.text)), .moreEntriesOrNone, probe: .parties),
        ComparedKey("claims", .named(.requirement), .otherOrAbsent, probe: .claims),
        ComparedKey("algorithms", .value(.set(.text)), .moreEntries, probe: .algorithms),
        ComparedKey("keys", .section(keySource), .anyChange),
        ComparedKey("user", .value(.claimPath), .anyChange, standard: "sub"),
        // A token whose claim is malformed is refused, unless the claim is not looked at.
        ComparedKey("scopes", .value(.set(.claimPath)), .anyChange, standard: "scope scp", probe: .scopeClaims),
        ComparedKey("attributes", .named(.claimPath), .otherOrPresent),
        ComparedKey("name", .value(.text), .meaning(.issuerName)),
        ComparedKey("maxLifetime", .value(.duration), .larger, standard: "24h", probe: .lifetime),
        ComparedKey("clockSkew", .value(.duration), .larger, standard: "60s", probe: .clockSkew),
        ComparedKey("until", .value(.date), .larger, probe: .until),
    ]

    static let serviceIssuer = issuer + [ComparedKey("tenantClaim", .value(.claimPath), .anyChange)]

    static let keySource = [
        ComparedKey("jwks", .value(.text), .anyChange),
        ComparedKey("jwksFile", .value(.text), .anyChange),
        ComparedKey("pemFile", .value(.text), .anyChange),
        ComparedKey("secretFile", .value(.text), .anyChange),
        ComparedKey("discovery", .value(.text), .anyChange),
        ComparedKey("caFile", .value(.text), .anyChange),
    ]

    static let apiKey = [
        // Keys are matched by it.
        ComparedKey("id", .value(.text), .anyChange),
        ComparedKey("sha256", .value(.lowercase), .anyChange),
        ComparedKey("expires", .value(.date), .larger, probe: .keyExpiry),
        ComparedKey("scopes", .value(.set(.text)), .moreEntries),
        ComparedKey("rules", .value(.set(.text)), .moreEntriesOrNone, probe: .keyRules),
        ComparedKey("allowUsers", .value(.set(.text)), .moreEntriesOrNone, probe: .allowedUsers),
        ComparedKey("issuer", .value(.text), .anyChange),
    ]

    static let rule = [
        ComparedKey("keyPrefix", .value(.template), .anyChange),
        ComparedKey("keyName", .value(.template), .anyChange, standard: "{uuid}.{ext}"),
        ComparedKey("filenames", .value(.text), .anyChange, standard: "ascii", probe: .filenames),
        ComparedKey("parameters", .named(.text), .otherParameter, probe: .parameters),
        ComparedKey("contentTypes", .value(.set(.contentType)), .meaning(.contentTypes), probe: .contentTypes),
        ComparedKey("maxSize", .value(.size), .larger, probe: .largestFile),
        ComparedKey("minSize", .value(.size), .smaller, standard: "1", probe: .smallestFile),
        ComparedKey(
            "declaredSize", .value(.text), .laterWord(["exact", "atMost", "ignored"]), standard: "exact", probe: .largestFile),
        ComparedKey("expiry", .value(.duration), .larger, standard: "5m"),
        ComparedKey("acl", .value(.text), .anyChange),
        ComparedKey("storageClass", .value(.text), .anyChange),
        ComparedKey("encryption", .section(encryption, shorthand: .init(key: "type")), .anyChange),
        ComparedKey("tags", .named(.template), .anyChange),
        ComparedKey("metadata", .section(metadata), .anyChange),
        ComparedKey("cacheControl", .value(.text), .anyChange),
        ComparedKey("contentDisposition", .value(.text), .anyChange),
        ComparedKey("contentEncoding", .value(.text), .anyChange),
        ComparedKey("contentLanguage", .value(.text), .anyChange),
        ComparedKey("overwrite", .value(.text), .laterWord(["never", "allowed"]), standard: "allowed"),
        ComparedKey(
            "checksum", .section(checksum, shorthand: .init(key: "required", values: ["required": "true"])), .anyChange),
        ComparedKey("successStatus", .value(.text), .anyChange, standard: "201"),
        ComparedKey("successRedirect", .value(.text), .anyChange),
        ComparedKey("requireScope", .value(.text), .otherOrAbsent, probe: .scope),
        ComparedKey("issuers", .value(.set(.text)), .moreEntriesOrNone),
        ComparedKey("apiKeysOnly", .value(.text), .laterWord(["true", "false"]), standard: "false"),
        ComparedKey("limits", .section(limits), .anyChange),
        ComparedKey("store", .value(.text), .meaning(.store)),
    ]

    /// Compared as parts of ``rule``'s `contentTypes`.
    static let contentType = [
        ComparedKey("type", .value(.text), .meaning(.contentTypes)),
        ComparedKey("extensions", .value(.set(.text)), .meaning(.contentTypes)),
    ]

    static let limits = [
        ComparedKey("perUser", .value(.rate), .higherRate),
        ComparedKey("perTenant", .value(.rate), .higherRate),
    ]

    static let encryption = [
        ComparedKey("type", .value(.text), .anyChange),
        ComparedKey("keyId", .value(.text), .anyChange),
        ComparedKey("bucketKey", .value(.text), .anyChange, standard: "false"),
    ]

    static let checksum = [
        ComparedKey("required", .value(.text), .laterWord(["true", "false"]), standard: "false", probe: .noChecksum),
        ComparedKey("algorithms", .value(.set(.text)), .moreEntries, standard: "sha256", probe: .checksums),
    ]

    static let metadata = [
        ComparedKey("fixed", .named(.template), .anyChange),
        ComparedKey("allowed", .value(.set(.lowercase)), .moreEntries, probe: .metadata),
    ]
}
