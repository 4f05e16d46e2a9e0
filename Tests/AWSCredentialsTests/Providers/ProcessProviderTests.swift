// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import AWSCredentials

/// Where a program must end by itself its timeout is ten minutes, however slow the machine is; a test that waits for what never
/// comes ends at its time limit.
@Suite(.timeLimit(.minutes(5)))
struct ProcessProviderTests {
    private static let path = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]

    private static func provider(_ command: String, timeout: Duration = .seconds(600), variables: [String: String] = path)
        -> ProcessProvider
    {
        ProcessProvider(command: command, profile: "acme", context: FakeServices().context(variables), timeout: timeout)
    }

    private static func run(
        _ script: String, timeout: Duration = .seconds(600), limit: Int = 65_536
    ) async -> ChildProcess.Outcome {
        await ChildProcess(words: ["sh", "-c", script], variables: path, timeout: timeout, limit: limit).run()
    }

    @Test func `the output of a program is read as credentials`() async throws {
        let json =
            #"{"Version": 1, "AccessKeyId": "AKID4", "SecretAccessKey": "CANARY", "SessionToken": "t", "Expiration": "2026-01-01T01:05:00+01:00"}"#
        let provided = try #require(try await Self.provider("printf '%s' '\(json)'").credentials())
        #expect(provided.credentials.accessKeyID == "AKID4")
        #expect(provided.credentials.secretAccessKey == "CANARY")
        #expect(provided.credentials.sessionToken == "t")
        #expect(provided.credentials.expiration == FakeServices.start)
    }

    @Test func `session token and expiration may be missing, null or empty`() async throws {
        for rest in ["", #", "SessionToken": null, "Expiration": null"#, #", "SessionToken": "", "Expiration": """#] {
            let json = #"{"Version": 1, "AccessKeyId": "AKID4", "SecretAccessKey": "CANARY"\#(rest)}"#
            let provided = try #require(try await Self.provider("printf '%s' '\(json)'").credentials())
            #expect(provided.credentials.sessionToken == nil)
            #expect(provided.credentials.expiration == nil)
        }
    }

    @Test(arguments: [
        "printf '%s' 'CANARY'", "printf '%s' '[]'", "true", "printf '%s' '{}'",
        #"printf '%s' '{"Version": 2, "AccessKeyId": "CANARY", "SecretAccessKey": "CANARY"}'"#,
        #"printf '%s' '{"Version": "1", "AccessKeyId": "CANARY", "SecretAccessKey": "CANARY"}'"#,
        #"printf '%s' '{"Version": 1, "AccessKeyId": "CANARY"}'"#,
        #"printf '%s' '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "b", "Expiration": "CANARY"}'"#,
        "sh -c 'echo CANARY >&2; echo CANARY; exit 3'", "sh -c 'kill -9 $$; echo CANARY'", "/nonexistent/CANARY",
        "/etc/passwd CANARY", "/tmp",
    ])
    func `other output is refused and not shown`(command: String) async {
        let found = await problem { () async throws(CredentialError) in try await Self.provider(command).credentials() }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("profile acme") == true)
        #expect(found?.description.contains(canary) == false)
    }

    @Test(arguments: ["", "  ", "'unfinished", "''"])
    func `an invalid command is a configuration error`(command: String) async {
        let found = await problem { () async throws(CredentialError) in try await Self.provider(command).credentials() }
        #expect(found?.isConfiguration == true)
    }

    @Test func `the error names the exit status`() async {
        let found = await problem { () async throws(CredentialError) in try await Self.provider("sh -c 'exit 42'").credentials()
        }
        #expect(found?.description.contains("status 42") == true)
    }

    @Test func `the command is not run by a shell`() async {
        let outcome = await ChildProcess(
            words: ["echo", "$HOME;`id`", "a  b"], variables: Self.path, timeout: .seconds(600), limit: 99
        ).run()
        #expect(outcome == .exited(status: 0, output: Array("$HOME;`id` a  b\n".utf8)))
    }

    @Test func `a program has Postern's environment, no input, no other descriptors and default signals`() async throws {
        // Neither is set to close when a program starts.
        let open = dup(0)
        defer { close(open) }
        signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, SIG_DFL) }
        let script = "cat; ls /proc/$$/fd; grep -E 'Sig(Ign|Blk)' /proc/$$/status | tr -d '\\n'"
        guard case .exited(0, let output) = await Self.run(script) else {
            Issue.record("it failed")
            return
        }
        let text = String(decoding: output, as: UTF8.self)
        let descriptors = text.split(separator: "\n").prefix { !$0.hasPrefix("Sig") }
        #expect(descriptors == ["0", "1", "2"])
        #expect(text.contains("SigBlk:\t0000000000000000"))
        // Signals 32 and 33 are glibc's own, and always ignored in a program that it starts.
        let ignored = text.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
        #expect(ignored.map { $0 & 0x7fff_ffff } == 0)
    }

    @Test func `a program that is too slow is killed with its children`() async throws {
        let folder = try TemporaryFolder()
        let mark = "\(folder.path)/mark"
        let program = "sh -c 'echo $$ > \(mark); exec sleep 3600' & sleep 3600"
        var timeout = Duration.milliseconds(250)
        var child: Int32?
        // On a slow machine the program may need more time until its child has begun.
        while child == nil {
            try #require(await Self.run(program, timeout: timeout) == .timedOut)
            timeout *= 2
            let text = (try? String(contentsOfFile: mark, encoding: .utf8)) ?? ""
            child = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        try await Self.hasGone(try #require(child))
    }

    /// Waits until a process runs no longer. Killed, it stays a zombie until the system's first process has taken note.
    private static func hasGone(_ process: Int32) async throws {
        while kill(process, 0) == 0 {
            let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            if status.contains("State:\tZ") { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `a program with too much output is killed`() async {
        #expect(await Self.run("yes CANARY", limit: 1000) == .tooLarge)
    }

    @Test func `output of exactly the limit is read completely`() async {
        let count = 300_000
        let outcome = await Self.run("head -c \(count) /dev/zero", limit: count)
        #expect(outcome == .exited(status: 0, output: [UInt8](repeating: 0, count: count)))
        #expect(await Self.run("head -c \(count + 1) /dev/zero", limit: count) == .tooLarge)
    }

    @Test func `the program is started under the name that was written, with the given variables`() async {
        var variables = Self.path
        variables["GIVEN"] = "a = b"
        // Subprocess would refuse to start a program with this one.
        variables["1DIGIT"] = "c"
        let script = #"echo "$0 $GIVEN ${HOME-none}""#
        let process = ChildProcess(words: ["sh", "-c", script], variables: variables, timeout: .seconds(600), limit: 999)
        #expect(await process.run() == .exited(status: 0, output: Array("sh a = b none\n".utf8)))
    }

    @Test func `the error of a program that cannot be started says why`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([0, 1, 2, 3], to: "file")
        #expect(chmod(file, 0o755) == 0)
        for (program, reason) in [
            ("no-such-program", "there is no such program in PATH, or the account of Postern may not run it"),
            (
                "/nonexistent/program",
                "there is no such program in PATH, or the account of Postern may not run it"
            ),
            ("/etc/passwd", "there is no such program in PATH, or the account of Postern may not run it"),
            (file, "it is not a program: does its first line begin with #! ?"),
        ] {
            let process = ChildProcess(words: [program], variables: Self.path, timeout: .seconds(600), limit: 99)
            #expect(await process.run() == .notStarted(reason: reason))
        }
    }

    @Test func `a background process that holds the output open is not waited for`() async throws {
        guard case .exited(status: 0, let output) = await Self.run("sleep 3600 & echo $!") else {
            Issue.record("it failed")
            return
        }
        let child = try #require(Int32(String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
        // It is still there: nobody has waited for its end.
        #expect(kill(child, SIGKILL) == 0)
    }

    @Test func `a program that closes its output early is waited for`() async {
        #expect(await Self.run("echo a; exec >&-; sleep 0.2; exit 5") == .exited(status: 5, output: Array("a\n".utf8)))
    }

    @Test func `cancelling the task kills the program and its children`() async throws {
        let folder = try TemporaryFolder()
        let mark = "\(folder.path)/mark"
        let task = Task { await Self.run("sleep 3600 & echo $! > \(mark).new; mv \(mark).new \(mark); sleep 3600") }
        while !FileManager.default.fileExists(atPath: mark) { try await Task.sleep(for: .milliseconds(20)) }
        task.cancel()
        #expect(await task.value == .cancelled)
        let text = try String(contentsOfFile: mark, encoding: .utf8)
        try await Self.hasGone(try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))))
    }

    @Test func `many runs leave no descriptors and no zombies`() async throws {
        func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        _ = await Self.run("true")
        let before = try descriptors()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { _ = await Self.run(number.isMultiple(of: 2) ? "true" : "sleep 9", timeout: .milliseconds(50)) }
            }
        }
        // Other tests run beside this one and open theirs: one a run would be 200.
        #expect(try descriptors() < before + 100)
        // Children of other tests may be zombies for a moment: those of these runs would be for good.
        var left = try Self.zombies()
        while !left.isEmpty {
            try await Task.sleep(for: .milliseconds(20))
            left.formIntersection(try Self.zombies())
        }
    }

    /// The children of this process that have ended and that nobody has taken note of.
    private static func zombies() throws -> Set<Substring> {
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        let lists = threads.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/children", encoding: .utf8) }
        return Set(lists.flatMap { $0.split(separator: " ") }).filter {
            (try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8))?.contains(") Z ") == true
        }
    }
}
