// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// Reads one entry of a tenant's `rules`.
struct RuleReader: Sendable {
    let tenant: String
    let stores: StoreDrafts
    /// The rule's store; nil if it could not be read, or before it is.
    private(set) var store: StoreDraft?
    /// Whether the store is AWS, whose storage classes and characters of tags are known.
    var isAWS: Bool { store?.isAWS ?? true }
    /// The rule's name, for `{rule}`; empty until an entry is read.
    private(set) var rule = ""
    /// What requests give for the key, metadata and tags.
    private(set) var requestParameters: [UploadParameter] = []

    init(tenant: String, stores: StoreDrafts) {
        self.tenant = tenant
        self.stores = stores
    }

    /// The keys of a rule, in the order in which messages list them.
    static let keys = [
        keyPrefix.row, keyName.row, filenames.row, parameters.row, contentTypes.row, maxSize.row, minSize.row, declaredSize.row,
        expiry.row, acl.row, storageClass.row, encryption.row, tags.row, metadata.row, cacheControl.row, contentDisposition.row,
        contentEncoding.row, contentLanguage.row, overwrite.row, checksum.row, successStatus.row, successRedirect.row,
        requireScope.row, issuers.row, apiKeysOnly.row, limits.row, storeName.row,
    ]

    func read(_ entry: YAMLEntry, log: DiagnosticLog) -> RuleDraft? {
        let name = readName(entry, log: log)
        let title = "the rule \(entry.key.quoted)"
        let names = Self.keys.map(\.name)
        guard let section = Section(entry.value, title: title, at: entry.keyPosition, keys: names, log: log) else {
            return nil
        }
        var reader = self
        reader.rule = name ?? ""
        reader.store = Self.storeName.read(from: section, self)
        return reader.read(section, name: name, entry.keyPosition, log: log)
    }

    private func read(_ section: Section, name: String?, _ position: YAMLPosition, log: DiagnosticLog) -> RuleDraft? {
        let parameters = Self.parameters.read(from: section, self)
        let templates = TemplateReader(tenant: tenant, parameters: parameters.map(\.value))
        let prefix = Self.keyPrefix.read(from: section, templates)
        let keyName = Self.keyName.read(from: section, templates)
        let isNamed = section[Self.keyName.row.name] != nil
        let filenames = Self.filenames.read(from: section, self)
        if let prefix, !isNamed || keyName != nil {
            checkParameters(parameters, prefix, keyName, of: section)
            checkPath(prefix, keyName, of: section)
            checkOverwriting(prefix, keyName, of: section)
            if let filenames,
                ![prefix, keyName].contains(where: { $0?.value.uses(.filename) == true || $0?.value.uses(.path) == true })
            {
                section.log.warning(
                    at: filenames.position, "filenames has no effect, since no file name is in the keys",
                    "add {filename} to keyName, or remove the line")
            }
        }
        let types = Self.contentTypes.read(from: section, self)
        let sizes = readSizes(section)
        let declaredSize = Self.declaredSize.read(from: section, self)
        if let declaredSize, declaredSize.value != .exact, method == .put {
            log.problem(
                at: declaredSize.position, "with method: put a ticket is for the exact size",
                "remove declaredSize, or write exact")
        }
        let expiry = Self.expiry.read(from: section, self)
        var reader = self
        reader.requestParameters = templates.parameters
        let storage = reader.readStorage(section)
        let disposition = Self.contentDisposition.read(from: section, self)
        warnOfTypes(section, isAttachment: disposition?.value == .attachment)
        let checksum = Self.checksum.read(from: section, self)
        let scope = Self.requireScope.read(from: section, self)
        let issuers = Self.issuers.read(from: section, self)
        let apiKeysOnly = Self.apiKeysOnly.read(from: section, self)
        let limits = Self.limits.read(from: section, self)

        guard let prefix else { return nil }
        if storage.formCost > StorageSettings.maximumFormCost {
            log.problem(
                at: position,
                "the constant fields of \(section.title) have \(storage.formCost) bytes, and at most \(StorageSettings.maximumFormCost) fit into a form",
                "shorten its tags, fixed metadata, cacheControl or successRedirect"
            )
        }
        var draft = RuleDraft(
            name: name,
            store: store,
            prefix: prefix,
            keyName: keyName?.value ?? (isNamed ? nil : Self.defaultKeyName),
            issuers: issuers,
            apiKeysOnly: apiKeysOnly?.value ?? false
        )
        guard let name, let types, let sizes, let template = draft.keyName, let store = store?.store else { return draft }
        draft.rule = UploadRule(
            name: name,
            store: store,
            keyPrefix: prefix.value,
            keyName: template,
            filenames: filenames?.value ?? .ascii,
            parameters: parameters.map(\.value),
            contentTypes: types,
            sizes: sizes,
            declaredSize: declaredSize?.value ?? .exact,
            expiry: expiry?.value ?? 300,
            storage: storage,
            contentDisposition: disposition?.value,
            checksum: checksum ?? .optional,
            requireScope: scope?.value,
            issuers: issuers?.map(\.value),
            apiKeysOnly: apiKeysOnly?.value ?? false,
            limits: limits
        )
        if let rule = draft.rule { checkPolicyLength(of: rule, section.title, position, log: log) }
        return draft
    }

    /// Reports a rule whose policies are longer than its store takes, whatever the request says, and warns of one whose policies can be.
    private func checkPolicyLength(of rule: UploadRule, _ title: String, _ position: YAMLPosition, log: DiagnosticLog) {
        guard let max = rule.store.maxPolicyBytes else { return }
        // AWS does not say how long its session tokens are; none is shorter.
        let sessionTokenBytes = store?.credentials?.isRole ?? false ? 300 : 0
        let length = PolicyLength(of: rule, sessionTokenBytes: sessionTokenBytes)
        if length.shortest > max {
            log.problem(
                at: position,
                "the policy of a ticket of \(title) has at least \(length.shortest) bytes in base64, and its store takes \(max)",
                "shorten the rule's keys and constant fields, or write a larger maxPolicyBytes"
            )
        } else if length.longest > max {
            log.warning(
                at: position,
                "the policy of a ticket of \(title) may have \(length.longest) bytes in base64, and its store takes \(max): longer ones are refused",
                "shorten its keys and constant fields, and allow no metadata"
                    + (sessionTokenBytes > 0 ? "; a role's session token needs 400 bytes or more" : "")
            )
        }
    }

    private func readName(_ entry: YAMLEntry, log: DiagnosticLog) -> String? {
        do throws(ValueError) {
            return try Identifier.parse(entry.key, what: "a rule name", underscores: true)
        } catch {
            log.problem(at: entry.keyPosition, error)
            return nil
        }
    }
}

extension RuleReader {
    static let storeName = Key<RuleReader, StoreDraft?>(
        "store", takes: "the name of one of `stores`", standard: "`store` of the file", example: "archive"
    ) { section, key, reader in reader.stores.store(of: section, key: key) }
}

// MARK: Object keys

extension RuleReader {
    static let keyPrefix = Key<TemplateReader, Located<KeyTemplate>?>(
        "keyPrefix",
        takes: "[key template](#object-keys), 1 to 512 bytes; ends in `/`",
        standard: "required",
        example: "avatars/{user}/"
    ) { section, key, reader in
        section.required(key, "write the folder of its files: keyPrefix: uploads/{user}/") { text throws(ValueError) in
            try KeyTemplate(parsing: text, as: .keyPrefix, tenant: reader.tenant, parameters: reader.parameters)
        }
    }

    static let keyName = Key<TemplateReader, Located<KeyTemplate>?>(
        "keyName",
        takes: "[key template](#object-keys), 1 to 512 bytes; does not end in `/`",
        standard: "`{uuid}.{ext}`",
        example: "\"{uuid}-{filename}\""
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in
            try KeyTemplate(parsing: text, as: .keyName, tenant: reader.tenant, parameters: reader.parameters)
        }
    }

    static let filenames = Key<RuleReader, Located<FilenameForm.Characters>?>(
        "filenames",
        takes: "`ascii` or `unicode`: which letters of [file names](#file-names) are kept in keys",
        standard: "`ascii`",
        example: "unicode"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, as: FilenameForm.Characters.self, what: "a value of filenames")
        }
    }

    static let parameters = Key<RuleReader, [Located<UploadParameter>]>(
        "parameters",
        takes: "mapping of at most 16 names to `digits`, `uuid` or `name`: what a request gives for the key, see "
            + "[parameters](#parameters)",
        standard: "none",
        example: "{audit: digits}"
    ) { section, key, _ in
        guard let declared = section.section(key, keys: nil) else { return [] }
        if declared.all.isEmpty {
            section.log.problem(at: declared.position, "parameters is empty", "write audit: digits, or remove it")
        }
        if declared.all.count > UploadParameter.limit {
            section.log.problem(
                at: declared.position, "parameters has \(declared.all.count) entries", "keep at most \(UploadParameter.limit)")
        }
        var parameters: [Located<UploadParameter>] = []
        for entry in declared.all {
            guard KeyTemplate.Placeholder.isParameterName(entry.key) else {
                let isTaken = KeyTemplate.Placeholder.isAttributeName(entry.key)
                section.log.problem(
                    at: entry.keyPosition,
                    isTaken ? "{\(entry.key)} is a placeholder of its own" : "\(entry.key.quoted) is not a parameter's name",
                    isTaken
                        ? "choose another name for the parameter"
                        : "write 1 to 63 of a-z, 0-9, “-” and “_”, beginning with a letter or digit")
                continue
            }
            let kind = declared.value(of: entry.value, key: entry.key.quoted, at: entry.keyPosition) { text throws(ValueError) in
                try Choice.parse(text, as: UploadParameter.Kind.self, what: "a kind of parameter")
            }
            // With a wrong kind, too: otherwise the template would have one more problem.
            let parameter = UploadParameter(name: entry.key, kind: kind?.value ?? .name)
            parameters.append(Located(value: parameter, position: entry.keyPosition))
        }
        return parameters
    }

    /// Each declared parameter must be in the keys. What it stands for is the client's choice.
    private func checkParameters(
        _ parameters: [Located<UploadParameter>], _ prefix: Located<KeyTemplate>, _ keyName: Located<KeyTemplate>?,
        of section: Section
    ) {
        func uses(_ placeholder: KeyTemplate.Placeholder) -> Bool {
            prefix.value.uses(placeholder) || (keyName?.value ?? Self.defaultKeyName)?.uses(placeholder) ?? false
        }
        for parameter in parameters where !uses(.parameter(parameter.value)) {
            section.log.problem(
                at: parameter.position,
                "the parameter \(parameter.value.name.quoted) is in no key",
                "write /{\(parameter.value.name)}/ in keyPrefix, or remove it")
        }
        if let parameter = parameters.first, !uses(.user), !uses(.uuid) {
            section.log.warning(
                at: parameter.position,
                "the client chooses {\(parameter.value.name)}, so it does not say whose file it is",
                "add {uuid} to keyName, or /{user}/ to keyPrefix, so that nobody can replace the files of others")
        }
    }

    /// After a number of folders that the client chooses, no user's folder has a fixed place.
    private func checkPath(_ prefix: Located<KeyTemplate>, _ keyName: Located<KeyTemplate>?, of section: Section) {
        var hasPath = false
        for template in [prefix, keyName].compactMap({ $0 }) {
            for case .placeholder(let placeholder) in template.value.parts {
                if placeholder.isOwner, hasPath {
                    section.log.problem(
                        at: template.position,
                        "{\(placeholder.name)} comes after {path}, so a client could choose the folders of another user",
                        "write it before: {\(placeholder.name)}/{path}/")
                    return
                }
                guard placeholder == .path else { continue }
                if hasPath {
                    section.log.problem(at: template.position, "{path} is in keyPrefix and in keyName", "keep one of them")
                    return
                }
                hasPath = true
            }
        }
    }

    private static let defaultKeyName = try? KeyTemplate(parsing: "{uuid}.{ext}", as: .keyName, tenant: "")

    /// Without {uuid}, uploads can have the same key.
    private func checkOverwriting(_ prefix: Located<KeyTemplate>, _ keyName: Located<KeyTemplate>?, of section: Section) {
        guard let keyName else { return }
        func uses(_ placeholder: KeyTemplate.Placeholder) -> Bool {
            prefix.value.uses(placeholder) || keyName.value.uses(placeholder)
        }
        if uses(.uuid) { return }
        switch (uses(.filename) || uses(.path), uses(.user)) {
        case (true, true):
            section.log.warning(
                at: keyName.position,
                "a user's files of the same name replace each other, and phones name every photo image.jpg",
                "if this is not intended, add {uuid} to keyName"
            )
        case (true, false):
            section.log.warning(
                at: keyName.position,
                "users who upload files of the same name overwrite each other's files",
                "add {uuid} to keyName, or /{user}/ to keyPrefix"
            )
        case (false, true):
            section.log.warning(
                at: keyName.position,
                "each upload of a user replaces the user's previous file",
                "if this is not intended, add {uuid} or {filename} to keyName"
            )
        case (false, false) where (prefix.value.parts + keyName.value.parts).contains(where: \.isParameter):
            // checkParameters has a warning for it.
            break
        case (false, false):
            section.log.problem(
                at: keyName.position,
                "each upload replaces the previous one, even another user's",
                "add {uuid} or {filename} to keyName: \"{uuid}.{ext}\""
            )
        }
    }
}

// MARK: What may be uploaded

extension RuleReader {
    static let contentTypes = Key<RuleReader, ContentTypeList?>(
        "contentTypes",
        takes: "list of [content types](#content-types) in lower case, `type/*`, `*/*`, or mappings: "
            + "[`rules.contentTypes`](#rulescontenttypes)",
        standard: "required",
        example: "[image/*, application/pdf]"
    ) { section, key, _ in
        guard section[key] != nil else {
            section.missing(key, "list what may be uploaded: contentTypes: [image/png, image/jpeg]")
            return nil
        }
        var endings: [String: [Located<String>]] = [:]
        let types = section.list(key) { item -> Located<ExactString>? in
            if case .mapping = item.content {
                return ContentTypeReader.read(item, of: section).map {
                    endings[$0.value] = $1
                    return Located(value: ExactString($0.value), position: $0.position)
                }
            }
            return section.value(of: item, key: key, at: item.position) { text throws(ValueError) in
                ExactString(try ContentTypeList.parsePattern(text))
            }
        }
        guard let types, !types.isEmpty else { return nil }
        for type in types {
            guard let name = ContentTypeList.registeredName(of: type.value.text) else { continue }
            section.log.warning(
                at: type.position, "\(type.value.text.quoted) is another name of \(name)", "write \(name), which allows both")
        }
        ContentTypeReader.checkOwners(of: endings, in: types.map(\.value.text), section.log)
        return ContentTypeList(patterns: types.map(\.value.text), endings: endings.mapValues { $0.map(\.value) })
    }

    /// Pages and pictures that run scripts when they are opened from the bucket's domain.
    private static let pages = ["text/html", "application/xhtml+xml", "image/svg+xml"]

    /// - Parameter isAttachment: whether browsers save the files, and do not open them
    private func warnOfTypes(_ section: Section, isAttachment: Bool) {
        guard let entry = section[Self.contentTypes.row.name] else { return }
        let nodes: [YAMLNode] = if case .list(let nodes) = entry.value.content { nodes } else { [] }
        for node in nodes {
            guard let type = Self.type(node) else { continue }
            if type == "*/*" {
                section.log.warning(
                    at: node.position, "*/* allows every type that no browser runs, also programs and archives",
                    "list the types that the app needs: [image/*, application/pdf]")
            } else if Self.pages.contains(type), !isAttachment {
                section.log.warning(
                    at: node.position,
                    "a file of the type \(type) can run scripts for everyone who opens it from the bucket's domain",
                    "remove the type, or write contentDisposition: attachment")
            }
        }
    }

    /// The type of an entry of `contentTypes`: a text, or a mapping with `type`.
    private static func type(_ node: YAMLNode) -> String? {
        switch node.content {
        case .text(let text): return text
        case .mapping(let entries):
            guard case .text(let text)? = entries.first(where: { $0.key == "type" })?.value.content else { return nil }
            return text
        default: return nil
        }
    }

    static let maxSize = Key<RuleReader, Located<Int>?>(
        "maxSize",
        takes: "size, 1 to 5GiB. There is no rule without a limit",
        standard: "required",
        example: "5MiB"
    ) { section, key, _ in
        section.required(key, "write the largest size that the rule allows, at most 5GiB: maxSize: 5MiB") {
            text throws(ValueError) in
            let bytes = try Quantity.size.parse(text)
            guard bytes <= UploadPolicy.maximumFileBytes else {
                throw ValueError("\(text.quoted) is more than S3 allows for one upload", "write at most 5GiB")
            }
            guard bytes > 0 else { throw ValueError("maxSize allows nothing", "write at least 1") }
            return bytes
        }
    }

    static let minSize = Key<RuleReader, Located<Int>?>(
        "minSize",
        takes: "size, 0 to `maxSize`",
        standard: "`1`: an empty file is refused",
        example: "0"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Quantity.size.parse(text) }
    }

    private func readSizes(_ section: Section) -> ClosedRange<Int>? {
        let most = Self.maxSize.read(from: section, self)
        let least = Self.minSize.read(from: section, self)
        guard let most else { return nil }
        let minimum = least?.value ?? 1
        guard minimum <= most.value else {
            section.log.problem(
                at: least?.position ?? most.position,
                "minSize is larger than maxSize (\(most.value) bytes)",
                "write a smaller minSize or a larger maxSize"
            )
            return nil
        }
        return minimum...most.value
    }

    static let declaredSize = Key<RuleReader, Located<DeclaredSize>?>(
        "declaredSize",
        takes: "`exact`, `atMost` or `ignored`: what the ticket is for if a request [declares a size](#sizes)",
        standard: "`exact`",
        example: "atMost"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, as: DeclaredSize.self, what: "a meaning of declared sizes")
        }
    }

    static let checksum = Key<RuleReader, ChecksumRule?>(
        "checksum",
        takes: "`required`: the request must send the file's SHA-256, which the store then compares; or a mapping: "
            + "[`rules.checksum`](#ruleschecksum)",
        standard: "a SHA-256 is optional",
        example: "required"
    ) { section, key, _ in
        guard let entry = section[key] else { return nil }
        if case .mapping = entry.value.content {
            return section.section(key, keys: ChecksumReader.keys.map(\.name)).map(ChecksumReader().read)
        }
        return section.value(key) { text throws(ValueError) in
            guard text == "required" else {
                throw ValueError(
                    "\(text.quoted) is not a value of checksum",
                    "write checksum: required, or {required: true, algorithms: [sha256]}, or remove the line")
            }
            return ChecksumRule.required
        }?.value
    }

    static let requireScope = Key<RuleReader, Located<String>?>(
        "requireScope",
        takes: "a scope that the token or API key must have",
        standard: "none",
        example: "uploads:write"
    ) { section, key, _ in
        section.value(key, Scope.parse)
    }

    static let issuers = Key<RuleReader, [Located<String>]?>(
        "issuers",
        takes: "list of the `name`s of issuers. The rule is only for their users, and for API keys with one of them as `issuer`",
        standard: "all",
        example: "[staff]"
    ) { section, key, _ in
        section.list(key) { text throws(ValueError) in try Identifier.parse(text, what: "an issuer's name") }
    }

    static let apiKeysOnly = Key<RuleReader, Located<Bool>?>(
        "apiKeysOnly", takes: "`true`: the rule is only for API keys", standard: "`false`", example: "true"
    ) { section, key, _ in
        section.flag(key)
    }
}

// MARK: How long and how often

extension RuleReader {
    static let expiry = Key<RuleReader, Located<Int>?>(
        "expiry",
        takes: "duration, 1s to 7d: how long a ticket can be used",
        standard: "`5m`",
        example: "15m"
    ) { section, key, _ in
        let expiry = section.value(key) { text throws(ValueError) in
            let seconds = try Quantity.duration.parse(text)
            guard (1...Int(PolicySigner.maximumLifetime)).contains(seconds) else {
                throw ValueError("a ticket cannot be valid for \(text.quoted)", "write 1s to 7d; the default is 5m")
            }
            return seconds
        }
        if let expiry, expiry.value > longestUsualExpiry {
            section.log.warning(
                at: expiry.position,
                "anyone who has a ticket can use it repeatedly, for more than \(longestUsualExpiry / 60) minutes",
                "write at most \(longestUsualExpiry / 60)m, and let clients request each ticket right before its upload"
            )
        }
        return expiry
    }

    /// In seconds. A ticket needs to be valid when the upload begins, not until it ends at a slow client's.
    private static let longestUsualExpiry = 900

    static let limits = Key<RuleReader, RuleLimits>(
        "limits",
        takes: "mapping: [`rules.limits`](#ruleslimits)",
        standard: "none",
        example: "{perUser: 60/1m, perTenant: 1000/1h}"
    ) { section, key, _ in
        guard let limits = section.section(key, keys: LimitsReader.keys.map(\.name)) else { return .none }
        return LimitsReader().read(limits)
    }
}

/// Reads a rule's `checksum` if it is a mapping.
struct ChecksumReader: Sendable {
    static let keys = [required.row, algorithms.row]

    private static let required = Key<ChecksumReader, Located<Bool>?>(
        "required", takes: "`true`: a request without a checksum is refused", standard: "`false`", example: "true"
    ) { section, key, _ in section.flag(key) }

    private static let algorithms = Key<ChecksumReader, [Located<String>]?>(
        "algorithms",
        takes: "list of `sha256`, `sha1`, `crc32`, `crc32c`, `crc64nvme` and `md5`: what a request may send",
        standard: "`[sha256]`",
        example: "[sha256, crc32c]"
    ) { section, key, _ in
        section.list(key) { text throws(ValueError) in
            try Choice.parse(text, as: ChecksumAlgorithm.self, what: "a checksum").rawValue
        }
    }

    func read(_ section: Section) -> ChecksumRule {
        if section.all.isEmpty {
            section.log.problem(
                at: section.position, "checksum is empty", "write required: true or algorithms: [sha256], or remove it")
        }
        let isRequired = Self.required.read(from: section, self)?.value ?? false
        let algorithms = Self.algorithms.read(from: section, self)?.compactMap { ChecksumAlgorithm(rawValue: $0.value) }
        return ChecksumRule(isRequired: isRequired, algorithms: algorithms ?? ChecksumRule.optional.algorithms)
    }
}

/// What reading a rule's templates needs.
struct TemplateReader: Sendable {
    let tenant: String
    let parameters: [UploadParameter]
}

extension KeyTemplate.Part {
    fileprivate var isParameter: Bool {
        if case .parameter? = placeholder { return true }
        return false
    }
}

/// Reads a rule's `limits`.
struct LimitsReader: Sendable {
    static let keys = [perUser.row, perTenant.row]

    private static let perUser = Key<LimitsReader, Located<RateLimit>?>(
        "perUser", takes: "rate, 1/1s to 1000000000/7d, for each user", standard: "none", example: "60/1m"
    ) { section, key, _ in section.value(key, RateLimit.parse) }

    private static let perTenant = Key<LimitsReader, Located<RateLimit>?>(
        "perTenant", takes: "rate, for all users of the tenant together", standard: "none", example: "1000/1h"
    ) { section, key, _ in section.value(key, RateLimit.parse) }

    func read(_ limits: Section) -> RuleLimits {
        let perUser = Self.perUser.read(from: limits, self)
        let perTenant = Self.perTenant.read(from: limits, self)
        if limits.all.isEmpty {
            limits.log.problem(at: limits.position, "limits is empty", "write perUser: 60/1m, or remove it")
        }
        return RuleLimits(perUser: perUser?.value, perTenant: perTenant?.value)
    }
}

/// A rule as far as it could be read: what checks across rules and files need is there even if the rest is wrong.
struct RuleDraft {
    let name: String?
    /// Nil if there is none.
    let store: StoreDraft?
    let prefix: Located<KeyTemplate>
    /// The default if the file has none; nil if the file's is wrong.
    let keyName: KeyTemplate?
    /// The names of the issuers whose users the rule is for; nil if the file has none.
    let issuers: [Located<String>]?
    /// Whether only API keys can use it.
    let apiKeysOnly: Bool
    /// Nil if a problem was logged.
    var rule: UploadRule?
}
