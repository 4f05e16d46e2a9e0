// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// The public listener, which says "not ready" before it closes.
struct DrainingService: Service, CustomStringConvertible {
    let app: any Service
    let readiness: Readiness

    /// The lifecycle logs its services: say the name, not the contents.
    var description: String { "public listener" }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await app.run()
        } onGracefulShutdown: {
            readiness.beginDraining()
        }
    }
}
