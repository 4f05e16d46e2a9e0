// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The `credential_process` of a profile: a program that prints credentials ("Sourcing credentials with an external process").
/// No shell reads the command. What the program writes to its standard error is discarded: it may be a secret.
struct ProcessCredentials: CredentialProvider {
    let command: String
    let profile: String
    let context: ProviderContext
    var timeout: Duration = .seconds(60)

    private static let limit = 65_536

    var name: String { "credential_process" }
    var absence: String { "no command is written" }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        let source = "the credential_process of the AWS profile \(profile)"
        guard let words = try? ShellWords.split(command), let program = words.first, !program.isEmpty,
            words.allSatisfy({ !$0.utf8.contains(0) })
        else { throw .configuration("\(source) is no command: it is empty, or a quotation in it has no end") }
        let outcome = await ChildProcess(words: words, variables: context.variables, timeout: timeout, limit: Self.limit).run()
        switch outcome {
        case .exited(0, let output): return try read(output, from: source)
        case .exited(let status, _): throw .unavailable("\(source) ended with status \(status): run it by hand to see why")
        case .killed(let signal): throw .unavailable("\(source) was ended by signal \(signal): run it by hand to see why")
        case .timedOut: throw .unavailable("\(source) did not end within \(timeout.components.seconds) s, and was killed")
        case .tooLarge: throw .unavailable("\(source) wrote more than \(Self.limit) bytes, and was killed")
        case .cancelled: throw .unavailable("\(source) was killed, since Postern ends")
        case .notStarted(let reason): throw .unavailable("\(source) cannot be started: \(reason)")
        }
    }

    private func read(_ output: [UInt8], from source: String) throws(CredentialError) -> ProvidedCredentials {
        let object = try JSONObject(answer: output, from: source)
        guard case .number(let version) = object["Version"], version.integer == 1 else {
            throw .unavailable("\(source) gave an answer whose Version is not 1")
        }
        let credentials = try ReceivedCredentials(object, tokenName: "SessionToken", from: source)
            .checked(from: source, tokenName: "SessionToken", isTemporary: false)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }
}

extension ProcessCredentials: CustomStringConvertible, CustomReflectable {
    /// Nothing of the command: its arguments may be secrets.
    var description: String { "ProcessCredentials(\(profile))" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
