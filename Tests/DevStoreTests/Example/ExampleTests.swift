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
        func commands(_ upload: CurlCommands.Upload) -> CurlCommands {
            CurlCommands(
                api: "http://127.0.0.1:8080", token: "tok", rule: "images", file: "it's.png", contentType: "image/png", by: upload
            )
        }
        let form = commands(.form)
        #expect(form.ticket.contains("http://127.0.0.1:8080/v1/tickets"))
        #expect(form.ticket.contains("-H 'Authorization: Bearer tok'"))
        #expect(form.ticket.contains(#"-d '{"rule":"images","filename":"it'\''s.png","contentType":"image/png"}'"#))
        #expect(form.upload.hasSuffix(#"curl -sS -i -K - -F 'file=@"it'\''s.png"'"#))
        let put = commands(.put(size: 7))
        #expect(put.ticket.contains(#"-d '{"rule":"images","filename":"it'\''s.png","contentType":"image/png","size":7}'"#))
        #expect(put.upload.hasSuffix(#"curl -sS -i -K - -T 'it'\''s.png'"#))
    }

    @Test func `the upload command passes exactly the ticket's URL and fields to curl`() async throws {
        let ticket = #"""
            {"id":"1","method":"POST","url":"http://x/b/","headers":{},"fields":{"key":"a/b}.png","Content-Disposition":"attachment; filename=\"x\\y}\"","Policy":"e30="},"fileField":"file","key":"z"}
            """#
        #expect(
            try await options(of: .form, ticket) == #"""
                url = "http://x/b/"
                form-string = "key=a/b}.png"
                form-string = "Content-Disposition=attachment; filename=\"x\\y}\""
                form-string = "Policy=e30="

                """#
        )
    }

    @Test func `the upload command for a PUT passes exactly the ticket's URL and header fields`() async throws {
        let ticket = #"""
            {"id":"1","method":"PUT","url":"http://x/b/k?a=%22b&X-Amz-Signature=0","headers":{"Content-Type":"text/plain","x-amz-meta-url":"\"url\":\"u\" {}"},"fields":{},"key":"z"}
            """#
        #expect(
            try await options(of: .put(size: 1), ticket) == #"""
                url = "http://x/b/k?a=%22b&X-Amz-Signature=0"
                header = "Content-Type: text/plain"
                header = "x-amz-meta-url: \"url\":\"u\" {}"

                """#
        )
    }

    /// What the upload command writes for curl's option `-K`.
    /// - Parameter ticket: as Postern writes it, without a line end
    private func options(of upload: CurlCommands.Upload, _ ticket: String) async throws -> String {
        let folder = try TemporaryFolder()
        try folder.write(ticket, to: "ticket.json")
        let pair = CurlCommands(api: "", token: "", rule: "", file: "f", contentType: "", by: upload)
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
        return try String(contentsOf: output, encoding: .utf8)
    }
}
