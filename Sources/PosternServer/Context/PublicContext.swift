// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import Logging
import NIOCore

/// A request at the front door: who asks is not known yet.
package struct PublicContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The id that logs and problems carry: the framework's own, so that its lines can be found too.
    let requestID: String
    /// The connection's other end; nil in tests without a socket.
    let connection: SocketAddress?
    /// What the front door took down of the request; set before any route runs.
    var arrival: Arrival?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        connection = source.channel.remoteAddress
        // Not `id`, which stops the process where a log handler keeps no metadata.
        requestID = source.logger[metadataKey: "hb.request.id"]?.description ?? RequestID().description
    }
}
