// SPDX-License-Identifier: Apache-2.0

/// Names of content types: which are other names of a registered type, and which are of files that browsers run.
///
/// Names are `type/subtype` in lower case.
enum MediaTypeNames {
    /// Returns the registered name of a type, which is the name itself for most types, and whether browsers run such files.
    static func resolve(_ essence: String) -> (name: String, isScriptCapable: Bool) {
        switch table[essence] {
        case .scriptCapable: (essence, true)
        case .otherName(let registered): (registered, isScriptCapable(registered))
        case nil: (essence, hasScriptCapableEnd(essence))
        }
    }

    /// Whether a browser runs files of this type, or renders them as a document: on a trusted host, such a file allows stored
    /// cross-site scripting. A wildcard does not allow them, and neither does a file's ending; a rule and a request must name them.
    static func isScriptCapable(_ essence: String) -> Bool {
        switch table[essence] {
        case .scriptCapable: true
        case .otherName(let registered): isScriptCapable(registered)
        case nil: hasScriptCapableEnd(essence)
        }
    }

    /// Returns the second name of a type that has two names in use; nil for other types.
    static func twin(of essence: String) -> String? {
        for (first, second) in twins {
            if first == essence { return second }
            if second == essence { return first }
        }
        return nil
    }

    /// A type of unknown files (RFC 2046 §4.5.1). Browsers and libraries send it where they know no other.
    static let unknown = "application/octet-stream"

    /// Every name of the table, sorted.
    static var all: [String] { table.keys.sorted() }

    private enum Entry {
        case scriptCapable
        case otherName(of: String)
    }

    private static let table: [String: Entry] = {
        var table: [String: Entry] = [:]
        for type in scriptCapable { table[type] = .scriptCapable }
        for (registered, names) in otherNames {
            for name in names.split(separator: " ") { table[String(name)] = .otherName(of: registered) }
        }
        return table
    }()

    private static func hasScriptCapableEnd(_ essence: String) -> Bool {
        // RFC 6839 §2, RFC 7303 §4: every +xml type is XML, and XML may contain XHTML or SVG.
        let bytes = essence.utf8
        return scriptCapableEnds.contains { bytes.count >= $0.count && bytes.suffix($0.count).elementsEqual($0) }
    }

    private static let scriptCapableEnds = ["+xml", "/xml", "/html", "+html"].map { Array($0.utf8) }

    /// With these ends, and with the other names of JavaScript below, the types that the MIME Sniffing standard calls HTML, XML,
    /// JavaScript and scriptable (https://mimesniff.spec.whatwg.org/#mime-type-groups), and old or unregistered ones that some
    /// browser has run. Two types of ordinary files are left out: application/pdf, since scripts in a PDF cannot reach the page's
    /// origin, and text/vtt, in which only EdgeHTML found HTML.
    private static let scriptCapable = [
        // JavaScript.
        "text/javascript",
        // Unknown to browsers, which then look at the bytes and may find HTML (section 7.1 of the standard).
        "application/unknown", "application/x-unknown-content-type", "multipart/form-data", "unknown/unknown",
        // HTML, XML and XSLT. Firefox renders text/rdf, Chromium text/xsl; EdgeHTML took text/cache-manifest for HTML.
        "application/xhtml", "application/xml-dtd", "application/xml-external-parsed-entity", "application/xsl",
        "text/cache-manifest",
        "text/rdf", "text/x-html", "text/xhtml", "text/xml-dtd", "text/xml-external-parsed-entity", "text/xsl", "text/xslt",
        "text/xul",
        // Several documents in one: MHTML, Safari's web archives, signed exchanges.
        "application/mhtml", "application/signed-exchange", "application/x-mhtml", "application/x-mimearchive",
        "application/x-webarchive", "message/rfc822", "multipart/related", "multipart/x-mixed-replace",
        // Internet Explorer's applications, components and scripts.
        "application/hta", "application/x-ms-xbap", "text/scriptlet", "text/vbs", "text/vbscript", "text/x-component",
        "text/x-scriptlet",
        // Plug-ins: Flash, Silverlight.
        "application/futuresplash", "application/vnd.adobe.flash.movie", "application/x-shockwave-flash",
        "application/x-silverlight-app",
        // Apache runs files of these types.
        "application/x-httpd-cgi", "application/x-httpd-php", "text/x-server-parsed-html", "text/x-server-parsed-html3",
    ]

    /// Registered types, and other names that systems, browsers and apps give them: freedesktop's shared-mime-info (`aliases`), for
    /// JavaScript RFC 9239 §6, for YAML RFC 9512 §2.1, and names that were reported from the field: `image/` and the file's ending
    /// from React Native, `application/x-zip-compressed` from Windows, `image/x-citrix-…` from its virtual desktops.
    static let otherNames: [String: String] = [
        "application/gzip": "application/x-gzip",
        "application/illustrator": "application/vnd.adobe.illustrator",
        "application/java-archive": "application/x-jar application/x-java-archive",
        "application/json": "application/x-json text/json",
        "application/msword": "application/vnd.ms-word application/x-msword",
        "application/octet-stream": "binary/octet-stream",
        "application/ogg": "application/x-ogg",
        "application/pdf": "application/acrobat application/nappdf application/vnd.pdf application/x-pdf image/pdf text/pdf",
        "application/postscript": "application/x-postscript",
        "application/sql": "text/sql text/x-sql",
        "application/vnd.apple.keynote": "application/x-iwork-keynote-sffkey",
        "application/vnd.apple.numbers": "application/x-iwork-numbers-sffnumbers",
        "application/vnd.apple.pages": "application/x-iwork-pages-sffpages",
        "application/vnd.comicbook+zip": "application/x-cbz",
        "application/vnd.comicbook-rar": "application/x-cbr",
        "application/vnd.debian.binary-package": "application/x-deb application/x-debian-package",
        "application/vnd.ms-access": "application/mdb application/msaccess application/x-msaccess",
        "application/vnd.ms-excel": "application/excel application/msexcel application/x-excel application/x-msexcel",
        "application/vnd.ms-powerpoint": "application/mspowerpoint application/powerpoint application/x-mspowerpoint",
        "application/vnd.rar": "application/rar application/x-rar application/x-rar-compressed",
        "application/vnd.sqlite3": "application/x-sqlite3",
        "application/vnd.tcpdump.pcap": "application/pcap application/x-pcap",
        "application/x-tar": "application/tar",
        "application/yaml": "application/x-yaml text/x-yaml text/yaml",
        "application/zip": "application/x-zip application/x-zip-compressed",
        "application/zstd": "application/x-zstd",
        "audio/3gpp": "audio/3gp",
        "audio/aac": "audio/x-aac",
        "audio/amr": "audio/x-amr",
        "audio/flac": "audio/x-flac",
        "audio/midi": "audio/mid audio/x-mid audio/x-midi",
        "audio/mp4": "audio/m4a audio/x-m4a",
        "audio/mpeg": "audio/mp3 audio/mpeg3 audio/mpg audio/x-mp3 audio/x-mpeg audio/x-mpeg-3 audio/x-mpeg3 audio/x-mpg",
        "audio/ogg": "audio/x-ogg",
        "audio/wav": "audio/vnd.wave audio/wave audio/x-pn-wav audio/x-wav",
        "audio/x-aiff": "audio/aiff",
        "audio/x-ms-wma": "audio/wma",
        "font/otf": "application/x-font-otf application/x-font-opentype",
        "font/ttf": "application/x-font-ttf application/x-font-truetype",
        "font/woff": "application/font-woff application/x-font-woff",
        "font/woff2": "application/font-woff2",
        "image/bmp": "image/x-bmp image/x-ms-bmp image/x-windows-bmp",
        "image/jp2": "image/jpeg2000",
        "image/jpeg": "image/jpg image/pjpeg image/x-citrix-jpeg image/x-jpeg image/x-jpg",
        "image/png": "image/x-citrix-png image/x-png",
        "image/svg+xml": "image/svg image/svg-xml",
        "image/tiff": "image/tif image/x-tif image/x-tiff",
        "image/vnd.adobe.photoshop":
            "application/photoshop application/x-photoshop image/photoshop image/psd image/x-photoshop "
            + "image/x-psd",
        "image/vnd.djvu": "image/x-djvu image/x.djvu",
        "image/vnd.dwg": "application/acad application/dwg application/x-acad application/x-dwg image/x-dwg",
        "image/vnd.dxf": "application/dxf application/x-dxf image/x-dxf",
        "image/x-tga": "application/tga application/x-tga image/targa image/tga image/x-targa",
        "model/3mf": "application/vnd.ms-3mfdocument",
        "model/step": "application/step",
        "model/stl": "application/sla model/x.stl-ascii model/x.stl-binary",
        "text/calendar": "application/ics",
        "text/csv": "application/csv application/x-csv text/comma-separated-values text/x-comma-separated-values text/x-csv",
        "text/javascript":
            "application/ecmascript application/javascript application/x-ecmascript "
            + "application/x-javascript text/ecmascript text/javascript1.0 text/javascript1.1 "
            + "text/javascript1.2 text/javascript1.3 text/javascript1.4 text/javascript1.5 text/jscript "
            + "text/livescript text/x-ecmascript text/x-javascript",
        "text/markdown": "application/markdown text/x-markdown",
        "text/vcard": "text/x-vcard",
        "video/3gpp": "video/3gp",
        "video/mpeg": "video/mpg video/x-mpeg video/x-mpg",
        "video/ogg": "video/x-ogg",
        "video/quicktime": "image/mov video/mov video/x-quicktime",
        "video/x-flv": "video/flv",
        "video/x-ms-wmv": "video/wmv",
        "video/x-msvideo": "video/avi video/msvideo video/vnd.avi video/x-avi",
    ]

    /// Types that have two names in use, neither of which replaces the other: a registered one (IANA), and the one that browsers send.
    static let twins = [
        ("application/rtf", "text/rtf"),
        ("audio/matroska", "audio/x-matroska"),
        ("image/vnd.microsoft.icon", "image/x-icon"),
        ("video/matroska", "video/x-matroska"),
    ]
}
