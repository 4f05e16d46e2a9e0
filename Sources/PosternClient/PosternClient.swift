// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Uploads files with tickets of one Postern. Use one client for all uploads of an app: they share renewals of the token.
public struct PosternClient: Sendable {
    /// Returns a token of the app's identity provider, or an API key. It is called for each ticket.
    ///
    /// - Parameter refresh: true after Postern has refused the token: get a new one. Uploads that need one at the same time share
    ///   one call. If the token is the same, the upload fails with Postern's code, `unauthenticated` or `token-expired`.
    public typealias TokenProvider = @Sendable (_ refresh: Bool) async throws -> String

    /// How often and how long a client tries.
    public struct Configuration: Sendable {
        /// How often an upload is tried before it fails, 1 or more.
        public var attempts = 5
        /// How long a request to Postern may take.
        public var requestTimeout = Duration.seconds(30)
        /// How long the store may take no byte, and after the last one send no answer.
        public var stallTimeout = Duration.seconds(60)
        /// The longest wait that is granted to a server that asks for one (`Retry-After`). If it asks for more, the upload fails.
        public var longestWait = Duration.seconds(60)

        /// The values above.
        public init() {}
    }

    let service: ServiceConnection
    let transport: any UploadTransport
    let configuration: Configuration
    let timing: ClientTiming

    /// - Parameters:
    ///   - endpoint: the address of Postern, such as `https://uploads.example.com`; with a path if Postern is behind one. Use `https`,
    ///     or `http` on this machine: the token is sent there.
    ///   - token: returns the token.
    ///   - transport: sends the requests.
    public init(
        endpoint: URL, token: @escaping TokenProvider, transport: any UploadTransport,
        configuration: Configuration = Configuration()
    ) {
        self.init(endpoint: endpoint, token: token, transport: transport, configuration: configuration, timing: .system)
    }

    package init(
        endpoint: URL, token: @escaping TokenProvider, transport: any UploadTransport, configuration: Configuration,
        timing: ClientTiming
    ) {
        var address = endpoint.absoluteString
        while address.hasSuffix("/") { address.removeLast() }
        service = ServiceConnection(
            endpoint: address, tokens: TokenSource(token), transport: transport, timeout: configuration.requestTimeout)
        self.transport = transport
        self.configuration = configuration
        self.timing = timing
    }

    private var retries: Retries { Retries(configuration: configuration, timing: timing) }

    /// Asks what the token's user may upload.
    public func rules() async throws(UploadError) -> [Rule] {
        try await retries.run { () async throws(UploadError) in try await service.rules() }
    }

    /// Begins to upload a file, and returns at once.
    ///
    /// The client opens the file, takes a ticket for its size, sends it in pieces, and repeats what can succeed later: with the same
    /// ticket while it is valid, so that a repeated upload replaces what the first one may have stored, and then with a new one,
    /// whose key is another if the rule's keys have `{uuid}`.
    /// - Parameters:
    ///   - file: the URL of a regular file. It must not change until the upload has ended.
    ///   - rule: the rule's name; nil if the token's user may use only one.
    ///   - options: what the request for the ticket says besides.
    public func upload(file: URL, rule: String? = nil, options: UploadOptions = UploadOptions()) -> Upload {
        Upload { reporter async throws(UploadError) in
            let source = try SourceFile(file)
            reporter.begin(total: source.size)
            var attempt = UploadAttempt(
                client: self, source: source, filename: file.lastPathComponent, rule: rule, options: options)
            let result = try await retries.run { () async throws(UploadError) in try await attempt.run(reporter) }
            reporter.finish()
            return result
        }
    }

    /// Takes a ticket and writes the whole request's body to a file, for an upload that goes on while the app does not run.
    ///
    /// Send ``PreparedUpload/bodyFile`` with a background session before the ticket expires, then ask
    /// ``PreparedUpload/result(status:headers:body:)`` what became of it, and call ``PreparedUpload/remove()``.
    /// - Parameters:
    ///   - file: the URL of a regular file.
    ///   - rule: the rule's name; nil if the token's user may use only one.
    ///   - options: what the request for the ticket says besides.
    ///   - folder: a folder of the app's own that is still there when the app is started again.
    public func prepareUpload(
        file: URL, rule: String? = nil, options: UploadOptions = UploadOptions(), in folder: URL
    ) async throws(UploadError) -> PreparedUpload {
        let source = try SourceFile(file)
        let filename = file.lastPathComponent
        var attempt = UploadAttempt(client: self, source: source, filename: filename, rule: rule, options: options)
        let ticket = try await retries.run { () async throws(UploadError) in try await attempt.currentTicket() }
        return try PreparedUpload(ticket, source, filename: filename, folder: folder)
    }
}

/// What a request for a ticket says besides the rule and the file's size.
public struct UploadOptions: Sendable {
    /// The file's name in the key, if the rule uses it; nil for the last part of the file's URL.
    public var filename: String?
    /// The file's type, such as `image/jpeg`; nil to let Postern decide by the ending of the name.
    public var contentType: String?
    /// Metadata to store with the file, under names that the rule allows.
    public var metadata: [String: String]
    /// Values for the parameters of the rule.
    public var parameters: [String: String]
    /// The file's path with its name, such as `site/css/a.png`, for rules that keep folders.
    public var path: String?
    /// The user, if the token is an API key that asks on a user's behalf.
    public var user: String?

    /// By default a request says nothing besides.
    public init(
        filename: String? = nil, contentType: String? = nil, metadata: [String: String] = [:], parameters: [String: String] = [:],
        path: String? = nil, user: String? = nil
    ) {
        self.filename = filename
        self.contentType = contentType
        self.metadata = metadata
        self.parameters = parameters
        self.path = path
        self.user = user
    }
}

/// A file that the store has.
public struct UploadResult: Sendable, Hashable {
    /// The object's key in the bucket.
    public let key: String
    /// The id of the ticket, as in Postern's log.
    public let ticketID: String
    /// The rule that was applied.
    public let rule: String
    /// The file's size in bytes.
    public let size: Int64
    /// The store's entity tag, with its quotes; nil if it sent none.
    public let etag: String?
}
