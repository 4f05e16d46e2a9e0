// swift-tools-version: 6.2
import PackageDescription

/// The language mode is Swift 6 by the tools version; these features make what a file depends on visible in the file.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["POSTERN_STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : [])

let package = Package(
    name: "postern",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .library(name: "PostPolicy", targets: ["PostPolicy"]),
        .library(name: "PosternClient", targets: ["PosternClient"]),
        .library(name: "PosternURLSession", targets: ["PosternClient", "PosternURLSession"]),
        .executable(name: "postern", targets: ["postern"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
        .systemLibrary(name: "CMalloc"),
        .target(name: "PortableFormats", swiftSettings: settings),
        .target(name: "WireFormats", dependencies: ["COpenSSL"], swiftSettings: settings),
        // For apps: on Apple systems without OpenSSL.
        .target(
            name: "PosternClient",
            dependencies: [
                "PortableFormats", .target(name: "WireFormats", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: settings
        ),
        .target(name: "PosternURLSession", dependencies: ["PosternClient"], swiftSettings: settings),
        .target(
            name: "LocalFiles", dependencies: [.product(name: "SystemPackage", package: "swift-system")], swiftSettings: settings),
        .target(name: "PostPolicy", dependencies: ["COpenSSL", "WireFormats"], swiftSettings: settings),
        .target(
            name: "OutgoingHTTP",
            dependencies: [
                "WireFormats",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(name: "UploadRules", dependencies: ["PostPolicy", "WireFormats"], swiftSettings: settings),
        .target(
            name: "UserAuth", dependencies: ["COpenSSL", "OutgoingHTTP", "WireFormats"], swiftSettings: settings
        ),
        .target(
            name: "AWSCredentials",
            dependencies: [
                "LocalFiles", "OutgoingHTTP", "PortableFormats", "PostPolicy", "WireFormats",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "RuleFiles",
            dependencies: [
                "AWSCredentials", "CYaml", "LocalFiles", "PostPolicy", "UploadRules", "UserAuth", "WireFormats",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "HTTPServer",
            dependencies: [
                "WireFormats",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PosternServer",
            dependencies: [
                "AWSCredentials", "CMalloc", "HTTPServer", "LocalFiles", "OutgoingHTTP", "PostPolicy", "RuleFiles",
                "UploadRules", "UserAuth", "WireFormats",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [
                .embedInCode("openapi.yaml"), .embedInCode("openapi.json"), .embedInCode("openapi-admin.yaml"),
                .embedInCode("Admin/Status/status.html"), .embedInCode("Admin/Status/status.css"),
                .embedInCode("Admin/Status/status.js"), .embedInCode("Tickets/form.css"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "DevStore",
            dependencies: [
                "HTTPServer", "PortableFormats", "PostPolicy", "WireFormats",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            resources: [
                .embedInCode("Page/page.html"), .embedInCode("Page/page.css"), .embedInCode("Page/page.js"),
                .embedInCode("Page/files.js"), .embedInCode("Page/words.js"), .embedInCode("Page/icon.svg"),
                .embedInCode("Page/postern.js"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Doctor",
            dependencies: ["OutgoingHTTP", "PortableFormats", "PostPolicy", "RuleFiles", "UploadRules", "WireFormats"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "postern",
            dependencies: [
                "AWSCredentials", "DevStore", "Doctor", "HTTPServer", "LocalFiles", "OutgoingHTTP", "PosternClient",
                "PosternServer", "PostPolicy", "RuleFiles", "UploadRules", "UserAuth", "WireFormats",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "InProcess",
            dependencies: ["LocalFiles", "PosternServer", "PostPolicy", "RuleFiles", "UploadRules", "WireFormats"],
            path: "Benchmarks/InProcess",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ManyTenants", dependencies: ["CMalloc", "RuleFiles"], path: "Benchmarks/ManyTenants", swiftSettings: settings
        ),
        .executableTarget(
            name: "Floor",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/Floor",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "URLSessionUpload", dependencies: ["PosternClient", "PosternURLSession"], path: "Benchmarks/URLSessionUpload",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "PosternTestTool",
            dependencies: [
                "AWSCredentials", "PostPolicy", "PosternTestSupport", "RuleFiles", "WireFormats",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/system/tool",
            swiftSettings: settings
        ),
        .target(
            name: "PosternTestSupport",
            dependencies: [
                "LocalFiles", "OutgoingHTTP", "RuleFiles", "UploadRules", "UserAuth", "WireFormats",
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/PosternTestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "PortableFormatsTests", dependencies: ["PortableFormats", "WireFormats"], swiftSettings: settings),
        .testTarget(
            name: "PosternClientTests", dependencies: ["PosternClient", "PosternTestSupport"], swiftSettings: settings
        ),
        .testTarget(name: "WireFormatsTests", dependencies: ["PosternTestSupport", "WireFormats"], swiftSettings: settings),
        .testTarget(
            name: "LocalFilesTests",
            dependencies: ["LocalFiles", "PosternTestSupport", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .testTarget(
            name: "PostPolicyTests", dependencies: ["PostPolicy", "PosternTestSupport", "WireFormats"], swiftSettings: settings),
        .testTarget(
            name: "UploadRulesTests", dependencies: ["PosternTestSupport", "PostPolicy", "UploadRules", "WireFormats"],
            swiftSettings: settings),
        .testTarget(
            name: "RuleFilesTests",
            dependencies: [
                "AWSCredentials", "LocalFiles", "PostPolicy", "PosternTestSupport", "RuleFiles", "UploadRules", "UserAuth",
                "WireFormats", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "OutgoingHTTPTests",
            dependencies: [
                "OutgoingHTTP", "PosternTestSupport", "WireFormats",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AWSCredentialsTests",
            dependencies: [
                "AWSCredentials", "LocalFiles", "OutgoingHTTP", "PortableFormats", "PostPolicy", "PosternTestSupport",
                "WireFormats",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "UserAuthTests",
            dependencies: ["OutgoingHTTP", "PosternTestSupport", "UserAuth", "WireFormats"], swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "HTTPServer", "PosternTestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PosternServerTests",
            dependencies: [
                "AWSCredentials", "DevStore", "HTTPServer", "OutgoingHTTP", "PosternServer", "PosternTestSupport", "PostPolicy",
                "RuleFiles", "UploadRules", "UserAuth", "WireFormats",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PosternCommandTests",
            dependencies: [
                "AWSCredentials", "LocalFiles", "OutgoingHTTP", "PosternServer", "PosternTestSupport", "RuleFiles",
                "UserAuth", "WireFormats", "postern",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DoctorTests",
            dependencies: ["Doctor", "OutgoingHTTP", "PosternTestSupport", "PostPolicy", "UploadRules", "WireFormats"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DevStoreTests",
            dependencies: [
                "DevStore", "HTTPServer", "PosternClient", "PosternTestSupport", "PosternURLSession", "PostPolicy", "WireFormats",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
    ]
)
