// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

extension UploadRequest {
    /// Reads what a client asks for. Members that are not known are refused: a misspelt `size` must not become no size.
    /// - Throws: `invalid-request` with the member's name and what to send.
    init(_ value: JSONValue) throws(ProblemDetails) {
        guard case .object(let object) = value else {
            throw ProblemDetails(
                .invalidRequest,
                detail:
                    "The body must be a JSON object such as {\"rule\": \"avatars\", \"contentType\": \"image/png\", \"size\": 48213}."
            )
        }
        var fields = MemberReader(object)
        let rule = try fields.string("rule")
        let filename = try fields.string("filename")
        guard let contentType = try fields.string("contentType") else {
            throw ProblemDetails(
                .invalidRequest,
                detail: "The member 'contentType' is required: the media type of the file, such as \"image/png\".")
        }
        let size = try fields.size("size")
        let checksum = try fields.string("checksumSHA256")
        let metadata = try fields.stringMap("metadata")
        let user = try fields.string("user")
        try fields.refuseOthers()
        self.init(
            rule: rule,
            filename: filename,
            contentType: contentType,
            size: size,
            checksumSHA256: checksum,
            metadata: metadata,
            user: user
        )
    }
}
