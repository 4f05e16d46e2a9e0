// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The `credential_process` of a profile: a program that prints credentials ("Sourcing credentials with an external process").
/// The command is not run by a shell. The program's standard error is discarded, since it may contain secrets.
struct ProcessProvider: CredentialProvider {
    let command: String
    let profile: String
    let context: ProviderContext
    var timeout: Duration = .seconds(60)

    /// The maximum size of its output, in bytes.
    private static let limit = 65_536

    var name: String { "credential_process" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        let source = "the credential_process of the AWS profile \(profile)"
        guard let words = command.shellWords, let program = words.first, !program.isEmpty,
            words.allSatisfy({ !$0.utf8.contains(0) })
        else { throw .configuration("\(source) is not a command: it is empty, or has a quotation mark that is not closed") }
        let advice = "run it by hand, as the account of Postern, to see why"
        let outcome = await ChildProcess(words: words, variables: context.variables, timeout: timeout, limit: Self.limit).run()
        switch outcome {
        case .exited(0, let output): return try read(output, from: source)
        case .exited(let status, _): throw .unavailable("\(source) exited with status \(status): \(advice)")
        case .killed(let signal): throw .unavailable("\(source) was ended by signal \(signal): \(advice)")
        case .timedOut:
            throw .unavailable("\(source) did not exit within \(timeout.components.seconds) s, and was killed: \(advice)")
        case .tooLarge:
            throw .unavailable(
                "\(source) wrote more than \(Self.limit) bytes, and was killed: it must write only the JSON of the credentials")
        case .cancelled: throw .unavailable("\(source) was killed, since Postern is stopping")
        case .notStarted(let reason): throw .unavailable("\(source) cannot be started: \(reason)")
        }
    }

    private func read(_ output: [UInt8], from source: String) throws(CredentialError) -> ProvidedCredentials {
        let object = try JSONObject(response: output, from: source)
        guard case .number(let version) = object["Version"], version.integer == 1 else {
            throw .unavailable("\(source) returned a Version other than 1")
        }
        let credentials = try ReceivedCredentials(object, tokenName: "SessionToken", from: source)
            .validated(from: source, tokenName: "SessionToken", isTemporary: false)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }
}

extension ProcessProvider: CustomStringConvertible, CustomReflectable {
    /// Does not show the command, whose arguments may be secrets.
    var description: String { "ProcessProvider(\(profile))" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
