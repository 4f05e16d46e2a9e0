// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

struct SharedPathTests {
    @Test(arguments: [
        ("~/.aws/config", "/h/.aws/config"), ("~", "/h"), ("/a/~", "/a/~"), ("a~", "a~"), ("$D/c", "/d/c"), ("${D}c", "/dc"),
        ("$D_x/c", "$D_x/c"),
        ("${NO}/c", "${NO}/c"), ("${D", "${D"), ("$", "$"), ("$$D", "$/d"), ("${}", "${}"), ("$T/c", "/h/c"), ("$S", "$D"),
        ("", ""), ("$E", ""),
    ])
    func `variables and ~ are expanded as by os.path`(path: String, expected: String) {
        let variables = ["HOME": "/h/", "D": "/d", "T": "~", "S": "$D", "E": ""]
        #expect(path.expandedPath(variables: variables, home: "/other") == expected)
    }

    @Test func `without HOME the user's home is used, and other users' homes are not looked up`() {
        #expect("~/c".expandedPath(variables: [:], home: "/other") == "/other/c")
        #expect("~/".expandedPath(variables: ["HOME": "/"], home: "/other") == "/")
        #expect("~root/c".expandedPath(variables: [:], home: "/other") == nil)
    }
}
