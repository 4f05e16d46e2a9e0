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

/// A block of a PEM file (RFC 7468), not decoded yet.
struct PEMBlock {
    /// The text after BEGIN, for example `PUBLIC KEY`.
    let label: String
    /// The block with its BEGIN and END lines.
    let text: String
    /// What a line `kid: …` before the block says. RFC 7468 section 5.2 allows any text between blocks.
    let id: String?

    /// Finds a file's blocks.
    static func read(_ bytes: [UInt8]) throws(KeySetError) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var id: String?
        var open: (label: String, lines: [String])?
        for rawLine in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let line = String(decoding: trimmed(rawLine), as: UTF8.self)
            if let (label, lines) = open {
                open = (label, lines + [line])
                guard let ended = content(of: line, after: "-----END ", before: "-----") else { continue }
                guard ended.hasSameBytes(as: label) else { throw .notPEM }
                blocks.append(PEMBlock(label: label, text: (lines + [line]).joined(separator: "\n"), id: id))
                (open, id) = (nil, nil)
            } else if let label = content(of: line, after: "-----BEGIN ", before: "-----") {
                open = (label, [line])
            } else if let value = content(of: line, after: "kid:", before: "") {
                id = String(decoding: trimmed(Array(value.utf8)[...]), as: UTF8.self)
            }
        }
        guard open == nil, !blocks.isEmpty else { throw .notPEM }
        return blocks
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let rest = line.drop(while: isBlank)
        guard let end = rest.lastIndex(where: { !isBlank($0) }) else { return [] }
        return rest[...end]
    }

    private static func content(of line: String, after start: String, before end: String) -> String? {
        let (line, start, end) = (Array(line.utf8), Array(start.utf8), Array(end.utf8))
        guard line.count >= start.count + end.count, line.starts(with: start), line.suffix(end.count).elementsEqual(end)
        else { return nil }
        return String(decoding: line[start.count..<(line.count - end.count)], as: UTF8.self)
    }
}

extension PEMBlock {
    /// The key in the block. Of a certificate only the key counts: the operator who names the file trusts it, whatever its dates say.
    func material() throws(SkippedKey.Reason) -> KeyMaterial {
        switch label {
        case "PUBLIC KEY":
            guard let key = AsymmetricKey(pem: text, .publicKey) else { throw .rejected }
            return try key.material()
        case "CERTIFICATE":
            guard let key = AsymmetricKey(pem: text, .certificate), let type = key.type, type != .ed25519 else {
                throw .certificateUnsupported
            }
            return try key.material()
        default:
            throw .labelUnsupported
        }
    }
}
