// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension ProfileReader {
    /// Whether one of the two keys is written.
    var hasStaticKeys: Bool { has("aws_secret_access_key") || has("aws_access_key_id") }

    /// The profile's access key; nil where `aws_access_key_id` is not written.
    func keys() throws(CredentialError) -> ProfilePlan? {
        guard let accessKeyID = try word("aws_access_key_id") else { return nil }
        if accessKeyID.isEmpty { throw problem("its aws_access_key_id is empty: write the key's id, or remove the line") }
        guard let secret = try word("aws_secret_access_key"), !secret.isEmpty else {
            throw problem("it has an aws_access_key_id and no aws_secret_access_key in the same file: write both there")
        }
        // The older name comes first, even where it is empty.
        let token = has("aws_security_token") ? try word("aws_security_token") : try word("aws_session_token")
        return .keys(accessKeyID: accessKeyID, secretAccessKey: secret, sessionToken: token == "" ? nil : token)
    }
}
