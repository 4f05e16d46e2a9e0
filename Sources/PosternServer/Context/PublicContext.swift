// SPDX-License-Identifier: Apache-2.0
package import Hummingbird

/// A request at the front door: who asks is not known yet.
package struct PublicContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// What the front door took down of the request; set before any route runs.
    var arrival: Arrival?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }
}
