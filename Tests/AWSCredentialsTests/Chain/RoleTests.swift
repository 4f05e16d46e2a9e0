// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Synchronization
import Testing

@testable import AWSCredentials

struct RoleTests {
    private static let role = CredentialResolverTests.role

    private let round = FakeServices().context().round

    private static func assumed(_ tenant: String, region: String = "eu-west-1") -> AssumedRole {
        AssumedRole(
            roleARN: role, externalID: "tenant-\(tenant)", sessionName: "postern-\(tenant)",
            sessionPolicy: #"{"Sid":"\#(tenant)"}"#, region: region)
    }

    @Test func `a tenant's role is assumed in its store's region with the session policy of its rules`() async throws {
        let services = FakeServices(handler: CredentialResolverTests.everyone)
        let context = services.context(CredentialResolverTests.keys)
        let provided = try await CredentialResolver(origin: .role(Self.assumed("acme")), context: context).refresh()
        #expect(provided.provider == "environment, role \(Self.role)")
        #expect(provided.credentials.accessKeyID == "ASIAEXAMPLE000000003")
        let request = try #require(services.requests.first)
        #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(request.header("authorization")?.contains("Credential=AKIDENVIRONMENT00001/20260101/eu-west-1/sts/") == true)
        #expect(request.form["ExternalId"] == "tenant-acme")
        #expect(request.form["RoleSessionName"] == "postern-acme")
        #expect(request.form["Policy"] == #"{"Sid":"acme"}"#)
        #expect(request.form["DurationSeconds"] == nil)
        #expect(!"\(provided)".contains(canary))
    }

    @Test func `the roles of many tenants share base credentials until shortly before their expiration`() async throws {
        let services = FakeServices(handler: CredentialResolverTests.everyone)
        let context = services.context()
        let standard = CredentialResolver(origin: .standard, context: context)
        let roles = (0..<20).map {
            CredentialResolver(origin: .role(Self.assumed("t\($0)")), context: context, standard: standard)
        }
        await withTaskGroup(of: Void.self) { group in
            for role in roles { group.addTask { _ = try? await role.refresh() } }
        }
        func metadataRequests() -> Int { services.requests.count { $0.url.contains("169.254.169.254") } }
        #expect(metadataRequests() == 3)
        #expect(services.requests.count { $0.url.contains("sts.") } == 20)
        services.pass(20_000)
        _ = try? await roles[0].refresh()
        #expect(metadataRequests() == 3)
        // The credentials of the metadata service end at 06:00, 21,300 seconds after the start.
        services.pass(1_100)
        _ = try? await roles[0].refresh()
        #expect(metadataRequests() == 5)
    }

    @Test func `base credentials that cannot be renewed are used until they expire`() async throws {
        let services = FakeServices(handler: CredentialResolverTests.everyone)
        let context = services.context()
        let standard = CredentialResolver(origin: .standard, context: context)
        _ = try await standard.refresh()
        services.answer { _ throws(OutgoingError) in throw .unreachable("refused") }
        services.pass(21_200)
        #expect(try await standard.current(in: context.round).provider == "instance metadata")
        services.pass(200)
        let found = await problem { () async throws(CredentialError) in try await standard.current(in: context.round) }
        #expect(found?.isUnavailable == true)
    }

    @Test func `the error of a role is that of its base credentials if there are none`() async {
        let context = FakeServices().context(CredentialResolverTests.off)
        let found = await problem { () async throws(CredentialError) in
            try await CredentialResolver(origin: .role(Self.assumed("a")), context: context).refresh()
        }
        #expect(found?.isConfiguration == true)
        #expect(found?.description.contains("no AWS credentials were found") == true)
    }

    @Test func `roles chained by profiles are assumed in turn, and the inner credentials are reused`() async throws {
        let config = """
            [profile outer]
            role_arn = arn:aws:iam::123456789012:role/outer
            source_profile = inner
            duration_seconds = 900
            external_id = id-1
            role_session_name = name-1
            region = eu-north-1
            [profile inner]
            role_arn = arn:aws:iam::123456789012:role/inner
            source_profile = base
            [profile base]
            aws_access_key_id = AKIDBASE
            aws_secret_access_key = CANARY
            """
        let services = FakeServices(
            files: [CredentialResolverTests.configFile: config], handler: CredentialResolverTests.everyone)
        let resolver = CredentialResolver(origin: .profile("outer"), context: services.context())
        #expect(try await resolver.refresh().provider == "profile outer, role arn:aws:iam::123456789012:role/outer")
        _ = try await resolver.refresh()
        let asked = services.requests.map { $0.form["RoleArn"]?.split(separator: "/").last.map(String.init) }
        #expect(asked == ["inner", "outer", "outer"])
        #expect(services.requests.allSatisfy { $0.url == "https://sts.eu-north-1.amazonaws.com/" })
        #expect(services.requests[0].header("authorization")?.contains("Credential=AKIDBASE/") == true)
        #expect(services.requests[1].header("authorization")?.contains("Credential=ASIAEXAMPLE000000003/") == true)
        #expect(services.requests[1].form["DurationSeconds"] == "900")
        #expect(services.requests[1].form["ExternalId"] == "id-1")
        #expect(services.requests[1].form["RoleSessionName"] == "name-1")
    }

    @Test(arguments: [
        ("Environment", "AKIDENVIRONMENT00001"), ("EcsContainer", "ASIAEXAMPLE000000001"),
        ("Ec2InstanceMetadata", "ASIAEXAMPLE000000002"),
    ])
    func `credential_source selects the base credentials of a profile's role`(source: String, key: String) async throws {
        let config = "[profile acme]\nrole_arn = \(Self.role)\ncredential_source = \(source)\n"
        let services = FakeServices(
            files: [CredentialResolverTests.configFile: config], handler: CredentialResolverTests.everyone)
        let variables = CredentialResolverTests.keys.merging(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]) { $1 }
        let provided = try await CredentialResolver(origin: .profile("acme"), context: services.context(variables)).refresh()
        #expect(provided.provider == "profile acme, role \(Self.role)")
        #expect(services.requests.last?.header("authorization")?.contains("Credential=\(key)/") == true)
    }

    @Test func `a credential_source without credentials is named in the error`() async {
        let config = "[profile acme]\nrole_arn = \(Self.role)\ncredential_source = Environment\n"
        let services = FakeServices(files: [CredentialResolverTests.configFile: config])
        let found = await problem { () async throws(CredentialError) in
            try await CredentialResolver(origin: .profile("acme"), context: services.context()).refresh()
        }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("AWS_ACCESS_KEY_ID") == true)
    }

    @Test func `a profile can use a process or a web identity`() async throws {
        let json = #"{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "CANARY"}"#
        let config = """
            [profile p]
            credential_process = printf '%s' '\(json)'
            [profile w]
            role_arn = \(Self.role)
            web_identity_token_file = /token
            """
        let services = FakeServices(
            files: [CredentialResolverTests.configFile: config, "/token": "a.b.c"], handler: CredentialResolverTests.everyone)
        let context = services.context(["PATH": "/usr/bin:/bin"])
        let process = try await CredentialResolver(origin: .profile("p"), context: context).refresh()
        #expect(process.provider == "profile p, credential_process")
        #expect(process.credentials.accessKeyID == "AKIDPROCESS")
        let web = try await CredentialResolver(origin: .profile("w"), context: context).refresh()
        #expect(web.provider == "profile w, web identity, role \(Self.role)")
    }

    @Test(.timeLimit(.minutes(5)))
    func `concurrent refreshes share one fetch`() async throws {
        let (begun, fetches, running) = (Counter(), Counter(), Counter())
        let gate = AsyncStream<Void>.makeStream()
        let credentials = SigningCredentials(accessKeyID: "A", secretAccessKey: canary)
        let kept = KeptCredentials(clock: FakeServices().context().clock) { _ async throws(CredentialError) in
            fetches.add(1)
            running.add(1)
            for await _ in gate.stream { break }
            running.add(-1)
            return ProvidedCredentials(credentials: credentials, provider: "test")
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    begun.add(1)
                    _ = try? await kept.refresh(in: round)
                }
            }
            while begun.count < 50 || running.count == 0, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
            // Fetches beside the first would begin about now.
            try? await Task.sleep(for: .milliseconds(200))
            gate.continuation.finish()
        }
        // One who came late may have begun another, but never beside the first.
        #expect(running.most == 1)
        let before = fetches.count
        _ = try await kept.current(in: round)
        #expect(fetches.count == before)
    }

    private final class Counter: Sendable {
        private let held = Mutex((count: 0, most: 0))
        var count: Int { held.withLock { $0.count } }
        var most: Int { held.withLock { $0.most } }
        @discardableResult
        func add(_ number: Int) -> Int {
            held.withLock {
                $0.count += number
                $0.most = max($0.most, $0.count)
                return $0.count
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a fetch is cancelled when the last waiting caller gives up, not when the first does`() async throws {
        let (begun, never) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let kept = KeptCredentials(clock: FakeServices().context().clock) { _ async throws(CredentialError) in
            begun.continuation.yield()
            for await _ in never.stream {}
            throw .unavailable(Task.isCancelled ? "it was ended" : "it was not ended")
        }
        let waiting = (0..<3).map { _ in
            Task { await problem { () async throws(CredentialError) in try await kept.refresh(in: round) } }
        }
        for await _ in begun.stream { break }
        for task in waiting { task.cancel() }
        await withTaskCancellationHandler {
            for task in waiting { #expect(await task.value == .unavailable("it was ended")) }
        } onCancel: {
            never.continuation.finish()
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a caller that gives up does not cancel the fetch for the others`() async throws {
        let (begun, gate) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let (fetches, wasEnded) = (Counter(), Counter())
        let credentials = SigningCredentials(accessKeyID: "A", secretAccessKey: canary)
        let kept = KeptCredentials(clock: FakeServices().context().clock) { _ async throws(CredentialError) in
            let isFirst = fetches.add(1) == 1
            begun.continuation.yield()
            for await _ in gate.stream { break }
            if isFirst, Task.isCancelled { wasEnded.add(1) }
            return ProvidedCredentials(credentials: credentials, provider: "test")
        }
        let first = Task { await problem { () async throws(CredentialError) in try await kept.refresh(in: round) } }
        for await _ in begun.stream { break }
        let second = Task { await problem { () async throws(CredentialError) in try await kept.refresh(in: round) } }
        try await Task.sleep(for: .milliseconds(20))
        second.cancel()
        gate.continuation.finish()
        #expect(await first.value == nil)
        #expect(wasEnded.count == 0)
    }

    @Test func `printing a role's credentials shows no secret`() async throws {
        let services = FakeServices(
            files: ["/token": "CANARY.b.c", CredentialResolverTests.credentialsFile: CredentialResolverTests.defaultKeys],
            handler: CredentialResolverTests.everyone)
        let context = services.context(CredentialResolverTests.keys)
        let files = SharedFiles(context: context, named: nil)
        let round = CredentialRound(files)
        _ = try round.configuration()
        let sts = STSAccess(context: context, fallbackRegion: nil)
        let plans = PlanProvider(files: files, sts: sts)
        let resolver = CredentialResolver(origin: .role(Self.assumed("acme")), context: context)
        var form = STSForm(action: "A")
        form.add("WebIdentityToken", canary)
        let parts: [Any] = [
            context, try await resolver.refresh(), resolver, resolver.trace, try sts.client(in: round), form, files, round, sts,
            plans.provider(for: .keys(accessKeyID: "A", secretAccessKey: canary, sessionToken: canary)),
            plans.provider(for: .process(command: "echo \(canary)")), plans.provider(for: .environment),
            plans.provider(
                for: .assumeRole(
                    roleARN: Self.role, externalID: nil, sessionName: nil, durationSeconds: nil,
                    base: .keys(accessKeyID: "A", secretAccessKey: canary, sessionToken: nil))),
            try #require(XMLAnswer(Array("<a>CANARY</a>".utf8))),
            ReceivedCredentials(accessKeyID: "A", secretAccessKey: canary, sessionToken: canary, expiration: nil),
        ]
        for part in parts {
            var dumped = ""
            dump(part, to: &dumped)
            #expect(!"\(part) \(String(reflecting: part)) \(dumped)".contains(canary), "\(type(of: part))")
        }
    }
}
