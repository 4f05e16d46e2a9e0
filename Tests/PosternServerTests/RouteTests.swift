// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PosternServer

struct RouteTests {
    @Test func `every metrics label has an index of its own`() {
        #expect(RequestLabel.allCases.map(\.index) == Array(0..<RequestLabel.allCases.count))
    }

    @Test func `a path has its route and no other`() {
        for route in Route.allCases where route != .other {
            #expect(Route(path: route.path) == route)
            #expect(Route(path: "\(route.path)/") == .other)
            #expect(Route(path: "/\(route.path)") == .other)
        }
        for path in ["", "other", "/V1/tickets", "/v1/tickets%2Fbatch", "*"] { #expect(Route(path: path) == .other) }
    }
}
