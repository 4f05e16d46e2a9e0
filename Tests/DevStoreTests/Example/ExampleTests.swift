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

    @Test func `the ticket command is one shell command that includes the request, quotes and all`() {
        let pair = CurlCommands(
            api: "http://127.0.0.1:8080",
            store: "http://127.0.0.1:9000/b/",
            token: "tok",
            rule: "images",
            file: "it's.png",
            contentType: "image/png"
        )
        #expect(pair.ticket.contains("http://127.0.0.1:8080/v1/tickets"))
        #expect(pair.ticket.contains("-H 'Authorization: Bearer tok'"))
        #expect(pair.ticket.contains(#"-d '{"rule":"images","filename":"it'\''s.png","contentType":"image/png"}'"#))
        #expect(pair.upload.hasSuffix(#"-F 'file=@"it'\''s.png"' http://127.0.0.1:9000/b/"#))
    }

    @Test func `the upload command passes exactly the ticket's fields to curl`() async throws {
        let folder = try TemporaryFolder()
        let ticket = #"""
            {"id":"1","method":"POST","url":"http://x/","fields":{"key":"a/b}.png","Content-Disposition":"attachment; filename=\"x\\y}\"","Policy":"e30="},"fileField":"file","key":"z"}
            """#
        try folder.write(ticket, to: "ticket.json")
        let pair = CurlCommands(api: "", store: "http://x/", token: "", rule: "", file: "f", contentType: "")
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.arguments = ["-c", pair.upload.replacing("curl -sS -i -K - ", with: "cat && : ")]
        let output = URL(filePath: try folder.write("", to: "output"))
        process.standardOutput = try FileHandle(forWritingTo: output)
        // `waitUntilExit` would hold one of the few threads that all tests share.
        let end = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in end.continuation.finish() }
        try process.run()
        for await _ in end.stream {}
        let text = try String(contentsOf: output, encoding: .utf8)
        #expect(
            text == #"""
                form-string = "key=a/b}.png"
                form-string = "Content-Disposition=attachment; filename=\"x\\y}\""
                form-string = "Policy=e30="

                """#
        )
    }
}
