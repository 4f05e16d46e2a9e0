// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuleFiles
@testable import UploadRules

struct DeployedConfigurationTests {
    @Test func `the service accepts the configuration in deploy/`() throws {
        // <root>/Tests/RuleFilesTests/Loading/<this file>
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let configuration = try ServiceConfiguration.load(path: root + "/deploy/postern.yaml").get()
        #expect(configuration.listen?.description == "127.0.0.1:8080")
        #expect(configuration.trustedProxies.count == 2)
    }
}
