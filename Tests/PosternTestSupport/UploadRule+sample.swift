// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
package import UploadRules

extension UploadRule {
    /// Returns a rule of the tenant `acme` for PNG and JPEG files of up to 5 MiB, with a rule file's defaults for the rest.
    package static func sample(
        _ name: String = "avatars",
        store: Store? = nil,
        keyPrefix: String = "avatars/{user}/",
        keyName: String = "{uuid}.{ext}",
        filenames: FilenameForm.Characters = .ascii,
        parameters: [UploadParameter] = [],
        contentTypes: [String] = ["image/png", "image/jpeg"],
        endings: [String: [String]] = [:],
        sizes: ClosedRange<Int> = 1...5_242_880,
        storage: StorageSettings? = nil,
        contentDisposition: DispositionType? = nil,
        declaredSize: DeclaredSize = .exact,
        expiry: Int = 300,
        checksum: ChecksumRule = .optional,
        requireScope: String? = nil,
        limits: RuleLimits = .none
    ) throws -> UploadRule {
        UploadRule(
            name: name,
            store: try store ?? .sample(),
            keyPrefix: try KeyTemplate(parsing: keyPrefix, as: .keyPrefix, tenant: "acme", parameters: parameters),
            keyName: try KeyTemplate(parsing: keyName, as: .keyName, tenant: "acme", parameters: parameters),
            filenames: filenames,
            parameters: parameters,
            contentTypes: ContentTypeList(patterns: contentTypes, endings: endings),
            sizes: sizes,
            declaredSize: declaredSize,
            expiry: expiry,
            storage: storage ?? .sample(),
            contentDisposition: contentDisposition,
            checksum: checksum,
            requireScope: requireScope,
            limits: limits)
    }
}

extension Store {
    /// Returns a store on AWS.
    package static func sample(
        _ name: String? = nil, bucket: String = "acme-uploads", maxPolicyBytes: Int? = nil
    ) throws(EndpointError) -> Store {
        Store(name: name, endpoint: try StoreEndpoint(bucket: bucket, region: "eu-west-1"), maxPolicyBytes: maxPolicyBytes)
    }
}

extension StorageSettings {
    /// Returns settings with a rule file's defaults for what is left out.
    package static func sample(
        acl: String? = nil, storageClass: String? = nil, encryption: Encryption? = nil, tags: [Tag] = [],
        metadata: MetadataRule = .none, cacheControl: String? = nil, contentEncoding: String? = nil,
        contentLanguage: String? = nil, mustBeNew: Bool = false, method: UploadMethod = .post, successStatus: Int = 201,
        successRedirect: String? = nil
    ) -> StorageSettings {
        .of(
            acl: acl, storageClass: storageClass, encryption: encryption, tags: tags, metadata: metadata,
            cacheControl: cacheControl, contentEncoding: contentEncoding, contentLanguage: contentLanguage, mustBeNew: mustBeNew,
            method: method, successStatus: successStatus, successRedirect: successRedirect)
    }
}

extension RuleLimits {
    /// Returns limits of texts such as `60/1m`.
    package static func sample(perUser: String? = nil, perTenant: String? = nil) throws -> RuleLimits {
        RuleLimits(perUser: try perUser.map(RateLimit.parse), perTenant: try perTenant.map(RateLimit.parse))
    }
}
