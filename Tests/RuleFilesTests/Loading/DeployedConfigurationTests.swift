// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuleFiles
@testable import UploadRules

struct DeployedConfigurationTests {
    @Test("the configuration in deploy/ is one that the service takes")
    func deployed() throws {
        // <root>/Tests/RuleFilesTests/Loading/<this file>
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let configuration = try ServiceSettings(file: root + "/deploy/postern.yaml")
        #expect(configuration.listen.description == "127.0.0.1:8080")
        #expect(configuration.trustedProxies.count == 2)
    }
}
