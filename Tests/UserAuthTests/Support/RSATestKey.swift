// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

/// The numbers of an RSA key that everybody may know; the public exponent is 65537.
struct RSATestKey: Sendable {
    let modulus: String
    let privateExponent: String

    /// The key pair for libcrypto.
    func pair() throws -> AsymmetricKey {
        let modulus = try #require(Base64URL.decode(modulus))
        let privateExponent = try #require(Base64URL.decode(privateExponent))
        return try #require(AsymmetricKey(modulus: modulus, publicExponent: [1, 0, 1], privateExponent: privateExponent))
    }

    /// The key of RFC 7520 section 3.4.
    static let first = RSATestKey(
        modulus: """
            n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRB\
            SFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD\
            1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_\
            qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw
            """,
        privateExponent: """
            bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgd\
            rhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1\
            hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5P\
            lyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ
            """
    )

    /// The key RS256_2048 of Wycheproof's JSON Web Signature vectors.
    static let second = RSATestKey(
        modulus: """
            orRRoH0KpfluRVZxUTVQUUqKW0YuvvcXCU-h_ugiJOY3-XRtP3yv0xh42AMltu9aFwD2WQO0aUKeidbqyIRQl7WrOTGJ25JRLtin\
            cRoSU_rNIPecFegkfz0-QuRuSMmOJUov6XZTE6A-_48X4aApOXofomqNzib0kO2BKZYV2YFMItphBCjgnH2WWFlCZvXAIdD87KCN\
            lFoSvoLeTR7Oa0wDFFtdNJXU7VQR64eNrwX9evw-Ca2g8RJkIvWQl1oZaYFvSGmLy7obTZyuedRg2Pn4Xnl1AF2bwixOWsD3waRd\
            ElaaYoB9O5oC5aUw53MGb0U9H1tMLpz3ggKD90K51Q
            """,
        privateExponent: """
            JM3GIxf11ypva6bMljKJmwHR_yiGfXL2FoiZW8hVpOQgqEBSUAib2xPPjglUOCe3SLnSf7srTZ4gr4xaaoYnltGkzBitFupni8G9\
            SoO7vpxeV0U7XOc4jkGjukzit3tEOKIp6VT3INrgNT3AiKyKdrJtwnb44beFHd1jmK0W_y54GVEjubA26UXDjJ0SQ09t92_iI1nr\
            PhrJwBFnj8km-tOuR1pP__9V_rLRR-nIlPTA4ppZnnYkYkgtlov0J4CUX8DSwxxXPEQxuPT-i4xnvsgVq9RPeobtyhwjCHNzWNLC\
            rl4uDi2t9zCYAmI3flixO32ZkgYKC8hwzP20qTGe4Q
            """
    )
}
