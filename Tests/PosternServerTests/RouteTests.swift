// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PosternServer

struct RouteTests {
    @Test func `each route has a place of its own among all`() {
        #expect(Route.allCases.map(\.place).sorted() == Array(0..<Route.allCases.count))
        for route in Route.allCases {
            #expect(Route.allCases.filter { $0 == route } == [route])
            #expect(Set(Route.allCases).contains(route))
        }
    }

    @Test func `a path finds its route and no other`() {
        for route in Route.allCases where route != .other {
            #expect(Route(path: route.rawValue[...]) == route)
            #expect(Route(path: "\(route.rawValue)/"[...]) == .other)
            #expect(Route(path: "/\(route.rawValue)"[...]) == .other)
        }
        for path in ["", "other", "/V1/tickets", "/v1/tickets%2Fbatch", "*"] { #expect(Route(path: path[...]) == .other) }
    }
}
