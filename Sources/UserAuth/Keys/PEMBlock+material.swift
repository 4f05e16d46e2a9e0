// SPDX-License-Identifier: Apache-2.0

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
