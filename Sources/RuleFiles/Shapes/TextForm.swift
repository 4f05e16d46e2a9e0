// SPDX-License-Identifier: Apache-2.0

import UploadRules
import WireFormats

/// The form of a text: what a JSON Schema can say of it.
///
/// It allows each text that the reader of the value allows, and perhaps more. To the reader a value is its text. Readers of YAML that
/// know more take some texts for numbers and booleans, so a form says whether one of its texts can be such a text.
struct TextForm: Sendable {
    /// A regular expression of the whole text, without anchors, that ECMA-262, Python, Rust and Swift understand alike.
    let pattern: String
    /// A regular expression of those of the texts whose numbers are in bounds. It is apart from the pattern because it is long, and an
    /// editor shows the one that does not match.
    var bounds: String?
    /// The number of characters. The reader mostly counts bytes, of which there are at least as many.
    var length: ClosedRange<Int>?
    var numbers = Numbers.none
    var allowsBooleans = false
    /// Whether the text may be empty, and the value missing.
    var allowsEmpty = false

    enum Numbers: Sendable, Hashable {
        case none
        /// Whole numbers.
        case whole(ClosedRange<Int>)
        /// Those that are not negative: no text begins with a sign.
        case unsigned
        case all
    }

    /// A form of which some texts can be any number, and some a boolean.
    private static func loose(_ pattern: String, _ length: ClosedRange<Int>? = nil) -> TextForm {
        TextForm(pattern: pattern, length: length, numbers: .all, allowsBooleans: true)
    }

    /// A form of names.
    private static func name(_ pattern: String) -> TextForm {
        TextForm(pattern: pattern, numbers: .unsigned, allowsBooleans: true)
    }

    /// A form of which no text is a number or a boolean.
    private static func only(_ pattern: String, _ length: ClosedRange<Int>? = nil) -> TextForm {
        TextForm(pattern: pattern, length: length)
    }
}

// MARK: Forms

/// Parts of patterns.
private enum Part {
    /// The control characters, in brackets: `PlainText.hasControls`.
    static let controls = #"\u0000-\u001f\u007f-\u009f\u2028\u2029"#
    /// No text that S3 would expand: `PlainText.expands`.
    static let notExpanded = #"(?!.*\$\{)"#
    static let attribute = "[a-z0-9][a-z0-9_-]{0,62}"
    static let ipv6 = #"\[[0-9A-Fa-f:.]+\]"#
    static let port = "[0-9]{1,5}"
    /// `Host` without underscores: a name that does not end in a number, or an address.
    static let host = "(?:\(label)\\.)*(?![0-9]+(?:[:/?]|$))\(label)|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|\(ipv6)"
    static let lowercaseHost =
        "(?:\(lowercaseLabel)\\.)*(?![0-9]+(?::|$))\(lowercaseLabel)|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|\(ipv6)"
    static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    static let lowercaseLabel = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    static let looseLabel = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    static let loopback = #"(?:(?:[A-Za-z0-9-]+\.)*[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127\.[0-9.]+|\#(ipv6))"#
    /// What `WebURL` allows behind the host.
    static let afterHost = #"(?:[/?][!$-;=?-\[\]_a-z~]*)?"#
    /// A part of a content type: `ByteSet.mediaTypeName` without capitals.
    static let type = "[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
}

extension TextForm {
    /// `PlainText`.
    /// - Parameter except: characters that it does not have
    static func plain(atMost limit: Int = 256, except characters: String = "") -> TextForm {
        loose("[^\(characters)\(Part.controls)]*", 1...limit)
    }

    /// `PlainText` of ASCII.
    static func ascii(atMost limit: Int, notExpanded: Bool = false) -> TextForm {
        loose((notExpanded ? Part.notExpanded : "") + "[ -~]*", 1...limit)
    }

    /// `Identifier`.
    static let identifier = name("[a-z0-9][a-z0-9-]{0,62}")
    /// `Identifier` with underscores.
    static let underscoredIdentifier = name(Part.attribute)
    /// `KeyTemplate.Placeholder.isAttributeName`.
    static let attributeName = name(Part.attribute)
    /// `KeyTemplate.Placeholder.isParameterName`.
    static let parameterName: TextForm = {
        let taken = (KeyTemplate.Placeholder.simple.map(\.name) + ["rule"]).joined(separator: "|")
        return name("(?!(?:\(taken))$)\(Part.attribute)")
    }()
    /// `Scope`.
    static let scope = loose(#"[!#-\[\]-~]{1,256}"#)
    /// A path of a file: `FilePath`.
    static let path = plain(atMost: 4096)

    /// A day, or an instant of RFC 3339.
    static let date: TextForm = {
        let day = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
        let hour = "(?:[01][0-9]|2[0-3])"
        return only(#"\#(day)(?:[Tt]\#(hour):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:[Zz]|[+-]\#(hour):[0-5][0-9]))?"#)
    }()

    /// A SHA-256 in hex. No reader takes it for a number unless all its digits are decimal, which no hash of a key is.
    static let sha256 = only("[0-9A-Fa-f]{64}")
    /// `FileExtension.isEnding`.
    static let fileExtension = name("[a-z0-9]{1,10}")

    /// `ContentTypeList.parsePattern`.
    static let contentTypePattern = only(#"\*/\*|\#(Part.type)/(?:\*|\#(Part.type))"#)
    /// A content type that is no family.
    static let contentType = only("\(Part.type)/\(Part.type)")

    /// `RateLimit`.
    static let rate: TextForm = {
        let bounds = "\(WholeNumberPattern.of(1...1_000_000_000))/\(Quantity.duration.pattern(of: 1...7 * 86_400))"
        return TextForm(pattern: "\(WholeNumberPattern.any)/\(Quantity.duration.pattern)", bounds: bounds)
    }()

    /// A name of metadata without `x-amz-meta-`.
    static let metadataName = loose("(?![Xx]-[Aa][Mm][Zz]-[Mm][Ee][Tt][Aa]-)[A-Za-z0-9_.-]{1,100}")
    /// The key of a tag.
    static let tagKey = loose("(?![Aa][Ww][Ss]:)\(Part.notExpanded)[^\(Part.controls)]*", 1...128)

    /// `FieldTemplate` in metadata.
    /// - Parameter parameters: whether names that are unknown here may be those of parameters
    static func metadataValue(parameters: Bool = true) -> TextForm {
        loose(fieldTemplate(parameters), 1...MetadataRule.limit)
    }
    /// `FieldTemplate` in a tag.
    static func tagValue(parameters: Bool = true) -> TextForm {
        TextForm(pattern: fieldTemplate(parameters), numbers: .all, allowsBooleans: true, allowsEmpty: true)
    }

    private static func fieldTemplate(_ parameters: Bool) -> String {
        let known = (KeyTemplate.Placeholder.simple.map(\.name) + ["rule"]).joined(separator: "|")
        let name = parameters ? #"(?:claim\.)?\#(Part.attribute)"# : #"(?:\#(known)|claim\.\#(Part.attribute))"#
        return #"\#(Part.notExpanded)(?:\{\{|\{\#(name)\}|[^{\#(Part.controls)])*"#
    }

    /// `ByteSet.token`, several with commas between them; none of them is `identity` or `aws-chunked`.
    static let contentEncoding: TextForm = {
        let token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+"
        let refused = "[Ii][Dd][Ee][Nn][Tt][Ii][Tt][Yy]|[Aa][Ww][Ss]-[Cc][Hh][Uu][Nn][Kk][Ee][Dd]"
        return loose("(?!(?:.*,)? *(?:\(refused))(?:,|$)) *\(token)(?:, *\(token))*", 1...128)
    }()

    /// Language tags with commas between them.
    static let contentLanguage: TextForm = {
        let tag = "[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
        return TextForm(pattern: " *\(tag)(?:, *\(tag))*", length: 1...128, allowsBooleans: true)
    }()

    /// The id, alias or ARN of a KMS key.
    static let kmsKey = loose("[A-Za-z0-9:/_-]{1,2048}")
    /// A storage class of any store.
    static let storageClass = loose("[A-Za-z0-9_.-]{1,64}")
}

// MARK: Key templates

extension TextForm {
    /// `KeyTemplate` of a prefix.
    /// - Parameter parameters: whether names that are unknown here may be those of parameters
    static func keyPrefix(parameters: Bool = true) -> TextForm {
        only("\(notDots)(?:\(segment(parameters))/)+", 1...512)
    }
    /// `KeyTemplate` of a name.
    static func keyName(parameters: Bool = true) -> TextForm {
        let segment = segment(parameters)
        return loose(#"\#(notDots)(?!.*\{path\}$)\#(segment)(?:/\#(segment))*"#, 1...512)
    }

    /// No folder is named `.` or `..`.
    private static let notDots = #"(?!(?:.*/)?\.+(?:/|$))"#

    /// A placeholder that is a whole segment, such as `{user}` and parameters, or text with placeholders that are parts of segments.
    private static func segment(_ parameters: Bool) -> String {
        let placeholders = KeyTemplate.Placeholder.simple
        let parts = placeholders.filter { !$0.isWholeSegment }.map(\.name).joined(separator: "|")
        let known = placeholders.filter(\.isWholeSegment).map(\.name).joined(separator: "|")
        // No placeholder fits both, so that there is only one way to match a text.
        let whole =
            parameters ? #"(?!(?:\#(parts))\})(?:claim\.)?\#(Part.attribute)"# : #"(?:\#(known)|claim\.\#(Part.attribute))"#
        return #"(?:\{\#(whole)\}|(?:[^/${}\#(Part.controls)]|\{(?:\#(parts))\})+)"#
    }
}

// MARK: Addresses

extension TextForm {
    /// `WebURL`.
    static func webURL(atMost limit: Int? = nil) -> TextForm {
        let hosts = #"https://(?:\#(Part.host))|http://\#(Part.loopback)"#
        return only(#"(?:\#(hosts))(?::\#(Part.port))?\#(Part.afterHost)"#, limit.map { 1...$0 })
    }

    /// `WebOrigin`.
    static let webOrigin: TextForm = {
        let https = #"https://(?:\#(Part.lowercaseHost))(?::(?!443$)\#(Part.port))?"#
        let http = #"http://\#(Part.loopback)(?::(?!80$)\#(Part.port))?"#
        let others = "(?!(?:https?|about|blob|data|file|ftp|javascript|wss?):)[a-z][a-z0-9+.-]{0,31}"
        return only(#"\#(https)|\#(http)|\#(others)://[A-Za-z0-9][A-Za-z0-9._-]{0,252}(?::\#(Part.port))?"#)
    }()

    /// The URL of a store: a host, a port and a base path.
    static let endpoint = only(
        #"[Hh][Tt][Tt][Pp][Ss]?://(?:\#(Part.looseLabel)(?:\.\#(Part.looseLabel))*|\#(Part.ipv6))(?::\#(Part.port))?(?:/[A-Za-z0-9._~-]+)*/?"#,
        1...2048)
    /// The name of a bucket, of AWS or of another store, or of a tenant of Ceph.
    static let bucket = loose("(?:[A-Za-z0-9_]{1,64}:)?[A-Za-z0-9._-]{3,255}")
    /// The name of a bucket of AWS by older rules, as it gave them in us-east-1.
    static let olderBucket = loose("[A-Za-z0-9._-]{3,255}")
    /// The name of a bucket of AWS.
    static let awsBucket = loose(#"(?=.{3,63}$)\#(Part.lowercaseLabel)(?:\.\#(Part.lowercaseLabel))*"#)
    /// `RegionName.isAWS`.
    static let awsRegion = only("[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}")
    /// `RegionName.isPossible`.
    static let region = loose("[A-Za-z0-9._-]{1,64}")
    /// `RoleARN.isIAMRole`.
    static let roleARN = only("arn:aws[!-9;-~]*:iam::(?:(?:RGW[0-9]{5})?[0-9]{12})?:role/[!-9;-~]+", 20...2048)
    /// `AssumedRole.isExternalID`.
    static let externalID = loose("[A-Za-z0-9_+=,.@:/-]{2,1224}")
    /// The beginning of the names of variables.
    static let variablePrefix = TextForm(
        pattern: "(?!.*_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$)[A-Za-z_][A-Za-z0-9_]{0,127}", allowsBooleans: true)

    /// `IssuerPattern`: the braces are one whole segment of a path.
    static let issuerPattern = loose(
        #"[^{}\#(Part.controls)]*|https://[^/?#{}\#(Part.controls)]+/(?:[^?#{}\#(Part.controls)]*/)?\{[^{}\#(Part.controls)]+\}"#
            + #"(?:/[^{}\#(Part.controls)]*)?"#, 1...512)

    /// `ListenAddress`.
    static let listenAddress = only("(?:\(Part.host)):\(Part.port)")
    /// `AddressRange`.
    static let addressRange = only("(?=[^/]*[.:])[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
    /// A host name without a port.
    static let hostName = loose("[A-Za-z0-9._-]{1,255}")
}

// MARK: Numbers

extension TextForm {
    /// A size, a duration or an interval.
    static func quantity(_ quantity: Quantity, _ range: ClosedRange<Int>, orZero: Bool = false) -> TextForm {
        let (pattern, bounds) = (quantity.pattern, quantity.pattern(of: range))
        if orZero {
            let zero = quantity.pattern(of: 0...0)
            return TextForm(pattern: "0|\(pattern)", bounds: "0|\(zero)|\(bounds)", numbers: .whole(0...0))
        }
        return TextForm(pattern: pattern, bounds: bounds, numbers: quantity.allowsBareNumber ? .whole(range) : .none)
    }

    /// A whole number.
    static func whole(_ range: ClosedRange<Int>) -> TextForm {
        TextForm(pattern: WholeNumberPattern.any, bounds: WholeNumberPattern.of(range), numbers: .whole(range))
    }
}

extension Quantity {
    /// A regular expression of a number and a unit.
    fileprivate var pattern: String {
        "\(WholeNumberPattern.any)(?:\(units.map(\.name).joined(separator: "|")))" + (allowsBareNumber ? "?" : "")
    }

    /// A regular expression of the texts whose value is in the range.
    fileprivate func pattern(of range: ClosedRange<Int>) -> String {
        let alternatives = units.compactMap { unit -> String? in
            let least = (range.lowerBound + unit.factor - 1) / unit.factor
            let most = range.upperBound / unit.factor
            guard least <= most else { return nil }
            return WholeNumberPattern.of(least...most) + unit.name
        }
        return "(?:\((alternatives + (allowsBareNumber ? [WholeNumberPattern.of(range)] : [])).joined(separator: "|")))"
    }
}

// MARK: JSON Schema

extension TextForm {
    /// Writes the members of the schema of a value; the caller opens and closes the object.
    func writeMembers(to json: inout JSONWriter) {
        var types = ["string"]
        switch numbers {
        case .none: break
        case .whole: types.append("integer")
        case .unsigned, .all: types.append("number")
        }
        if allowsBooleans { types.append("boolean") }
        if allowsEmpty { types.append("null") }
        if types.count == 1 { json.member("type", types[0]) } else { json.member("type", types) }
        writeTextMembers(to: &json)
        switch numbers {
        case .whole(let range):
            json.member("minimum", range.lowerBound)
            json.member("maximum", range.upperBound)
        case .unsigned: json.member("minimum", 0)
        case .none, .all: break
        }
    }

    /// Writes what holds if the value is a text, such as a name.
    func writeTextMembers(to json: inout JSONWriter) {
        if let length {
            if length.lowerBound > 0 { json.member("minLength", length.lowerBound) }
            json.member("maxLength", length.upperBound)
        }
        json.member("pattern", "^(?:\(pattern))$")
        if let bounds {
            // What does not have the form at all is not told twice.
            json.array("allOf", of: [bounds]) { json, bounds in
                json.object { $0.member("pattern", "^(?:(?:\(bounds))$|(?!(?:\(pattern))$))") }
            }
        }
    }
}
