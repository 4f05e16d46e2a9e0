// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import PosternTestSupport
import Testing

struct ExampleTests {
    private static let examples = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "examples")

    @Test func `the example tenant is byte for byte the file in examples/tenants`() throws {
        let file = try String(contentsOf: Self.examples.appending(path: "tenants/example.yaml"), encoding: .utf8)
        #expect(ExampleTenant.yaml() == file)
    }

    @Test func `the example tenant has the given values, and quotes a path that YAML could misread`() {
        let yaml = ExampleTenant.yaml(
            endpoint: "http://[::1]:9001",
            bucket: "b-1",
            publicKeyFile: "../my keys/# public.pem",
            origins: ["http://[::1]:8081", "http://localhost:8081"]
        )
        #expect(yaml.contains("\n  endpoint: http://[::1]:9001 #"))
        #expect(yaml.contains("\n        pemFile: \"../my keys/# public.pem\" #"))
        #expect(yaml.contains("\norigins:\n  - http://[::1]:8081\n  - http://localhost:8081\n  # Pages"))
        for port in [3000, 4200, 5173, 8000, 8080] {
            #expect(yaml.contains("  - http://localhost:\(port)\n  - http://127.0.0.1:\(port)\n"))
        }
    }

    @Test func `a rule file follows a store that has moved, and nothing else in it changes`() {
        let yaml = ExampleTenant.yaml(endpoint: "http://127.0.0.1:9000") + "# my own line: http://127.0.0.1:9000\n"
        let moved = ExampleTenant.moved(yaml, to: "http://127.0.0.1:9001")
        #expect(moved == ExampleTenant.yaml(endpoint: "http://127.0.0.1:9001") + "# my own line: http://127.0.0.1:9000\n")
        #expect(ExampleTenant.moved(yaml, to: "http://127.0.0.1:9000") == nil, "it is up to date")
        let own = yaml.replacing("  endpoint: http://127.0.0.1:9000 # any", with: "  endpoint: http://127.0.0.1:9000 # my")
        #expect(ExampleTenant.moved(own, to: "http://127.0.0.1:9001") == nil, "the line is someone's own")
    }

    @Test func `the commands are shell commands with the token and the request, quotes and all`() {
        func making(size: Int?) -> ExampleCommands {
            ExampleCommands(
                program: "/opt/my tools/postern", api: "http://127.0.0.1:8080", token: "tok", rule: "images", file: "it's.png",
                contentType: "image/png", size: size)
        }
        let commands = making(size: 7)
        #expect(
            commands.upload == #"""
                POSTERN_TOKEN=tok \
                  '/opt/my tools/postern' upload 'it'\''s.png' --rule images --url http://127.0.0.1:8080
                """#)
        #expect(
            commands.ticket == #"""
                curl -sS http://127.0.0.1:8080/v1/tickets \
                  -H 'Authorization: Bearer tok' \
                  -H 'Content-Type: application/json' \
                  -d '{"rule":"images","filename":"it'\''s.png","contentType":"image/png","size":7}'
                """#)
        #expect(!making(size: nil).ticket.contains("size"))
    }
}
