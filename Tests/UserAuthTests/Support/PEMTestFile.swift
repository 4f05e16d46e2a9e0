// SPDX-License-Identifier: Apache-2.0

/// PEM files that openssl made for these tests; nobody has their private keys.
enum PEMTestFile {
    static let p256Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBhTCCASugAwIBAgIUF7hO8Su4I9F9LGuYYPm7h+7oGQEwCgYIKoZIzj0EAwIw
        FzEVMBMGA1UEAwwMcG9zdGVybi10ZXN0MCAXDTI2MTEyMjIzMTQzMloYDzIxMjYx
        MDI5MjMxNDMyWjAXMRUwEwYDVQQDDAxwb3N0ZXJuLXRlc3QwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAT/FOLmaRu4pU4iJuoyw2EgpcCeq+/4fMQ7U5ReoHBhtGRI
        HMPuobkdGUrUo1uqZnMX6vKs/4jO6Vb66ukGU1E1o1MwUTAdBgNVHQ4EFgQUtVsl
        O1Lg62dcx4sjcLDqOQ1zdxUwHwYDVR0jBBgwFoAUtVslO1Lg62dcx4sjcLDqOQ1z
        dxUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA568QkGFpqzzy
        +jwVv+0StnHyytI7StncEygBxPiM2YUCIBrKm6ExmwcwQNNV40iMTVmrBgaGV1Sx
        n4CPCzZm8ED4
        -----END CERTIFICATE-----
        """

    static let rsaCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIDETCCAfmgAwIBAgIUTscghQ1bbBqdTln6zpDs+kKbRl8wDQYJKoZIhvcNAQEL
        BQAwFzEVMBMGA1UEAwwMcG9zdGVybi10ZXN0MCAXDTI2MTEyMjIzMTQzMloYDzIx
        MjYxMDI5MjMxNDMyWjAXMRUwEwYDVQQDDAxwb3N0ZXJuLXRlc3QwggEiMA0GCSqG
        SIb3DQEBAQUAA4IBDwAwggEKAoIBAQDumI8VBTNQS7HJMQ0C80nJr/8qzo4YIbxp
        sTd4qNnufWdkArHW3p7hJv0oCByi9AdaovIhr+rlWdluYJHc4xtf9iSwWcC22atO
        tLs+uHHGQsZOE8V1xoT/OZ3VkEvlkmM8S5Y4fyM7fDUJb2JjB30NVmm9QS7TQ29v
        HDNuPSWqj5yX7z3jDkFmHgdFR71qBROwoVK1G8cXjNHZCkO/YemjmrLFqZQWAGOJ
        GyBva0mvHCrS95HowyepwnENOutsraSRr3+y/kPk03PR2vkD4Nt9QFW+ouwzx8KK
        unMVgekST/KzBn2aOIUdMmkxEXq15QSkFoqJkMWbDBrt5d9CEMrJAgMBAAGjUzBR
        MB0GA1UdDgQWBBQdqqWrnPAcWIByF+7j9AolQBcNNzAfBgNVHSMEGDAWgBQdqqWr
        nPAcWIByF+7j9AolQBcNNzAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUA
        A4IBAQC315TEcKhgHsDvU4p83BEv8nNo8x3XmtObkBe4/GuIY3kx0FRqd3HN2Fnw
        5RFEoP6HRbFQFn342kCOL5fiXg+tIXAgylc7AzrE5rPty3HqWHaw5zCsF893Xxvu
        AluY/N1Rzflp7HnHP+zvYzq6K0LcaA1/NVeiJI08elzSzx8ti+VaC1ML+XuKQOsi
        i5RrtInv1XesJvMuDDOdw8thy6x7dvhVSAwm88Uw0KbN7Sc6rnzsM5jxN833aP7G
        6uzP8+GwckWmBUM/zOpAOEi1/EIGZK+U5p5S14oIxIqf9fu5tvihKWU2hMFdZF6U
        1tdrwvecrqm+t0qKRSfSU1Oq7kVO
        -----END CERTIFICATE-----
        """

    static let ed25519Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBRDCB96ADAgECAhQVJDhVBxOeguzSN8Snn6rjlK0OhTAFBgMrZXAwFzEVMBMG
        A1UEAwwMcG9zdGVybi10ZXN0MCAXDTI2MTEyMjIzMTQzMloYDzIxMjYxMDI5MjMx
        NDMyWjAXMRUwEwYDVQQDDAxwb3N0ZXJuLXRlc3QwKjAFBgMrZXADIQAi1oTSfUzv
        63IRwO6LObMVFq3OazwDmqWt9GP5Q/vNmaNTMFEwHQYDVR0OBBYEFGgSGVHblbd8
        2Nsg+rcJ1GGUTjInMB8GA1UdIwQYMBaAFGgSGVHblbd82Nsg+rcJ1GGUTjInMA8G
        A1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAfiM3UiQTiTM79oPeBvSub4oJeJuUK09E
        F6WFBYATQ+/7gzyqaqeYNrlgqwQW+0ncg1RXbhw2xMqD0+l/66a1DA==
        -----END CERTIFICATE-----
        """

    static let rsa1024 = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4pSIENzreN7wo4aV+wkM+8+Iq
        ULLETyynpf19kcKcJrapftzu/W9n4Jh8vUPQ55ardRdYcsfFWA13DatvU+H8ztOh
        QuqwP4xlJtwyDQ6KEZgbw3NH228M9mjtJrNdukoWYd+X4d+IwBijCctJF2S4oMG8
        98NlxeskyZHVtiK0FQIDAQAB
        -----END PUBLIC KEY-----
        """

    static let secp256k1 = """
        -----BEGIN PUBLIC KEY-----
        MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAESQLamMZhKEVA/KGrDV08ZT1ANi6vw0R3
        grS+jFPKaZK7IqwX5dY8T6llu+b3WlFu3lmlvKHMqgNr1C3HJz/wuA==
        -----END PUBLIC KEY-----
        """

    /// An RSA key of Infineon's generator (ROCA, CVE-2017-15361): the published example `pubkey03.pem` of the detector of those
    /// who found it, github.com/crocs-muni/roca.
    static let brokenGenerator = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEBqcWmh9uPsqMPgt/43aFU
        wpHvJ7BLJeGFuKsgxMal9gSFn+We3lSgr3wOcoiACtcZO7cxpb8eEXDXocZpMNQe
        o+sh3t97ivXUKpHDT3IEW5bv1XyxgjAd3MJpZ+VQjpq4iZhtV+g33+cPmfw3xJj0
        PBfDubBkz3BEQ9egM+A6ghaXqr8w+ynufTOzdnllqJBY47OXVL06HAB9KKI7DPp5
        +dcRrG5MS093sGNLHs1oWRrwPH1TtipfLZEWPU70+PJoMa5GHthexfeIxRI//BLI
        dCD9z+odG0pSw1IYJPs5mDSHObYqmG2OdrIom8Lri8BtE4FHhRuDoHGD0hBVn5Bj
        IQIDAQAB
        -----END PUBLIC KEY-----
        """
}
