// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeySet {
    /// Reads a PEM file (RFC 7468) of one or several PUBLIC KEY or CERTIFICATE blocks.
    ///
    /// PEM has no place for a key's id. A single key needs none. In a file of several, a line `kid: …` before a block names its
    /// key; a key without that line has its JWK thumbprint (RFC 7638, SHA-256, base64url) as its id.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - algorithms: the issuer's, none of them symmetric.
    package static func pem(_ bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) -> KeySet {
        try requireAsymmetric(algorithms)
        guard bytes.count <= maximumLength else { throw .tooLarge(maximum: maximumLength) }
        let blocks = try PEMBlock.read(bytes)
        guard !blocks.contains(where: \.isPrivateKey) else { throw .privateKey }
        guard blocks.count <= maximumKeyCount else { throw .tooManyKeys(maximum: maximumKeyCount) }
        let candidates = blocks.enumerated().map { Candidate(reading: $1, position: $0 + 1, isAlone: blocks.count == 1) }
        try refuseDuplicateIDs(candidates.compactMap(\.id))
        return try making(candidates, for: algorithms)
    }
}

extension PEMBlock {
    /// Whether the block is a private key of any kind: PRIVATE KEY, ENCRYPTED PRIVATE KEY, RSA PRIVATE KEY, ….
    var isPrivateKey: Bool {
        let ending = "PRIVATE KEY".utf8
        return label.utf8.suffix(ending.count).elementsEqual(ending)
    }
}

extension KeySet.Candidate {
    /// Reads a key of a PEM file.
    fileprivate init(reading block: PEMBlock, position: Int, isAlone: Bool) {
        let material = Result { () throws(SkippedKey.Reason) in try block.material() }
        let thumbprint = isAlone ? nil : try? Base64URL.encode(material.get().thumbprint)
        let id = block.id ?? thumbprint
        let isTooLong = id.map { $0.utf8.count > JSONWebKey.maximumIDLength } ?? false
        self.position = position
        self.id = id
        self.key = isTooLong ? .failure(.idMalformed) : material.map { ($0, nil) }
    }
}
