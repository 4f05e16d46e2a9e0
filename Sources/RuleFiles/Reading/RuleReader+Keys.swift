// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

// Object keys, and the file names in them.

extension RuleReader {
    static let keyPrefix = Key<TemplateReader, Located<KeyTemplate>?>(
        "keyPrefix",
        takes: "[key template](#object-keys), 1 to 512 bytes; ends in `/`",
        shape: .text(.keyPrefix()),
        standard: .required,
        example: "avatars/{user}/"
    ) { section, key, reader in
        section.required(key, "write the folder of its files: keyPrefix: uploads/{user}/") { text throws(ValueError) in
            try KeyTemplate(parsing: text, as: .keyPrefix, tenant: reader.tenant, parameters: reader.parameters)
        }
    }

    static let keyName = Key<TemplateReader, Located<KeyTemplate>?>(
        "keyName",
        takes: "[key template](#object-keys), 1 to 512 bytes; does not end in `/`",
        shape: .text(.keyName()),
        standard: .value("{uuid}.{ext}"),
        example: "\"{uuid}-{filename}\""
    ) { section, key, reader in
        section.value(key) { text throws(ValueError) in
            try KeyTemplate(parsing: text, as: .keyName, tenant: reader.tenant, parameters: reader.parameters)
        }
    }

    static let filenames = Key<RuleReader, Located<FilenameForm.Characters>?>(
        "filenames",
        takes: "`ascii` or `unicode`: which letters of [file names](#file-names) are kept in keys",
        shape: .words(of: FilenameForm.Characters.self),
        standard: .value("ascii"),
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
        shape: .named(.parameterName, .words(of: UploadParameter.Kind.self), atMost: UploadParameter.limit),
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
    func checkParameters(
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
    }

    /// After a number of folders that the client chooses, no user's folder has a fixed place.
    func checkPath(_ prefix: Located<KeyTemplate>, _ keyName: Located<KeyTemplate>?, of section: Section) {
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

    static let defaultKeyName = try? KeyTemplate(parsing: "{uuid}.{ext}", as: .keyName, tenant: "")

    /// Reports keys without {uuid}: several uploads can have one key, and each of them replaces the one before.
    /// - Parameter keyName: the rule's own
    func checkReplacing(
        _ prefix: Located<KeyTemplate>, _ keyName: Located<KeyTemplate>, _ parameters: [Located<UploadParameter>],
        of section: Section
    ) {
        func uses(_ placeholder: KeyTemplate.Placeholder) -> Bool {
            prefix.value.uses(placeholder) || keyName.value.uses(placeholder)
        }
        if uses(.uuid) { return }
        if let parameter = parameters.first, !uses(.user) {
            section.log.warning(
                at: parameter.position,
                "the client chooses {\(parameter.value.name)}, so it does not say whose file it is",
                "add {uuid} to keyName, or /{user}/ to keyPrefix, so that nobody can replace the files of others")
        }
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
            // There is a warning at the parameter.
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
