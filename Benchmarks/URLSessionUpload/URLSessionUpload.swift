// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import PosternURLSession

/// `URLSessionUpload URL RULE FILE` uploads a file with the token in `POSTERN_TOKEN`, as an app does. Exits 1 if it is not stored, or
/// if its progress goes back.
@main
enum URLSessionUpload {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let endpoint = URL(string: arguments[1]) else {
            print("usage: URLSessionUpload URL RULE FILE")
            exit(64)
        }
        let token = ProcessInfo.processInfo.environment["POSTERN_TOKEN"] ?? ""
        let client = PosternClient(endpoint: endpoint, token: { _ in token }, transport: URLSessionTransport())
        let upload = client.upload(file: URL(fileURLWithPath: arguments[3]), rule: arguments[2])
        var sent: Int64 = -1
        for await progress in upload.progress {
            guard progress.sent > sent else {
                print("the progress went from \(sent) to \(progress.sent)")
                exit(1)
            }
            sent = progress.sent
        }
        do {
            print(try await upload.result.key)
        } catch {
            print(error)
            exit(1)
        }
    }
}
