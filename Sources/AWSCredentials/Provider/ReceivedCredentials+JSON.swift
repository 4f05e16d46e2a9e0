// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension ReceivedCredentials {
    /// Takes the members of a JSON answer.
    /// - Parameter tokenName: how the source calls the session token
    init(_ object: JSONObject, tokenName: String, from source: String) throws(CredentialError) {
        accessKeyID = try object.text("AccessKeyId", from: source)
        secretAccessKey = try object.text("SecretAccessKey", from: source)
        sessionToken = try object.text(tokenName, from: source)
        expiration = try object.text("Expiration", from: source)
    }
}

extension JSONObject {
    /// Reads an answer that must be one JSON object.
    /// - Parameter source: who gave the answer; begins the sentence of an error
    init(answer: [UInt8], from source: String) throws(CredentialError) {
        // The parser's own error may quote what it read.
        guard let value = try? JSONValue(parsing: answer), case .object(let object) = value else {
            throw .unavailable("\(source) gave an answer that is not a JSON object")
        }
        self = object
    }

    /// The text of a member; nil where it is absent or null.
    func text(_ name: String, from source: String) throws(CredentialError) -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw .unavailable("\(source) gave a value of \(name) that is not a string")
        }
    }
}
