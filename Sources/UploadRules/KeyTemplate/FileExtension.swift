// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The endings of file names, without the dot, that belong to a content type. `{ext}` is the first one.
///
/// Types are in lower case, without parameters, and by their registered names (``MediaTypeNames``).
enum FileExtension {
    /// Returns the usual ending of a type; `bin` for a type that is not in the table.
    static func of(contentType: String) -> String {
        all(of: contentType).first ?? "bin"
    }

    /// Returns the endings of a type, the usual one first; none for a type that is not in the table.
    static func all(of contentType: String) -> [String] {
        endings[contentType] ?? MediaTypeNames.twin(of: contentType).flatMap { endings[$0] } ?? []
    }

    /// Returns the endings of the types of a family, in the order of the table, each once.
    ///
    /// - Parameter prefix: `image/`
    static func all(ofFamily prefix: String) -> [String] {
        var found: [String] = []
        for type in endings.keys.sorted() where type.utf8.starts(with: prefix.utf8) && !MediaTypeNames.isScriptCapable(type) {
            for ending in endings[type] ?? [] where !found.contains(ending) { found.append(ending) }
        }
        return found
    }

    /// Every type of the table, sorted.
    static var allTypes: [String] { endings.keys.sorted() }

    /// Every ending of the table, sorted.
    static var allEndings: [String] { types.keys.sorted() }

    /// Returns the types that have this ending, sorted.
    static func types(of ending: String) -> [String] {
        types[ending] ?? []
    }

    /// Whether systems are known to give this type to files with this ending although the files are of another one.
    static func isOftenMistaken(_ contentType: String, for ending: String) -> Bool {
        mistaken[ending]?.contains(contentType) ?? false
    }

    /// Returns the ending of a file's name, in lower case; nil if there is none of the form ``isEnding(_:)``, or nothing in front
    /// of it.
    static func ofFile(named filename: String) -> String? {
        let name = SafeFilename.lastComponent(of: filename)
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return nil }
        let bytes = name[name.index(after: dot)...]
        guard bytes.count <= maximumBytes else { return nil }
        let ending = String(decoding: bytes.map(\.asciiLowercased), as: UTF8.self)
        return isEnding(ending) ? ending : nil
    }

    /// The longest ending, in bytes.
    private static let maximumBytes = 10

    /// Whether the text is 1 to 10 of `[a-z0-9]`.
    static func isEnding(_ text: String) -> Bool {
        (1...maximumBytes).contains(text.utf8.count) && text.allBytes { $0.isASCIILowercase || $0.isASCIIDigit }
    }

    /// Whether browsers render or run files with this ending, or servers commonly do, whatever type the store names.
    static func isRun(_ ending: String) -> Bool {
        run.contains(ending)
    }

    private static let endings: [String: [String]] = usual.mapValues { $0.split(separator: " ").map(String.init) }

    private static let types: [String: [String]] = {
        var types: [String: [String]] = [:]
        for (type, endings) in endings { for ending in endings { types[ending, default: []].append(type) } }
        return types.mapValues { $0.sorted() }
    }()

    private static let mistaken: [String: Set<String>] = mistakes.mapValues { Set($0.split(separator: " ").map(String.init)) }

    private static let run: Set<String> = Set(
        [
            // Pages and scripts, also those of old browsers.
            "atom cjs dhtml eml hta htc htm html htmls js jse jsx mathml mht mhtml mjs rdf rss sct svg svgz swf vbe vbs webarchive",
            "wsc wsf wsh xaml xbap xht xhtm xhtml xml xsd xsl xslt xul",
            // Server-side includes, CGI, Apache's configuration.
            "cgi fcgi htaccess pl shtm shtml ssi stm",
            // PHP.
            "hphp inc phar php php2 php3 php4 php5 php6 php7 php8 phps pht phtm phtml phpt pgif",
            // IIS: ASP, ASP.NET and its configuration. ASP also runs cdx and cer.
            "asa asax ascx ashx asmx asp aspq aspx axd cdx cer config cshtm cshtml idc rem soap svc vbhtm vbhtml",
            // Java, ColdFusion, Ruby.
            "cfc cfm cfml dbm jhtml jsp jspa jspf jspx jsv jsw rhtml wss",
        ].flatMap { $0.split(separator: " ").map(String.init) })

    /// Types and their endings: IANA's registry and Debian's media-types (`/etc/mime.types`); for types and endings that are not in
    /// these, freedesktop's shared-mime-info (`globs2`) or what browsers give: jsonl, idml, indd, ipa, msg, opus, parquet, pem, weba.
    /// The first ending of a certificate is crt, since servers run cer.
    static let usual: [String: String] = [
        "application/cbor": "cbor",
        "application/dicom": "dcm",
        "application/epub+zip": "epub",
        "application/geo+json": "geojson",
        "application/gzip": "gz tgz",
        "application/illustrator": "ai",
        "application/java-archive": "jar",
        "application/json": "json",
        "application/jsonl": "jsonl",
        "application/ld+json": "jsonld",
        "application/msword": "doc",
        "application/octet-stream": "bin",
        "application/ogg": "ogx",
        "application/pdf": "pdf",
        "application/pgp-keys": "asc",
        "application/pgp-signature": "sig",
        "application/pkcs10": "p10",
        "application/pkix-cert": "crt cer",
        "application/postscript": "ps eps",
        "application/rtf": "rtf",
        "application/sql": "sql",
        "application/toml": "toml",
        "application/vnd.adobe.indesign-idml-package": "idml",
        "application/vnd.amazon.mobi8-ebook": "azw3",
        "application/vnd.android.package-archive": "apk",
        "application/vnd.apache.parquet": "parquet",
        "application/vnd.apple.keynote": "key",
        "application/vnd.apple.numbers": "numbers",
        "application/vnd.apple.pages": "pages",
        "application/vnd.comicbook+zip": "cbz",
        "application/vnd.comicbook-rar": "cbr",
        "application/vnd.debian.binary-package": "deb",
        "application/vnd.google-earth.kml+xml": "kml",
        "application/vnd.google-earth.kmz": "kmz",
        "application/vnd.ms-access": "mdb",
        "application/vnd.ms-cab-compressed": "cab",
        "application/vnd.ms-excel": "xls",
        "application/vnd.ms-excel.sheet.binary.macroenabled.12": "xlsb",
        "application/vnd.ms-excel.sheet.macroenabled.12": "xlsm",
        "application/vnd.ms-excel.template.macroenabled.12": "xltm",
        "application/vnd.ms-fontobject": "eot",
        "application/vnd.ms-outlook": "msg",
        "application/vnd.ms-powerpoint": "ppt pps",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12": "pptm",
        "application/vnd.ms-project": "mpp",
        "application/vnd.ms-word.document.macroenabled.12": "docm",
        "application/vnd.ms-xpsdocument": "xps",
        "application/vnd.oasis.opendocument.database": "odb",
        "application/vnd.oasis.opendocument.formula": "odf",
        "application/vnd.oasis.opendocument.graphics": "odg",
        "application/vnd.oasis.opendocument.presentation": "odp",
        "application/vnd.oasis.opendocument.presentation-template": "otp",
        "application/vnd.oasis.opendocument.spreadsheet": "ods",
        "application/vnd.oasis.opendocument.spreadsheet-template": "ots",
        "application/vnd.oasis.opendocument.text": "odt",
        "application/vnd.oasis.opendocument.text-template": "ott",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow": "ppsx",
        "application/vnd.openxmlformats-officedocument.presentationml.template": "potx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template": "xltx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template": "dotx",
        "application/vnd.rar": "rar",
        "application/vnd.sketchup.skp": "skp",
        "application/vnd.sqlite3": "sqlite sqlite3",
        "application/vnd.tcpdump.pcap": "pcap",
        "application/vnd.visio": "vsd",
        "application/wasm": "wasm",
        "application/x-7z-compressed": "7z",
        "application/x-apple-diskimage": "dmg",
        "application/x-bittorrent": "torrent",
        "application/x-blender": "blend",
        "application/x-bzip2": "bz2",
        "application/x-indesign": "indd",
        "application/x-ios-app": "ipa",
        "application/x-iso9660-image": "iso",
        "application/x-mobipocket-ebook": "mobi",
        "application/x-ndjson": "ndjson",
        "application/x-pem-file": "pem",
        "application/x-pkcs12": "p12 pfx",
        "application/x-rpm": "rpm",
        "application/x-subrip": "srt",
        "application/x-tar": "tar",
        "application/x-xz": "xz",
        "application/xhtml+xml": "xhtml xht",
        "application/xml": "xml xsl xsd",
        "application/yaml": "yaml yml",
        "application/zip": "zip",
        "application/zstd": "zst",
        "audio/3gpp": "3gp 3gpp",
        "audio/aac": "aac",
        "audio/ac3": "ac3",
        "audio/amr": "amr",
        "audio/flac": "flac",
        "audio/matroska": "mka",
        "audio/midi": "mid midi",
        "audio/mp4": "m4a m4b mp4",
        "audio/mpeg": "mp3",
        "audio/ogg": "oga ogg spx opus",
        "audio/opus": "opus",
        "audio/wav": "wav",
        "audio/webm": "weba webm",
        "audio/x-aiff": "aiff aif aifc",
        "audio/x-caf": "caf",
        "audio/x-mpegurl": "m3u",
        "audio/x-ms-wma": "wma",
        "font/collection": "ttc",
        "font/otf": "otf",
        "font/ttf": "ttf",
        "font/woff": "woff",
        "font/woff2": "woff2",
        "image/apng": "apng",
        "image/avif": "avif",
        "image/bmp": "bmp dib",
        "image/emf": "emf",
        "image/gif": "gif",
        "image/heic": "heic",
        "image/heif": "heif hif",
        "image/jp2": "jp2",
        "image/jpeg": "jpg jpeg jpe jfif",
        "image/jxl": "jxl",
        "image/ktx2": "ktx2",
        "image/png": "png",
        "image/svg+xml": "svg svgz",
        "image/tiff": "tif tiff",
        "image/vnd.adobe.photoshop": "psd",
        "image/vnd.djvu": "djvu djv",
        "image/vnd.dwg": "dwg",
        "image/vnd.dxf": "dxf",
        "image/vnd.radiance": "hdr",
        "image/webp": "webp",
        "image/wmf": "wmf",
        "image/x-adobe-dng": "dng",
        "image/x-canon-cr2": "cr2",
        "image/x-canon-cr3": "cr3",
        "image/x-exr": "exr",
        "image/x-fuji-raf": "raf",
        "image/x-icon": "ico",
        "image/x-nikon-nef": "nef",
        "image/x-olympus-orf": "orf",
        "image/x-panasonic-rw2": "rw2",
        "image/x-pentax-pef": "pef",
        "image/x-sony-arw": "arw",
        "image/x-tga": "tga",
        "image/x-xcf": "xcf",
        "message/rfc822": "eml mht mhtml",
        "model/3mf": "3mf",
        "model/gltf+json": "gltf",
        "model/gltf-binary": "glb",
        "model/iges": "igs iges",
        "model/obj": "obj",
        "model/step": "step stp",
        "model/stl": "stl",
        "model/vnd.collada+xml": "dae",
        "model/vnd.usdz+zip": "usdz",
        "model/vrml": "wrl",
        "text/calendar": "ics",
        "text/css": "css",
        "text/csv": "csv",
        "text/html": "html htm",
        "text/javascript": "js mjs",
        "text/markdown": "md markdown",
        "text/plain": "txt text log",
        "text/tab-separated-values": "tsv",
        "text/vcard": "vcf",
        "text/vtt": "vtt",
        "text/xml": "xml xsl",
        "video/3gpp": "3gp 3gpp",
        "video/3gpp2": "3g2",
        "video/mp2t": "ts mts m2ts",
        "video/mp4": "mp4 mp4v",
        "video/mpeg": "mpeg mpg mpe",
        "video/ogg": "ogv ogg",
        "video/quicktime": "mov qt",
        "video/webm": "webm",
        "video/x-flv": "flv",
        "video/x-m4v": "m4v",
        "video/x-matroska": "mkv",
        "video/x-msvideo": "avi",
        "video/x-ms-wmv": "wmv",
    ]

    /// Endings, and the types that systems are known to give files with them in error: Windows takes types from the registry, where
    /// Office writes its own for csv, rtf and tsv (`HKEY_CLASSES_ROOT\.csv\Content Type`), and video/mp2t for TypeScript; Android
    /// and libmagic find application/zip in formats that are ZIP files; many systems give text/plain for formats that are text;
    /// browsers give one of the two types of a container whether or not the file has video.
    static let mistakes: [String: String] = [
        "3gp": "video/3gpp audio/3gpp",
        "3mf": "application/zip",
        "aac": "audio/vnd.dlna.adts",
        "apk": "application/zip application/java-archive",
        "cbz": "application/zip",
        "csv": "application/vnd.ms-excel text/plain",
        "docm": "application/zip",
        "docx": "application/zip application/msword",
        "epub": "application/zip",
        "geojson": "application/json text/plain",
        "glb": "application/x-binary",
        "gltf": "application/json text/plain",
        "heic": "image/heif",
        "heif": "image/heic",
        "ics": "text/plain",
        "ipa": "application/zip",
        "jar": "application/zip",
        "json": "text/plain",
        "jsonl": "application/json text/plain",
        "jsonld": "application/json text/plain",
        "key": "application/zip",
        "kmz": "application/zip",
        "m4a": "video/mp4",
        "markdown": "text/plain",
        "md": "text/plain",
        "mov": "video/mp4",
        "mp4": "application/mp4 video/mp4 audio/mp4",
        "ndjson": "application/json text/plain",
        "numbers": "application/zip",
        "obj": "text/plain",
        "odg": "application/zip",
        "odp": "application/zip",
        "ods": "application/zip",
        "odt": "application/zip",
        "ogg": "application/ogg audio/ogg video/ogg",
        "opus": "audio/ogg application/ogg",
        "pages": "application/zip",
        "pptm": "application/zip",
        "pptx": "application/zip application/vnd.ms-powerpoint",
        "rtf": "application/msword text/plain",
        "srt": "text/plain",
        "step": "text/plain",
        "stl": "application/vnd.ms-pki.stl text/plain",
        "stp": "text/plain",
        "toml": "text/plain",
        "ts": "video/mp2t video/vnd.dlna.mpeg-tts",
        "tsv": "text/plain application/vnd.ms-excel",
        "usdz": "application/zip",
        "vcf": "text/plain",
        "vtt": "text/plain",
        "webm": "video/webm audio/webm",
        "xlsb": "application/zip",
        "xlsm": "application/zip",
        "xlsx": "application/zip application/vnd.ms-excel",
        "yaml": "text/plain",
        "yml": "text/plain",
        "zip": "application/x-compressed",
    ]
}
