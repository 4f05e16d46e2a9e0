// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// Reads one entry of a tenant's `rules`.
struct RuleReader {
    let tenant: String
    /// S3-compatible stores have storage classes and tags of their own; AWS's are known.
    let isAWS: Bool

    static let keys = [
        "keyPrefix", "keyName", "contentTypes", "maxSize", "minSize", "expiry", "acl", "storageClass", "encryption", "tags",
        "metadata", "cacheControl", "contentDisposition", "checksum", "successStatus", "successRedirect", "requireScope",
        "limits",
    ]
    /// S3's limit for one POST: 5 GiB.
    private static let largestFile = 5 << 30
    /// A SigV4 signing key is good for seven days.
    private static let longestExpiry = 7 * 86_400

    func read(_ entry: YAMLEntry, log: ProblemLog) -> RuleDraft? {
        let name = readName(entry, log: log)
        let title = "the rule \(entry.key.quoted)"
        guard let section = Section(entry.value, title: title, at: entry.keyPosition, keys: Self.keys, log: log) else {
            return nil
        }

        let prefix = section.required("keyPrefix", "write the folder of its files: keyPrefix: uploads/{user}/") {
            text throws(ValueError) in try KeyTemplate(parsing: text, as: .keyPrefix, tenant: tenant)
        }
        let keyName = section.value("keyName") { text throws(ValueError) in
            try KeyTemplate(parsing: text, as: .keyName, tenant: tenant)
        }
        let knownName = section["keyName"] == nil ? Self.defaultKeyName : keyName?.value
        if let prefix, section["keyName"] == nil || keyName != nil { checkOverwriting(prefix, keyName, of: section) }
        let types = readContentTypes(section)
        let sizes = readSizes(section)
        let expiry = section.value("expiry", Self.expiry)
        let acl = readACL(section)
        let storageClass = readStorageClass(section)
        let encryption = readEncryption(section)
        let tags = readTags(section)
        let metadata = readMetadata(section)
        let cacheControl = section.value("cacheControl") { text throws(ValueError) in
            try Self.headerValue(text, what: "cacheControl")
        }
        let disposition = section.value("contentDisposition") { text throws(ValueError) in
            try Choice.parse(text, as: DispositionType.self, what: "a disposition")
        }
        let checksum = section.value("checksum") { text throws(ValueError) in
            guard text == "required" else {
                throw ValueError("\(text.quoted) says nothing of checksums", "write checksum: required, or remove the line")
            }
            return true
        }
        let success = readSuccess(section)
        let scope = section.value("requireScope", Scope.parse)
        let limits = readLimits(section)

        guard let name, let prefix, let types, let sizes, let defaultName = Self.defaultKeyName else {
            return prefix.map { RuleDraft(name: name, prefix: $0, keyName: knownName, rule: nil) }
        }
        let rule = UploadRule(
            name: name,
            keyPrefix: prefix.value,
            keyName: keyName?.value ?? defaultName,
            contentTypes: types,
            sizes: sizes,
            expiry: expiry?.value ?? 300,
            storage: StorageSettings.of(
                acl: acl,
                storageClass: storageClass,
                encryption: encryption,
                tags: tags,
                metadata: metadata,
                cacheControl: cacheControl?.value,
                successStatus: success.status,
                successRedirect: success.redirect
            ),
            contentDisposition: disposition?.value,
            checksumRequired: checksum?.value ?? false,
            requireScope: scope?.value,
            limits: limits
        )
        if rule.storage.formCost > FormBudget.constants {
            log.problem(
                at: entry.keyPosition,
                "\(title) puts too much into each form: \(rule.storage.formCost) of \(FormBudget.constants) bytes",
                "shorten its tags, fixed metadata, cacheControl or successRedirect"
            )
        }
        return RuleDraft(name: name, prefix: prefix, keyName: knownName, rule: rule)
    }

    private static let defaultKeyName = try? KeyTemplate(parsing: "{uuid}.{ext}", as: .keyName, tenant: "")

    private func readName(_ entry: YAMLEntry, log: ProblemLog) -> String? {
        do throws(ValueError) {
            return try Identifier.parse(entry.key, what: "a name for a rule", underscores: true)
        } catch {
            log.problem(at: entry.keyPosition, error)
            return nil
        }
    }

    // MARK: Keys

    /// Without {uuid}, uploads meet at the same key.
    private func checkOverwriting(_ prefix: Located<KeyTemplate>, _ keyName: Located<KeyTemplate>?, of section: Section) {
        guard let keyName else { return }
        func uses(_ placeholder: Placeholder) -> Bool { prefix.value.uses(placeholder) || keyName.value.uses(placeholder) }
        if uses(.uuid) { return }
        switch (uses(.filename), uses(.user)) {
        case (true, true):
            break
        case (true, false):
            section.log.warning(
                at: keyName.position,
                "two users who send files of the same name overwrite each other's",
                "add {uuid} to keyName, or /{user}/ to keyPrefix"
            )
        case (false, true):
            section.log.warning(
                at: keyName.position,
                "every upload of a user replaces the one before",
                "add {uuid} or {filename} to keyName where this is not meant"
            )
        case (false, false):
            section.log.problem(
                at: keyName.position,
                "every upload overwrites the one before, whoever sends it",
                "add {uuid} or {filename} to keyName: \"{uuid}.{ext}\""
            )
        }
    }

    // MARK: What may be uploaded

    private func readContentTypes(_ section: Section) -> ContentTypeList? {
        guard section["contentTypes"] != nil else {
            section.missing("contentTypes", "list what may be uploaded: contentTypes: [image/png, image/jpeg]")
            return nil
        }
        guard let types = section.list("contentTypes", ContentTypeList.parsePattern), !types.isEmpty else { return nil }
        for type in types where type.value == "image/jpg" {
            section.log.warning(at: type.position, "browsers never send \(type.value.quoted)", "write image/jpeg, or both")
        }
        return ContentTypeList(patterns: types.map(\.value))
    }

    private func readSizes(_ section: Section) -> ClosedRange<Int>? {
        let most = section.required("maxSize", "write the largest file it takes, at most 5GiB: maxSize: 5MiB") {
            text throws(ValueError) in
            let bytes = try Quantity.size.parse(text)
            guard bytes <= Self.largestFile else {
                throw ValueError("\(text.quoted) is more than one upload can carry", "write at most 5GiB")
            }
            guard bytes > 0 else { throw ValueError("maxSize allows nothing", "write at least 1") }
            return bytes
        }
        let least = section.value("minSize") { text throws(ValueError) in try Quantity.size.parse(text) }
        guard let most else { return nil }
        // An empty file is hardly ever meant; a rule can say minSize: 0.
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

    private static func expiry(_ text: String) throws(ValueError) -> Int {
        let seconds = try Quantity.duration.parse(text)
        guard (1...longestExpiry).contains(seconds) else {
            throw ValueError("a ticket cannot hold for \(text.quoted)", "write 1s to 7d; the default is 5m")
        }
        return seconds
    }
}
