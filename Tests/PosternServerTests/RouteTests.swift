// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PosternServer

struct RouteTests {
    @Test func `each label has a place of its own among all`() {
        #expect(RequestLabel.allCases.map(\.index) == Array(0..<RequestLabel.allCases.count))
    }

    @Test func `a path finds its route and no other`() {
        for route in Route.allCases where route != .other {
            #expect(Route(path: route.path[...]) == route)
            #expect(Route(path: "\(route.path)/"[...]) == .other)
            #expect(Route(path: "/\(route.path)"[...]) == .other)
        }
        for path in ["", "other", "/V1/tickets", "/v1/tickets%2Fbatch", "*"] { #expect(Route(path: path[...]) == .other) }
    }
}
