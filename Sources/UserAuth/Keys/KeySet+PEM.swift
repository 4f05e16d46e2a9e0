// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension KeySet {
    /// Reads a PEM file (RFC 7468) of one or several PUBLIC KEY or CERTIFICATE blocks.
    ///
    /// A single key needs no id. In a file of several, a line `kid: …` before a block is the id of its key, because PEM itself has
    /// none; without that line the id is the key's JWK thumbprint (RFC 7638, SHA-256, base64url).
    /// - Parameters:
    ///   - bytes: the file.
    ///   - algorithms: the issuer's algorithms, none of them symmetric.
    package init(pem bytes: [UInt8], algorithms: [Algorithm]) throws(KeySetError) {
        try Self.requireAsymmetric(algorithms)
        guard bytes.count <= Self.maximumLength else { throw .tooLarge(maximum: Self.maximumLength) }
        let blocks = try PEMBlock.blocks(in: bytes)
        guard !blocks.contains(where: \.isPrivateKey) else { throw .privateKey }
        guard blocks.count <= Self.maximumKeyCount else { throw .tooManyKeys(maximum: Self.maximumKeyCount) }
        let candidates = blocks.enumerated().map { Candidate(pem: $1, position: $0 + 1, isOnly: blocks.count == 1) }
        try Self.requireUniqueIDs(candidates)
        try self.init(candidates, algorithms: algorithms)
    }
}

extension PEMBlock {
    /// Whether the block is a private key in any format, for example PRIVATE KEY or RSA PRIVATE KEY.
    var isPrivateKey: Bool {
        let ending = "PRIVATE KEY".utf8
        return label.utf8.suffix(ending.count).elementsEqual(ending)
    }
}

extension KeySet.Candidate {
    fileprivate init(pem block: PEMBlock, position: Int, isOnly: Bool) {
        let material = Result { () throws(SkippedKey.Reason) in try block.material() }
        let thumbprint = isOnly ? nil : try? Base64URL.encode(material.get().thumbprint)
        let id = block.id ?? thumbprint
        let isTooLong = id.map { $0.utf8.count > JSONWebKey.maximumIDLength } ?? false
        self.position = position
        self.id = id
        self.key = isTooLong ? .failure(.idMalformed) : material.map { ($0, nil) }
    }
}

/// A block of a PEM file (RFC 7468), not decoded.
struct PEMBlock {
    /// The label after BEGIN, for example `PUBLIC KEY`.
    let label: String
    /// The block with its BEGIN and END lines.
    let text: String
    /// The id in a line `kid: …` before the block. RFC 7468 section 2 allows any text there.
    let id: String?

    /// Returns the blocks of a file.
    static func blocks(in bytes: [UInt8]) throws(KeySetError) -> [PEMBlock] {
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
    /// Returns the key in the block. Only the key of a certificate is used: the operator trusts the file, so its dates do not
    /// matter.
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

extension PEMBlock: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The label only: the block can be a private key.
    var description: String { "PEM block \(label)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
