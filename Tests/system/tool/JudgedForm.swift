// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PostPolicy
import WireFormats

/// One line of the input of `judge`.
struct JudgedForm {
    let fields: [FormField]
    let fileSize: Int
    let filename: String?
    private let known: SigningCredentials?

    init(_ line: String) throws {
        guard case .object(let object) = try JSONValue(parsing: Array(line.utf8)),
            case .array(let fields) = object["fields"], case .number(let size) = object["fileSize"], let bytes = size.integer
        else { throw ValidationError("Each line is an object with 'fields' and 'fileSize'.") }
        self.fields = try fields.map { field in
            guard case .array(let pair) = field, pair.count == 2, case .string(let name) = pair[0],
                case .string(let value) = pair[1]
            else {
                throw ValidationError("Each field is [\"name\", \"value\"].")
            }
            return FormField(name: name, value: value)
        }
        fileSize = bytes
        if case .string(let name) = object["filename"] { filename = name } else { filename = nil }
        if case .object(let credentials) = object["credentials"], case .string(let id) = credentials["accessKeyId"],
            case .string(let secret) = credentials["secretAccessKey"]
        {
            var token: String?
            if case .string(let text) = credentials["sessionToken"] { token = text }
            known = SigningCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token, expiration: nil)
        } else {
            known = nil
        }
    }

    func credentials(_ accessKeyID: String) -> SigningCredentials? {
        known.flatMap { $0.accessKeyID == accessKeyID ? $0 : nil }
    }
}
