// SPDX-License-Identifier: Apache-2.0

/// One place that AWS's tools take credentials from.
package protocol CredentialProvider: Sendable {
    /// For operators; see ``ProvidedCredentials/provider``.
    var name: String { get }

    /// What it means that there are none here: a part of a sentence.
    var absence: String { get }

    /// Asks once, bounded in time. Nil where the place is not set up, so that the next one is asked; an error where it is and
    /// gives none, so that no ticket is signed with other credentials than the operator meant.
    /// - Parameter round: where the shared files are read, once for all providers that are asked
    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials?
}
