// SPDX-License-Identifier: Apache-2.0

import PortableFormats
import Testing
import WireFormats

struct CRCTests {
    /// The check values of the catalogue of CRC algorithms, for `123456789`.
    @Test(arguments: [(CRC.Kind.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888")])
    func `each check has its known value, in whichever pieces the bytes come`(kind: CRC.Kind, value: String) {
        let bytes = Array("123456789".utf8)
        for cut in 0...bytes.count {
            var check = CRC(kind)
            for piece in [bytes[..<cut], bytes[cut...]] { piece.withUnsafeBytes { check.update($0) } }
            #expect(check.bytes.hexadecimal == value)
        }
        #expect(CRC(kind).bytes.allSatisfy { $0 == 0 })
    }
}
