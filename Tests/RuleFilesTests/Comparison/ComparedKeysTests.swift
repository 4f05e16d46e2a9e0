// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuleFiles

struct ComparedKeysTests {
    private static let tables: [(title: String, declared: KeyTable, compared: [ComparedKey])] = [
        ("the file", TenantReader.keys, ComparedKeys.tenant),
        ("aliases", AliasReader.keys, ComparedKeys.alias),
        ("deny", DenialReader.keys, ComparedKeys.deny),
        ("store", StoreReader.keys, ComparedKeys.store),
        ("store.credentials", CredentialReader.keys, ComparedKeys.credentials),
        ("assumeRole", RoleReader.keys, ComparedKeys.role),
        ("auth", TenantReader.authKeys, ComparedKeys.auth),
        ("issuers", IssuerReader.keys, ComparedKeys.issuer),
        ("service-wide issuers", IssuerReader.serviceWideKeys, ComparedKeys.serviceIssuer),
        ("issuers.keys", KeySourceReader.keys, ComparedKeys.keySource),
        ("apiKeys", APIKeyReader.keys, ComparedKeys.apiKey),
        ("rules", RuleReader.keys, ComparedKeys.rule),
        ("contentTypes", ContentTypeReader.keys, ComparedKeys.contentType),
        ("limits", LimitsReader.keys, ComparedKeys.limits),
        ("encryption", EncryptionReader.keys, ComparedKeys.encryption),
        ("checksum", ChecksumReader.keys, ComparedKeys.checksum),
        ("metadata", MetadataReader.keys, ComparedKeys.metadata),
    ]

    @Test(arguments: tables)
    func `every declared key is compared, and no other`(title: String, declared: KeyTable, compared: [ComparedKey]) {
        #expect(declared.rows.map(\.name).sorted() == compared.map(\.name).sorted(), "\(title)")
    }

    @Test(arguments: tables)
    func `the defaults are those of the reference`(title: String, declared: KeyTable, compared: [ComparedKey]) {
        for key in compared {
            guard let standard = key.standard,
                case .value(let text, _)? = declared.rows.first(where: { $0.name == key.name })?.standard
            else { continue }
            let words = standard.split(separator: " ").joined(separator: ", ")
            #expect([words, "[\(words)]"].contains(text), "\(title): \(key.name)")
        }
    }
}
