// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import RuleFiles
import Testing

@testable import PosternServer

struct WatchedValueTests {
    private let disk = MemoryFileSystem(["/a": "1", "/b": "2"])

    /// The texts of the files; one that has an `x` cannot be used.
    private func watch(_ paths: String...) -> WatchedValue<[String]> {
        disk.advance(by: .seconds(10))
        return WatchedValue(paths, limit: 10, at: disk.now, disk.files) { contents, _, _ throws(SetupError) in
            let texts = contents.map { String(decoding: $0, as: UTF8.self) }
            guard !texts.joined().contains("x") else { throw SetupError(["bad \(texts)"]) }
            return texts
        }
    }

    private func look(_ value: inout WatchedValue<[String]>, everything: Bool = false) -> Look {
        disk.advance(by: .seconds(5))
        return value.look(everything: everything, at: disk.now, disk.files)
    }

    @Test func `a content counts when two looks in a row have found it`() {
        var value = watch("/a")
        #expect(value.inUse?.value == ["1"] && look(&value) == [])
        disk.write("half", to: "/a")
        #expect(look(&value) == .unsettled && value.inUse?.value == ["1"])
        disk.write("whole", to: "/a")
        #expect(look(&value) == .unsettled && value.inUse?.value == ["1"])
        #expect(look(&value) == .changed && value.inUse?.value == ["whole"])
        #expect(look(&value) == [])
    }

    @Test func `a content that comes back is no change`() {
        var value = watch("/a")
        disk.write("other", to: "/a")
        #expect(look(&value) == .unsettled)
        disk.write("1", to: "/a")
        #expect(look(&value) == [] && look(&value) == [])
        disk.remove("/a")
        #expect(look(&value) == .unsettled)
        disk.write("1", to: "/a")
        #expect(look(&value) == [] && value.problem == nil)
    }

    @Test func `what cannot be used leaves the last value, and says why`() {
        var value = watch("/a", "/b")
        disk.write("x", to: "/b")
        #expect(look(&value) == .unsettled && value.problem == nil)
        #expect(look(&value) == .changed && value.inUse?.value == ["1", "2"])
        #expect(value.problem?.sentences == [#"bad ["1", "x"]"#])
        disk.remove("/b")
        #expect(look(&value) == .unsettled && look(&value) == .changed && value.inUse?.value == ["1", "2"])
        #expect(value.problem?.sentences == ["/b: there is no such file or folder"])
        disk.write(String(repeating: "1", count: 11), to: "/b")
        #expect(look(&value) == .unsettled && look(&value) == .changed)
        #expect(value.problem?.sentences == ["/b: it is longer than 10 bytes"])
        disk.write("3", to: "/b")
        #expect(
            look(&value) == .unsettled && look(&value) == .changed && value.inUse?.value == ["1", "3"] && value.problem == nil)
    }

    @Test func `a value that there was never is made when its file appears`() {
        var value = watch("/none")
        #expect(value.inUse == nil && value.problem?.sentences == ["/none: there is no such file or folder"])
        disk.write("1", to: "/none")
        #expect(look(&value) == .unsettled && look(&value) == .changed && value.inUse?.value == ["1"])
    }

    @Test func `files whose stamps have not changed are not read, unless all are`() {
        var value = watch("/a", "/b")
        _ = disk.takeReads()
        #expect(look(&value) == [] && disk.takeReads() == [])
        #expect(look(&value, everything: true) == [] && disk.takeReads() == ["/a", "/b"])
    }

    @Test func `a file that was written just before is read again, since its stamp may stay`() {
        disk.write("2", to: "/a")
        var value = WatchedValue(["/a"], limit: 10, at: disk.now, disk.files) { contents, _, _ throws(SetupError) in
            contents.map { String(decoding: $0, as: UTF8.self) }
        }
        disk.write("3", to: "/a")
        #expect(value.look(everything: false, at: disk.now, disk.files) == .unsettled)
        #expect(value.look(everything: false, at: disk.now, disk.files) == .changed && value.inUse?.value == ["3"])
    }

    @Test func `a content is judged with the value in use and the time`() {
        disk.advance(by: .seconds(10))
        var value = WatchedValue(["/a"], limit: 10, at: disk.now, disk.files) { [disk] contents, previous, now in
            (previous ?? []) + ["\(String(decoding: contents[0], as: UTF8.self)) \(now == disk.now)"]
        }
        #expect(value.inUse?.value == ["1 true"])
        disk.write("2", to: "/a")
        for _ in 0..<2 {
            disk.advance(by: .seconds(5))
            _ = value.look(everything: false, at: disk.now, disk.files)
        }
        #expect(value.inUse?.value == ["1 true", "2 true"])
    }

    @Test func `links are followed when they move`() {
        disk.link("/key", to: "/a")
        var value = watch("/key")
        disk.link("/key", to: "/b")
        #expect(look(&value) == .unsettled && look(&value) == .changed && value.inUse?.value == ["2"])
    }
}
