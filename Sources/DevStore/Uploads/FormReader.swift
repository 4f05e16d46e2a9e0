// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import WireFormats

/// Reads a POST form as S3 does: fields, then one file. Anything after the file is ignored.
///
/// Performs no I/O: call `feed` with the bytes that arrive, then `next` until it returns nil, and `finish` at the end of the
/// body.
package struct FormReader: Sendable {
    /// "The form data and boundaries (excluding file contents) cannot exceed 20KB" (S3, "Browser-based uploads using POST").
    package static let preFileLimit = 20 * 1024

    private enum State {
        case fields
        /// - isFile: the part has a file name, so it is a file under another name than `file`.
        case field(name: String, value: [UInt8], isFile: Bool)
        case file
        case afterFile
    }

    private var parser: MultipartParser
    private var state = State.fields
    private var fields: [FormField] = []

    /// - Parameter boundary: the boundary in the request's Content-Type.
    package init(boundary: MultipartBoundary) {
        parser = MultipartParser(boundary: boundary)
    }

    /// Appends bytes of the body.
    package mutating func feed(_ bytes: some Collection<UInt8>) {
        parser.feed(bytes)
    }

    /// The next event, or nil when more bytes are needed.
    package mutating func next() throws(FormReaderError) -> FormEvent? {
        while true {
            let event = try nextPartEvent()
            if isBeforeFile, parser.consumed > Self.preFileLimit {
                if case .field(_, _, isFile: true) = state { throw .fileMissing }
                throw .fieldsTooLong
            }
            guard let event else { return nil }
            if let formEvent = try advance(event) {
                return formEvent
            }
        }
    }

    /// Checks that the form is complete. Call it at the end of the body, after `next` has returned nil.
    package func finish() throws(FormReaderError) {
        do {
            try parser.finish()
        } catch {
            throw .malformed(error)
        }
        guard !isBeforeFile else { throw .fileMissing }
    }

    private var isBeforeFile: Bool {
        switch state {
        case .fields, .field: true
        case .file, .afterFile: false
        }
    }

    private mutating func nextPartEvent() throws(FormReaderError) -> MultipartEvent? {
        do {
            return try parser.next()
        } catch {
            throw .malformed(error)
        }
    }

    private mutating func advance(_ event: MultipartEvent) throws(FormReaderError) -> FormEvent? {
        switch (state, event) {
        case (.fields, .partBegan(let head)) where head.name.equalsIgnoringASCIICase("file"):
            state = .file
            return .fileBegan(ParsedForm(fields: fields, filename: head.filename))
        case (.fields, .partBegan(let head)):
            state = .field(name: head.name, value: [], isFile: head.filename != nil)
        case (.field(let name, var value, let isFile), .partData(let bytes)):
            // Clearing the state first makes `value` uniquely referenced, so that appending does not copy it.
            state = .fields
            value.append(contentsOf: bytes)
            state = .field(name: name, value: value, isFile: isFile)
        case (.field(let name, let value, let isFile), .partEnded):
            guard let text = String(validating: value, as: UTF8.self) else {
                throw isFile ? .fileMissing : .malformed(.malformedHeader)
            }
            fields.append(FormField(name: name, value: text))
            state = .fields
        case (.file, .partData(let bytes)):
            return .fileData(bytes)
        case (.file, .partEnded):
            state = .afterFile
            return .fileEnded
        default:
            // The end of the body, or parts after the file.
            break
        }
        return nil
    }
}

/// An event of a ``FormReader``.
package enum FormEvent: Sendable, Equatable {
    /// The file begins. Fields after it are ignored.
    case fileBegan(ParsedForm)
    /// A piece of the file, never empty.
    case fileData(ArraySlice<UInt8>)
    case fileEnded
}

/// The fields of a POST form, unchanged.
package struct ParsedForm: Sendable, Equatable {
    /// All fields before the file, in order, with names as sent.
    package let fields: [FormField]
    /// The file's name as sent.
    package let filename: String?

    package init(fields: [FormField], filename: String? = nil) {
        self.fields = fields
        self.filename = filename
    }
}

/// Why a body is not a form that S3 accepts.
package enum FormReaderError: Error, Sendable, Equatable {
    /// It is not valid multipart/form-data.
    case malformed(MultipartError)
    /// More than `FormReader.preFileLimit` bytes precede the file's content.
    case fieldsTooLong
    /// The form has no field `file`.
    case fileMissing
}
