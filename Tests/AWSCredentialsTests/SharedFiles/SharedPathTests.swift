// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

@Suite("Paths of the shared files")
struct SharedPathTests {
    @Test(
        "variables and ~ are written out as os.path does",
        arguments: [
            ("~/.aws/config", "/h/.aws/config"), ("~", "/h"), ("/a/~", "/a/~"), ("a~", "a~"), ("$D/c", "/d/c"), ("${D}c", "/dc"),
            ("$D_x/c", "$D_x/c"),
            ("${NO}/c", "${NO}/c"), ("${D", "${D"), ("$", "$"), ("$$D", "$/d"), ("${}", "${}"), ("$T/c", "/h/c"), ("$S", "$D"),
            ("", ""), ("$E", ""),
        ]
    )
    func expanded(path: String, expected: String) {
        let variables = ["HOME": "/h/", "D": "/d", "T": "~", "S": "$D", "E": ""]
        #expect(path.expandedPath(variables: variables, home: "/other") == expected)
    }

    @Test("without HOME the user's home counts, and another user's home is not looked up")
    func home() {
        #expect("~/c".expandedPath(variables: [:], home: "/other") == "/other/c")
        #expect("~/".expandedPath(variables: ["HOME": "/"], home: "/other") == "/")
        #expect("~root/c".expandedPath(variables: [:], home: "/other") == nil)
    }
}
