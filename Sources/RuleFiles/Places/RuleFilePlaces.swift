// SPDX-License-Identifier: Apache-2.0

import PostPolicy
package import UploadRules
package import UserAuth
import WireFormats

/// Finds the places in a tenant's file that decide about requests, for operators.
///
/// It judges nothing: it is told which check failed, and looks up the key that the check is about.
package struct RuleFilePlaces: Sendable {
    private let file: TenantFile
    private let root: YAMLNode

    /// Reads the file again, since only positions of problems are kept.
    /// - Throws: if it has changed meanwhile
    package init(_ file: TenantFile, files: RuleFileSystem = .local) throws(RuleFilesError) {
        let log = DiagnosticLog(file: file.path)
        let bytes = files.contents(of: file.path, log: log)
        guard let bytes, SHA256Digest(hashing: bytes) == file.digest, let root = YAMLReader.read(bytes, log: log) else {
            if log.problems.isEmpty { log.problem("the file has changed while it was read", "run the command again") }
            throw RuleFilesError(problems: log.problems)
        }
        self.file = file
        self.root = root
    }

    // MARK: Refusals

    /// The place of the key that refuses a request.
    /// - Parameters:
    ///   - rule: the rule that refuses it; nil if none was found
    ///   - name: the rule that the request names; nil if it names none
    package func place(
        of refusal: Refusal, by rule: UploadRule?, named name: String?, caller: Principal
    ) -> DecidingPlace {
        guard let rule else { return place(ofMissingRule: name, caller) }
        return place(of: refusal.key(in: rule))
    }

    /// The place of a rule.
    package func place(ofRule name: String) -> DecidingPlace { place(of: YAMLPath.rule(name)) }

    /// The line that keeps a rule from the caller, or the list of rules.
    private func place(ofMissingRule name: String?, _ caller: Principal) -> DecidingPlace {
        guard let name, let rule = file.tenant.rules.first(where: { $0.name.hasSameBytes(as: name) }) else {
            return place(of: .rules)
        }
        switch caller.restriction(of: rule) {
        case .apiKeysOnly: return place(of: .rule(rule.name).key("apiKeysOnly", of: RuleReader.keys))
        case .issuers: return place(of: .rule(rule.name).key("issuers", of: RuleReader.keys))
        case .rulesOfKey: return place(of: Self.apiKey(of: caller).key("rules", of: APIKeyReader.keys))
        case nil: return place(of: .rules)
        }
    }

    /// The place of the key with which a tenant refuses a caller; nil if only the request decides.
    /// - Parameter user: the user of the token, or whom the request of an API key names
    package func place(of error: AccessError, caller: Principal, user: String?) -> DecidingPlace? {
        let top = YAMLPath()
        switch error {
        case .tenantUnknown:
            // If the issuer counts for the tenant, the value of its tenant claim does not.
            guard case .token(let identity) = caller.source, identity.isServiceWide,
                file.serviceIssuers.accept(identity.issuerName)
            else { return place(of: top.key("serviceIssuers", of: TenantReader.keys)) }
            return place(of: top.key("aliases", of: TenantReader.keys))
        case .tenantSuspended: return place(of: top.key("suspended"))
        case .issuedTooEarly: return place(of: top.key("deny").key("issuedBefore"))
        case .userDenied: return place(of: top.key("deny").key("users") + .text(user ?? ""))
        case .originNotAllowed: return place(of: top.key("origins", of: TenantReader.keys))
        case .userMissing, .userNotAllowed:
            return place(of: Self.apiKey(of: caller).key("allowUsers", of: APIKeyReader.keys))
        case .userNamedByToken, .userInvalid: return nil
        }
    }

    private static func apiKey(of caller: Principal) -> YAMLPath {
        guard case .apiKey(let key) = caller.source else { return YAMLPath().key("auth").key("apiKeys") }
        return .apiKey(key.id)
    }

    /// The place of the key with which an issuer's entry or an API key refuses a caller; nil if there is none in this file.
    /// - Parameters:
    ///   - issuer: an issuer that the file declares; nil for another
    ///   - keyID: the id of the API key, if it is one
    package func place(of error: AuthenticationError, issuer: Issuer?, keyID: String?) -> DecidingPlace? {
        switch error {
        case .issuedTooEarly: return place(of: YAMLPath().key("deny").key("issuedBefore"))
        case .apiKeyExpired: return keyID.map { place(of: .apiKey($0).key("expires", of: APIKeyReader.keys)) }
        default: break
        }
        guard let issuer, let draft = file.file.draft.issuers.first(where: { $0.issuer == issuer }) else { return nil }
        let entry = YAMLPath().key("auth").key("issuers") + .at(draft.position)
        return switch error {
        case .issuerEnded: place(of: entry.key("until", of: IssuerReader.keys))
        case .requiredClaimMissing(let name), .requiredClaimMismatch(let name):
            place(of: entry.key("claims") + .key(name))
        case .userMissing, .userMalformed: place(of: entry.key("user", of: IssuerReader.keys))
        default: place(of: entry.key("issuer"))
        }
    }

    // MARK: Places

    private func place(of path: YAMLPath) -> DecidingPlace {
        let found = find(path)
        let name = path.steps.last?.name ?? ""
        let parent = path.steps.dropLast().last?.name
        let text: String
        switch path.steps.last {
        case _ where !found.isWritten:
            text =
                "\(parent.map { "\($0) has no \(name)" } ?? "the file has no \(name)")"
                + (path.row.map { "; the default is: \($0.plainStandard)" } ?? "")
        case .text: text = "\(parent ?? ""): \(found.value.flow)"
        case _ where path.isSection: text = "\(name):"
        default: text = "\(name): \(found.value.flow)"
        }
        return DecidingPlace(
            file: file.path, line: found.position.line, column: found.position.column,
            key: path.steps.map(\.name).joined(separator: "."), text: text, isDefault: !found.isWritten)
    }

    /// Follows a path as far as the file has it.
    private func find(_ path: YAMLPath) -> (position: YAMLPosition, value: YAMLNode, isWritten: Bool) {
        var reached = (position: YAMLPosition.start, value: root)
        for step in path.steps {
            guard let next = step.next(in: reached.value) else { return (reached.position, reached.value, false) }
            reached = next
        }
        return (reached.position, reached.value, true)
    }
}

extension YAMLPath {
    /// All rules.
    static let rules = {
        var path = YAMLPath().key("rules")
        path.isSection = true
        return path
    }()

    /// A rule.
    static func rule(_ name: String) -> YAMLPath {
        var path = YAMLPath().key("rules").key(name)
        path.isSection = true
        return path
    }

    static func apiKey(_ id: String) -> YAMLPath { YAMLPath().key("auth").key("apiKeys") + .entry("id", id) }

    /// The store of a rule.
    static func store(of rule: UploadRule) -> YAMLPath {
        rule.store.name.map { YAMLPath().key("stores").key($0) } ?? YAMLPath().key("store")
    }
}

extension KeyRow {
    /// The default without the marks of Markdown.
    fileprivate var plainStandard: String {
        standard.markdown.filter { $0 != "`" && $0 != "*" }
    }
}

// MARK: Which key a refusal is about

extension Refusal {
    /// The key of a rule, or of its store, that refuses a request.
    fileprivate func key(in rule: UploadRule) -> YAMLPath {
        let path = YAMLPath.rule(rule.name)
        func key(_ name: String) -> YAMLPath { path.key(name, of: RuleReader.keys) }
        func checksum(_ name: String) -> YAMLPath {
            // A rule that differs from the defaults in the algorithms, or requires none of them, has a mapping.
            rule.checksum == .required || rule.checksum == .optional
                ? key("checksum") : key("checksum").key(name, of: ChecksumReader.keys)
        }
        switch self {
        case .ruleUnknown, .ruleRequired: return path
        case .scopeMissing: return key("requireScope")
        case .claimMissing(let name): return rule.key { $0 == .claim(name) }
        case .userRequired: return rule.key { $0 == .user }
        case .contentTypeNotAllowed: return key("contentTypes")
        case .sizeTooLarge: return key("maxSize")
        case .sizeTooSmall: return key("minSize")
        case .sizeRequired: return YAMLPath.store(of: rule).key("method", of: StoreReader.keys)
        case .checksumRequired: return checksum("required")
        case .checksumNotAllowed, .checksumMalformed: return checksum("algorithms")
        case .metadataNotAllowed: return key("metadata").key("allowed", of: MetadataReader.keys)
        case .parameterInvalid(let mistake):
            return switch mistake {
            case .missing(let parameter), .wrong(let parameter): key("parameters").key(parameter.name)
            case .unknown: key("parameters")
            }
        case .keyTooLong(_, let hasFilename):
            return hasFilename ? rule.key { $0 == .filename || $0 == .path } : key("keyPrefix")
        case .policyTooLong: return YAMLPath.store(of: rule).key("maxPolicyBytes", of: StoreReader.keys)
        case .headerImpossible, .formTooLarge, .headersTooLarge: return path
        case .invalid(_, let subject):
            return switch subject {
            case .request: path
            case .user: rule.key { $0 == .user }
            case .path: rule.key { $0 == .path }
            case .metadata: key("metadata")
            case .tags: key("tags")
            }
        }
    }
}

extension UploadRule {
    /// The first key of the rule whose value has a placeholder, in the order in which they are filled in.
    fileprivate func key(using matches: (KeyTemplate.Placeholder) -> Bool) -> YAMLPath {
        let path = YAMLPath.rule(name)
        func uses(_ template: FieldTemplate) -> Bool {
            template.parts.contains { if case .placeholder(let placeholder) = $0 { matches(placeholder) } else { false } }
        }
        if keyPrefix.parts.contains(where: { $0.placeholder.map(matches) ?? false }) {
            return path.key("keyPrefix", of: RuleReader.keys)
        }
        if keyName.parts.contains(where: { $0.placeholder.map(matches) ?? false }) {
            return path.key("keyName", of: RuleReader.keys)
        }
        if let tag = storage.tags.first(where: { uses($0.value) }) { return path.key("tags").key(tag.key) }
        if let field = storage.metadata.computed.first(where: { uses($0.value) }) {
            return path.key("metadata").key("fixed") + .metadata(String(field.name.dropFirst(MetadataRule.prefix.count)))
        }
        return path
    }
}
