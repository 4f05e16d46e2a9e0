// SPDX-License-Identifier: Apache-2.0

/// The credentials after `Bearer` in an Authorization header, not yet verified.
enum BearerCredential {
    /// The longest header value, in bytes.
    static let maximumLength = 8 * 1024

    /// Finds the credential in the header's value (RFC 6750 section 2.1; RFC 9110 section 11.4): the scheme without regard to
    /// case, spaces, the rest.
    static func find(in value: UnsafeBufferPointer<UInt8>) throws(AuthenticationError) -> UnsafeRawBufferPointer {
        guard value.count <= maximumLength else { throw .authorizationTooLong }
        let scheme = "bearer".utf8
        guard
            value.count > scheme.count,
            value.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 }),
            value[scheme.count] == UInt8(ascii: " ")
        else { throw .schemeNotBearer }
        let rest = value[scheme.count...].drop { $0 == UInt8(ascii: " ") }
        return UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest))
    }

    /// Whether a credential is meant as an API key.
    static func isAPIKey(_ credential: UnsafeRawBufferPointer) -> Bool {
        credential.starts(with: APIKey.prefix.utf8)
    }
}
