// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing
import UserAuth

@testable import PosternServer

struct ProblemCodeTests {
    @Test func `openapi.yaml shows each code with its status and title`() throws {
        var shown: [String: String] = [:]
        var (title, status) = ("", "")
        for line in String(decoding: PackageResources.openapi_yaml, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "title": title = String(parts[1])
            case "status": status = String(parts[1])
            case "code": shown[String(parts[1])] = "\(status) \(title)"
            default: break
            }
        }
        for code in ProblemCode.allCases {
            #expect(shown[code.rawValue] == "\(code.status) \(code.title)")
        }
    }

    @Test(arguments: [
        (Rejection.malformed("No."), ProblemCode.invalidRequest, [ProblemDetails.Extra]()),
        (.headersTooLarge(limit: 16_384), .headersTooLarge, []), (.targetTooLong(limit: 8192), .headersTooLarge, []),
        (.bodyTooLarge(limit: 10), .bodyTooLarge, [.int("maxBytes", 10)]), (.timedOut(seconds: 9), .requestTimeout, []),
        (.tooManyConnections, .overloaded, []), (.outOfMemoryBudget, .overloaded, []),
    ])
    func `each rejection of a connection has its code`(
        _ rejection: Rejection, _ code: ProblemCode, _ extras: [ProblemDetails.Extra]
    ) {
        let problem = ProblemDetails(rejection)
        #expect(problem.code == code && problem.extras == extras && !problem.detail.isEmpty)
        #expect(problem.retryAfter == (code == .overloaded ? 1 : nil))
    }

    @Test(arguments: [
        (AuthenticationError.authorizationMissing, ProblemCode.unauthenticated, "Bearer"),
        (.schemeNotBearer, .unauthenticated, "Bearer"),
        (.authorizationRepeated, .unauthenticated, #"Bearer error="invalid_token""#),
        (.signatureInvalid, .unauthenticated, #"Bearer error="invalid_token""#),
        (.audienceMismatch, .unauthenticated, #"Bearer error="invalid_token""#),
        (.expirationMissing, .unauthenticated, #"Bearer error="invalid_token""#),
        (.apiKeyExpired, .unauthenticated, #"Bearer error="invalid_token""#),
        (.expired, .tokenExpired, #"Bearer error="invalid_token""#),
    ])
    func `a refused credential says only that it is invalid, or that it has expired`(
        _ error: AuthenticationError, _ code: ProblemCode, _ challenge: String
    ) {
        let response = ProblemDetails(error).response(requestID: "r1")
        #expect(ProblemDetails(error).code == code)
        #expect(response.status == 401 && response["WWW-Authenticate"] == challenge)
    }

    @Test func `missing keys are not the caller's fault`() {
        let problem = ProblemDetails(AuthenticationError.keysUnavailable(issuer: "https://id.example"))
        #expect(problem.code == .keysUnavailable && problem.challenge == nil)
    }

    @Test func `an unexpected error says nothing about itself`() {
        struct CanaryError: Error {}
        #expect(ProblemDetails(CanaryError()) == .internalError)
        #expect(ProblemDetails.internalError.code.status == 500)
    }

    @Test func `the fields of a response follow from the problem`() throws {
        let problem = ProblemDetails(
            .methodNotAllowed, detail: "No.", extras: [.strings("allowed", ["a"])], retryAfter: 7, allow: ["GET", "HEAD"])
        let response = problem.response(requestID: "r1")
        #expect(response.status == 405 && response["Allow"] == "GET, HEAD" && response["Retry-After"] == "7")
        #expect(response["WWW-Authenticate"] == nil)
        #expect(
            String(decoding: response.bytes, as: UTF8.self)
                == #"{"type":"urn:postern:problem:method-not-allowed","title":"The method is not allowed here","status":405,"detail":"No.","#
                + #""code":"method-not-allowed","requestId":"r1","allowed":["a"],"retryAfter":7}"#)
    }
}
