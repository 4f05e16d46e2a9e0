// SPDX-License-Identifier: Apache-2.0

import DevStore
import Testing

/// What a whole parse amounts to, however the body was cut.
struct PartRecord: Equatable {
    let head: PartHead
    var content: [UInt8] = []
    var isComplete = false

    /// Feeds the pieces one after the other and gathers the parts.
    static func parse(_ pieces: some Sequence<ArraySlice<UInt8>>, boundary: String = FormBody.boundary) throws -> [PartRecord] {
        var parser = MultipartParser(
            boundary: try #require(MultipartBoundary(contentType: "multipart/form-data; boundary=\"\(boundary)\""))
        )
        var parts: [PartRecord] = []
        for piece in pieces {
            parser.feed(piece)
            while let event = try parser.next() {
                switch event {
                case .partBegan(let head): parts.append(PartRecord(head: head))
                case .partData(let bytes): parts[parts.count - 1].content += bytes
                case .partEnded: parts[parts.count - 1].isComplete = true
                case .ended: break
                }
            }
        }
        try parser.finish()
        return parts
    }

    static func parse(_ bytes: [UInt8], boundary: String = FormBody.boundary) throws -> [PartRecord] {
        try parse(CollectionOfOne(bytes[...]), boundary: boundary)
    }
}
