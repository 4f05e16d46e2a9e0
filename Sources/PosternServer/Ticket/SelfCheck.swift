// SPDX-License-Identifier: Apache-2.0
#if DEBUG
    import PostPolicy
    import UploadRules

    /// Debug builds evaluate each ticket once as its store would, with the smallest and the largest file that it allows.
    enum SelfCheck {
        struct Failed: Error {
            let refusal: StoreRefusal
        }

        static func judge(_ ticket: Ticket, admission: Admission, store: Store, credentials: SigningCredentials) throws {
            for size in [admission.sizes.lowerBound, admission.sizes.upperBound] {
                let refusal = PolicyEvaluator(region: store.region).evaluate(
                    form: ticket.form.fields,
                    filename: nil,
                    fileSize: size,
                    bucket: store.bucket,
                    at: ticket.serverTime
                ) { $0 == credentials.accessKeyID ? credentials : nil }
                if let refusal { throw Failed(refusal: refusal) }
            }
        }
    }
#endif
