// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

/// Why a request gets no ticket.
package enum Refusal: Error, Sendable, Hashable {
    /// The tenant has no rule of this name, or this caller may not use it.
    case ruleUnknown(allowed: [String])
    /// The caller may use several rules, or none, and the request names none.
    case ruleRequired(allowed: [String])
    /// The caller lacks the rule's scope.
    case scopeMissing(String)
    /// The attribute of this name is part of the rule's keys, and the caller has none.
    case claimMissing(String)
    /// The user is part of the rule's keys, and the request has none.
    case userRequired
    /// The content type is malformed, or the rule does not allow it.
    case contentTypeNotAllowed(RefusedType, allowed: [String])
    /// The declared size is above the rule's limit, in bytes.
    case sizeTooLarge(size: Int, max: Int)
    /// The declared size is below the rule's limit, in bytes.
    case sizeTooSmall(size: Int, min: Int)
    /// The rule's store needs the exact size, and the request has none.
    case sizeRequired
    /// The rule requires a checksum, and the request has none.
    case checksumRequired(allowed: [ChecksumAlgorithm])
    /// The rule does not allow a checksum of this algorithm, which is nil if there is none of the name.
    case checksumNotAllowed(ChecksumAlgorithm?, allowed: [ChecksumAlgorithm])
    /// The checksum is not the base64 of as many bytes as the algorithm has. `characters` is its length.
    case checksumMalformed(ChecksumAlgorithm, RequestedChecksum.Member, characters: Int)
    /// The rule does not allow metadata of this name, which is nil if it cannot be repeated.
    case metadataNotAllowed(name: MetadataName?, allowed: [String])
    /// A parameter is missing, wrong or unknown.
    case parameterInvalid(ParameterMistake)
    /// The key would be longer than `UploadPolicy.maximumKeyBytes`. `hasFilename` says whether the client's file name is in it.
    case keyTooLong(bytes: Int, hasFilename: Bool)
    /// The signed form would be larger than `SignedForm.maximumBytes`.
    case formTooLarge
    /// The header fields of a PUT would be larger than `PutUpload.maximumHeaderBytes`.
    case headersTooLarge
    /// A header field of a PUT would have a value that no header field carries.
    case headerImpossible
    /// The signed policy would be longer than the store takes, in bytes of base64.
    case policyTooLong(bytes: Int, max: Int)
    /// The request is invalid in another way. The sentence says what to do.
    case invalid(String, about: Subject = .request)

    /// What of a rule a request does not go with.
    package enum Subject: Sendable, Hashable {
        /// Nothing: no rule would take the request.
        case request
        /// The user, who is part of the key, of metadata or of a tag.
        case user
        /// The folders of the client's path, which are part of the key, of metadata or of a tag.
        case path
        case metadata
        case tags
    }

    /// What is wrong with the parameters of a request.
    package enum ParameterMistake: Sendable, Hashable {
        case missing(UploadParameter)
        case wrong(UploadParameter)
        case unknown(allowed: [UploadParameter])
    }

    /// What a rule that does not allow a content type understood.
    package enum RefusedType: Sendable, Hashable {
        /// None: the member is absent, or empty, as browsers give it for a file whose type they do not know.
        case unnamed(EndingHint)
        /// A text that is not a media type.
        case malformed
        /// A media type.
        case type(MediaTypeName, EndingHint = .none)
        /// A media type that a wildcard of the rule covers, and that the rule must name all the same, since browsers run it.
        case scriptCapable(MediaTypeName)
    }

    /// Why the ending of the file's name did not decide the type.
    package enum EndingHint: Sendable, Hashable {
        /// There is none, or it belongs to no type of the rule.
        case none
        /// The ending, which is one of a table or of the rule, belongs to several types of the rule.
        case several(ending: String, types: [String])
        /// The ending belongs to a type that browsers run, which a request must name.
        case scriptCapable(ending: String, type: String)
    }
}

extension Refusal {
    /// A plain sentence that says what to do.
    ///
    /// Of what the client sent it repeats numbers, a ``MediaTypeName`` and a ``MetadataName``, and no other text.
    package var detail: String {
        switch self {
        case .ruleUnknown(let allowed):
            allowed.isEmpty
                ? "There is no such rule, and this token or API key may use no rule of the tenant."
                : "There is no such rule; name one of: \(allowed.joined(separator: ", "))."
        case .ruleRequired(let allowed):
            allowed.isEmpty
                ? "This token or API key may use no rule of the tenant."
                : "Name a rule in \"rule\": one of \(allowed.joined(separator: ", "))."
        case .scopeMissing(let scope):
            "This rule needs the scope \"\(scope)\"; ask for a token that has it."
        case .claimMissing(let name):
            "This rule stores files by the claim that it calls \"\(name)\", which this token or API key does not have as a string of 1 to 256 bytes; ask for a token that has it."
        case .userRequired:
            "This rule stores files by user; send the id of the file's user as \"user\"."
        case .contentTypeNotAllowed(let type, let allowed):
            "\(type.sentence); allowed: \(allowed.joined(separator: ", "))."
        case .sizeTooLarge(let size, let max):
            "The file is too large: \"size\" is \(size), and the maximum in bytes is \(max)."
        case .sizeTooSmall(let size, let min):
            "The file is too small: \"size\" is \(size), and the minimum in bytes is \(min)."
        case .sizeRequired:
            "The store of this rule needs the exact size of the file; send it in bytes as \"size\"."
        case .checksumRequired([.sha256]):
            "This rule needs the file's SHA-256, and the request has none; send it in base64 as \"checksumSHA256\"."
        case .checksumRequired(let allowed):
            "This rule needs a checksum of the file, and the request has none; send \"checksum\" with its \"algorithm\", \(Self.choice(allowed)), and its \"value\" in base64."
        case .checksumNotAllowed(let algorithm, let allowed):
            "\(algorithm.map { "This rule takes no \($0.title)" } ?? "There is no checksum of this name"); "
                + "send \(Self.choice(allowed)) as the \"algorithm\" of \"checksum\"."
        case .checksumMalformed(let algorithm, let member, let characters):
            "\"\(member.rawValue)\" must be the base64 of the \(algorithm.byteCount) bytes of the file's \(algorithm.title): "
                + Self.checksumMistake(algorithm, characters)
        case .metadataNotAllowed(let name, let allowed):
            if allowed.isEmpty {
                "This rule allows no metadata; leave \"metadata\" out."
            } else {
                "\(name.map { "The metadata \"\($0.text)\"" } ?? "This metadata name") is not allowed; "
                    + "allowed: \(allowed.joined(separator: ", "))."
            }
        case .parameterInvalid(let mistake): mistake.sentence
        case .keyTooLong(let bytes, let hasFilename):
            "The key would have \(bytes) bytes, and S3 allows at most \(UploadPolicy.maximumKeyBytes): "
                + (hasFilename
                    ? "send a shorter file name or path." : "ask the operator to shorten 'keyPrefix' or 'keyName' of the rule.")
        case .formTooLarge:
            "The form would be larger than the 20 KB that S3 reads; send less metadata or a shorter file name."
        case .headersTooLarge:
            "The header fields of the upload would be larger than the 8 KB that S3 reads; send less metadata or a shorter file name."
        case .headerImpossible:
            "The upload would have a header field with characters that none can have; send another file name or other metadata."
        case .policyTooLong(let bytes, let max):
            "The policy would have \(bytes) bytes in base64, and this store takes at most \(max): send less metadata, a shorter file name "
                + "and no parameters of the content type, or ask the operator to shorten the rule's keys and constant fields."
        case .invalid(let sentence, _):
            sentence
        }
    }

    private static func choice(_ algorithms: [ChecksumAlgorithm]) -> String {
        let names = algorithms.map { "\"\($0.rawValue)\"" }
        return names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
    }

    private static func checksumMistake(_ algorithm: ChecksumAlgorithm, _ characters: Int) -> String {
        let bytes = algorithm.byteCount
        let expected = algorithm.characterCount
        let rule = "\(expected) characters, the last \(bytes % 3 == 2 ? "one" : "two") \"=\". This one has \(characters)"
        return switch characters {
        case expected: "\(rule), and is not the base64 of \(bytes) bytes."
        case 2 * bytes: "\(rule), as hexadecimal has: encode the bytes, not the hexadecimal digits."
        default: "\(rule)."
        }
    }

    /// What was understood and not allowed, in a normal form: a text that a response may repeat.
    package var understood: String? {
        switch self {
        case .contentTypeNotAllowed(.type(let name, _), _), .contentTypeNotAllowed(.scriptCapable(let name), _): name.text
        case .metadataNotAllowed(let name, _): name?.text
        default: nil
        }
    }
}

extension Refusal.ParameterMistake {
    fileprivate var sentence: String {
        switch self {
        case .missing(let parameter):
            "This rule needs the parameter \"\(parameter.name)\"; send \(parameter.kind.description) under this name in \"parameters\"."
        case .wrong(let parameter):
            "The parameter \"\(parameter.name)\" is not of the kind \(parameter.kind.rawValue); send \(parameter.kind.description)."
        case .unknown(let allowed):
            allowed.isEmpty
                ? "This rule has no parameters; leave \"parameters\" out."
                : "A parameter is not known to this rule; send only: \(allowed.map(\.name).joined(separator: ", "))."
        }
    }
}

extension Refusal.RefusedType {
    /// The beginning of a sentence, which the allowed types end.
    fileprivate var sentence: String {
        switch self {
        case .unnamed(.none):
            "No type was named: \"contentType\" is missing or empty, as browsers give it for a file that they do not know, "
                + "and the file's name does not tell the type; send the file's type as \"contentType\""
        case .unnamed(let hint):
            "No type was named: \"contentType\" is missing or empty\(hint.sentence)"
        case .malformed:
            "\"contentType\" is not a media type of the form type/subtype"
        case .type(let name, let hint):
            "\"\(name.text)\" may not be uploaded here\(hint.sentence)"
        case .scriptCapable(let name):
            "\"\(name.text)\" is allowed only if the rule names it, since browsers run such files"
        }
    }
}

extension Refusal.EndingHint {
    /// The rest of a sentence; empty if there is nothing to say.
    fileprivate var sentence: String {
        switch self {
        case .none:
            ""
        case .several(let ending, let types):
            ", and a file that ends in \".\(ending)\" can be \(types.joined(separator: " or ")); "
                + "send the right one as \"contentType\""
        case .scriptCapable(let ending, let type):
            ", and a file that ends in \".\(ending)\" counts as \(type), which browsers run, only if the request names it; "
                + "send \"\(type)\" as \"contentType\""
        }
    }
}

/// A media type without parameters, in lower case, as a response may repeat it.
package struct MediaTypeName: Sendable, Hashable {
    /// `type/subtype`: `[a-z0-9!#$&^_.+-]` and one slash, at most 255 bytes.
    package let text: String

    init(_ type: MediaType) {
        text = type.essence
    }

    /// - Returns: nil if the text is not a media type
    package init?(_ text: String) {
        guard let type = MediaType(text) else { return nil }
        self.init(type)
    }
}

/// A name of metadata that a client sent, in lower case, as a response may repeat it.
package struct MetadataName: Sendable, Hashable {
    /// `[a-z0-9_.-]`, 1 to 40 bytes: no longer, so that it is not a token or an API key.
    package let text: String

    /// - Returns: nil for any other text
    package init?(_ text: String) {
        let isName = text.utf8.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || "-_.".utf8.contains($0) }
        guard isName, (1...40).contains(text.utf8.count) else { return nil }
        self.text = text
    }
}
