// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import WireFormats

/// The token in a web identity's file.
enum WebIdentityToken {
    /// The longest that STS takes (`AssumeRoleWithWebIdentity`, "WebIdentityToken").
    private static let longest = 20_000

    static func read(_ path: String, _ context: ProviderContext) throws(CredentialError) -> String {
        let bytes: [UInt8]
        do throws(FileReadError) { bytes = try context.readFile(LocalFile(path)) } catch {
            throw .unavailable("the web identity token file \(path) cannot be used: \(error)")
        }
        // An editor's line break at the end is no part of a token.
        let token = String(decoding: bytes, as: UTF8.self).trimmingLineBreaks
        guard !token.isEmpty else { throw .unavailable("the web identity token file \(path) is empty") }
        guard token.isVisibleASCII, (4...longest).contains(token.utf8.count) else {
            throw .unavailable(
                "the web identity token file \(path) holds no token: it is too short, too long, or not one word of ASCII")
        }
        return token
    }
}

extension String {
    /// Without line breaks and spaces at the end.
    fileprivate var trimmingLineBreaks: String {
        var bytes = Array(utf8)
        while let last = bytes.last, last == 0x0a || last == 0x0d || last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
