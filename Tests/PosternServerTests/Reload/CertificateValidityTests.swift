// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import PosternTestSupport
import RuleFiles
import Testing

@testable import PosternServer

struct CertificateValidityTests {
    private let day = 86_400.0

    private func message(days: Double, into validity: CertificateValidity) -> String? {
        validity.warning(at: validity.start + days * day)?.message
    }

    @Test(arguments: [(365.0, 351.0), (90, 76), (84, 70), (60, 50), (6, 5)])
    func `a certificate is warned of two weeks before its end, or in the last sixth of a short life`(
        life: Double, notice: Double
    ) {
        let validity = CertificateValidity(start: .january2027, end: .january2027 + life * day)
        #expect(message(days: 0, into: validity) == nil && message(days: notice - 0.01, into: validity) == nil)
        #expect(message(days: notice, into: validity)?.contains("expires soon") == true)
        #expect(message(days: life - 0.01, into: validity)?.contains("expires soon") == true)
        #expect(message(days: life, into: validity)?.contains("has expired") == true)
        #expect(message(days: -0.01, into: validity)?.contains("is not valid before 2027-01-15T08:00:00Z") == true)
    }

    @Test func `a file without a certificate has no validity`() throws {
        let folder = try TemporaryFolder()
        #expect(CertificateValidity(file: folder.path + "/none.pem") == nil)
        #expect(CertificateValidity(file: try folder.write("nonsense", to: "chain.pem")) == nil)
        #expect(CertificateValidity(file: try folder.write("", to: "empty.pem")) == nil)
    }

    @Test(.enabled(if: TestCertificate.canBeMade), .timeLimit(.minutes(5)))
    func `a certificate that expires soon, and open listeners, are warned of at the start`() async throws {
        let certificate = try await TestCertificate(for: "IP:127.0.0.1")
        let validity = try #require(CertificateValidity(file: certificate.path))
        #expect(abs(validity.end.timeIntervalSince(validity.start) - 2 * day) < 2)
        let folder = try TemporaryFolder()
        try folder.write(TestService.acme(keys: ["- {id: cms, sha256: \(String(repeating: "a", count: 64))}"]), to: "acme.yaml")
        var settings = ServiceSettings()
        settings.tenants = folder.path
        settings.environment = ["AWS_ACCESS_KEY_ID": TestService.accessKeyID, "AWS_SECRET_ACCESS_KEY": TestService.secret]
        settings.listen = ListenAddress(host: "0.0.0.0", port: 8080)
        settings.admin = ListenAddress(host: "::", port: 9090)
        func warnings(_ settings: ServiceSettings, at date: Date = Date()) async throws -> [String] {
            let clock = ServiceClock(now: { date }, uptime: { .zero })
            // Other tests may keep all threads busy for long.
            return try await ServiceState.load(
                settings, logger: LogRecorder().logger(), fetchTimeout: .seconds(600), clock: clock
            ).warnings
        }
        let plain = try await warnings(settings)
        #expect(plain.map { String($0.prefix(25)) } == ["listen is 0.0.0.0:8080, w", "admin is [::]:9090, which"])
        (settings.tlsCert, settings.tlsKey) = (certificate.path, certificate.key)
        settings.admin = ListenAddress(host: "127.0.0.1", port: 9090)
        #expect(try await !warnings(settings).contains { $0.contains("certificate") || $0.hasPrefix("listen") })
        let soon = try await warnings(settings, at: validity.end - 3600)
        #expect(soon.contains { $0.hasPrefix("the certificate of the public listener expires soon, at ") })
    }
}
