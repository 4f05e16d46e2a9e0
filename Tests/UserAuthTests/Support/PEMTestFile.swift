// SPDX-License-Identifier: Apache-2.0

/// PEM files that openssl made for these tests; everybody may know their private keys.
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

    /// PKCS #8.
    static let rsaPrivateKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDUeSj0XEj2ML7t
        Pytq2+Ik+ew6yLtCO1spacU7G/T2JBdjjUXgdtsU4NDlFQoJRmNOCHT9EMkQDKGK
        0JNJcTjkMtA7K/ExOPPXbwJ0W29QqBAiiekio6URmArEF+CX1vk6LXuIVLt84H7P
        HTZR4sGXBREUN2wP5yf4wQlvXr4rNqmFwh+PWxv9+zXvh7+Nj6pnveQWAq1bKA6c
        kr9JdBhaW47tMBB/cqhN8edIehqq3nHlU7SoW6gPld/78AU18mvhCk92Y9UY95HE
        6z5hRxwkVKTa1qjW3vYl9dr3tVY988GCcRmUvS9dSzPzmDL4P0XEV31iVhj39jRf
        UgWS3JSdAgMBAAECggEACvyH2FjUQfyjxrc7Or+Laj+NDj4WZraUgGfydZu8tySH
        HBPwPsrOib4VNx83IWMlG+IWkIZXay/IA5pE32mOGEijWUfspQ+tliBsl1EqCJjk
        GrEYX7zn+miq99hHOfq48N/ssRA2kJ64F+QKDMJlobY2m53BBfJ9L+DlaL+UpD3L
        afwDcQBHzsPBU9jDIqmar3PrRCIUDslq67G+gPKr6fqPXZm+WBRZlgslnW1qyXND
        o5ATw7jYL9dK1uCsj5hJTq0YBGiJiAqz5ldUFv0WA0KscSihXlseank86GH2VbNC
        FCVgunS6D/ioIKjCL91kHdqIu8Rg62uX1FH6YNT5uQKBgQD5nJ29yv4PvalgYv+N
        Dl8uOoBq0VbGD8vbnYUyy0xgMm+w2CCmA9kvWqpIE/95aZn7Riwz50yHHUURKFdn
        vOGS8aNQFS1o6cBxsv42rHf9z/I9i43uAk/F7U7euq5Q3TK/9k06yAbZdPLJqWYY
        zQ5TY4y7m2hTRQj1hqFAg6YGiQKBgQDZ6Tkf1bjKrPKCbINwd7FC7ctKilDlb1Is
        h2DvO7hDtlfBlwtg5u7X+VMXtgjh0UAmjtu1HxDCgJ+WNlmiiG6CtFWWxRi9AriX
        5gR949JsZat+/I7QUtnhhCp1uRl5oMVA0qUZE1lvEVSS6J7ItDjmMm8w4TDXX1/A
        X5HzoLjYdQKBgDGcwXWRvUGfruSriKOesahclF2m0hp31UsHWgwogDu2iqCZtJOK
        vEY/PQ0qfGLDbImW/v4qAPnyBWJNpGHIFwW/5XfrXaU2oLt4mjJ/wTG/fSRicolW
        CEkMy9pVPIRyEr441EzUqRfbuM4AT3yqdSh55uT7FJdIZ2l1ouNRx1QRAoGALlE+
        TR/2WU4Ndd9uyLcIPHui3EMuErZotwJHflIpRms5l/Js/rnXRpy+JqoQlT8O7aMr
        3AGwZEdGpH0E7GEnbCy8jIF0UqiDZ/YCOmf0UAoEO8ee63TQzvhytfcUDSA5DSA4
        622LcuoyGc/MAEkeVv+dVrxmz0B8b71gnnIpGAkCgYEA62LZIYWq2MgLXe577O12
        OLJi+SpauSKC2AfC/vYJSqaSlwNaYPgOwLIHiscutqjPf14mqCBC+DaDtdSr0GCn
        k1EuJQFDQSiYnOUmlVm87DwMWneN4lX/de1UtUqixTqBOsAgEkMmLxA+Ev+tEEmX
        hBkXQ3jQbHSiFJ+NLSILSAA=
        -----END PRIVATE KEY-----
        """

    /// The same in PKCS #1.
    static let rsaPrivateKeyPKCS1 = """
        -----BEGIN RSA PRIVATE KEY-----
        MIIEowIBAAKCAQEA1Hko9FxI9jC+7T8ratviJPnsOsi7QjtbKWnFOxv09iQXY41F
        4HbbFODQ5RUKCUZjTgh0/RDJEAyhitCTSXE45DLQOyvxMTjz128CdFtvUKgQIonp
        IqOlEZgKxBfgl9b5Oi17iFS7fOB+zx02UeLBlwURFDdsD+cn+MEJb16+KzaphcIf
        j1sb/fs174e/jY+qZ73kFgKtWygOnJK/SXQYWluO7TAQf3KoTfHnSHoaqt5x5VO0
        qFuoD5Xf+/AFNfJr4QpPdmPVGPeRxOs+YUccJFSk2tao1t72JfXa97VWPfPBgnEZ
        lL0vXUsz85gy+D9FxFd9YlYY9/Y0X1IFktyUnQIDAQABAoIBAAr8h9hY1EH8o8a3
        Ozq/i2o/jQ4+Fma2lIBn8nWbvLckhxwT8D7Kzom+FTcfNyFjJRviFpCGV2svyAOa
        RN9pjhhIo1lH7KUPrZYgbJdRKgiY5BqxGF+85/poqvfYRzn6uPDf7LEQNpCeuBfk
        CgzCZaG2NpudwQXyfS/g5Wi/lKQ9y2n8A3EAR87DwVPYwyKpmq9z60QiFA7Jauux
        voDyq+n6j12ZvlgUWZYLJZ1taslzQ6OQE8O42C/XStbgrI+YSU6tGARoiYgKs+ZX
        VBb9FgNCrHEooV5bHmp5POhh9lWzQhQlYLp0ug/4qCCowi/dZB3aiLvEYOtrl9RR
        +mDU+bkCgYEA+Zydvcr+D72pYGL/jQ5fLjqAatFWxg/L252FMstMYDJvsNggpgPZ
        L1qqSBP/eWmZ+0YsM+dMhx1FEShXZ7zhkvGjUBUtaOnAcbL+Nqx3/c/yPYuN7gJP
        xe1O3rquUN0yv/ZNOsgG2XTyyalmGM0OU2OMu5toU0UI9YahQIOmBokCgYEA2ek5
        H9W4yqzygmyDcHexQu3LSopQ5W9SLIdg7zu4Q7ZXwZcLYObu1/lTF7YI4dFAJo7b
        tR8QwoCfljZZoohugrRVlsUYvQK4l+YEfePSbGWrfvyO0FLZ4YQqdbkZeaDFQNKl
        GRNZbxFUkuieyLQ45jJvMOEw119fwF+R86C42HUCgYAxnMF1kb1Bn67kq4ijnrGo
        XJRdptIad9VLB1oMKIA7toqgmbSTirxGPz0NKnxiw2yJlv7+KgD58gViTaRhyBcF
        v+V3612lNqC7eJoyf8Exv30kYnKJVghJDMvaVTyEchK+ONRM1KkX27jOAE98qnUo
        eebk+xSXSGdpdaLjUcdUEQKBgC5RPk0f9llODXXfbsi3CDx7otxDLhK2aLcCR35S
        KUZrOZfybP6510acviaqEJU/Du2jK9wBsGRHRqR9BOxhJ2wsvIyBdFKog2f2Ajpn
        9FAKBDvHnut00M74crX3FA0gOQ0gOOtti3LqMhnPzABJHlb/nVa8Zs9AfG+9YJ5y
        KRgJAoGBAOti2SGFqtjIC13ue+ztdjiyYvkqWrkigtgHwv72CUqmkpcDWmD4DsCy
        B4rHLraoz39eJqggQvg2g7XUq9Bgp5NRLiUBQ0EomJzlJpVZvOw8DFp3jeJV/3Xt
        VLVKosU6gTrAIBJDJi8QPhL/rRBJl4QZF0N40Gx0ohSfjS0iC0gA
        -----END RSA PRIVATE KEY-----
        """

    /// As `openssl ecparam -genkey` writes it: the curve in a block of its own.
    static let ellipticPrivateKey = """
        -----BEGIN EC PARAMETERS-----
        BggqhkjOPQMBBw==
        -----END EC PARAMETERS-----
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIFKozzSpycdKKeG2Kq0JAFuKbcJ3sAeu5KUf+unrpGspoAoGCCqGSM49
        AwEHoUQDQgAEGV/EmsGBFCKc4tqCUmvS55JuQTETZpqFZb58bzows2rXUyx1VDSK
        GHQVqP/P7DQoUGGXBtWq8MmfVxWcM7nVGg==
        -----END EC PRIVATE KEY-----
        """
}
