// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

struct STSResponseTests {
    private static func answer(_ text: String) -> STSResponse? { STSResponse(Array(text.utf8)) }

    @Test func `AWS's answers are read`() throws {
        let answer = try #require(Self.answer(STSAnswers.credentials()))
        let credentials = "AssumeRoleResponse/AssumeRoleResult/Credentials"
        #expect(answer["\(credentials)/AccessKeyId"] == "ASIAEXAMPLE000000003")
        #expect(answer["\(credentials)/SecretAccessKey"] == "CANARY-secret/+=")
        #expect(answer["\(credentials)/SessionToken"] == "CANARY-token//==")
        #expect(answer["\(credentials)/Expiration"] == "2026-01-01T01:05:00Z")
        #expect(answer["AssumeRoleResponse/ResponseMetadata/RequestId"] == "c6104cbe-af31-11e0-8154-cbc7ccf896c7")
        #expect(answer["AccessKeyId"] == nil)
        #expect(answer["AssumeRoleResponse/AssumeRoleResult/AccessKeyId"] == nil)
        let refusal = try #require(Self.answer(STSAnswers.refusal("AccessDenied")))
        #expect(refusal["ErrorResponse/Error/Code"] == "AccessDenied")
        #expect(refusal["ErrorResponse/Error/Message"] == "CANARY <b>")
    }

    private static let wellFormed: [(text: String, value: String)] = [
        ("<a><b>x</b></a>", "x"), ("<a><b></b></a>", ""), ("<a><b/></a>", ""), ("<a><b /></a>", ""), ("<a ><b >x</b ></a >", "x"),
        ("<a>\r\n\t <b>x</b>\n</a>\n", "x"), ("\n<a><b> x </b></a>", " x "), ("\u{FEFF}<a><b>x</b></a>", "x"),
        ("<?xml version=\"1.0\"?><a><b>x</b></a>", "x"), ("<?xml version='1.0' encoding='utf-8' ?>\n<a><b>x</b></a>", "x"),
        ("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><a><b>x</b></a>", "x"),
        ("<?xml\nversion = \"1.0\"\tstandalone='no'?><a><b>x</b></a>", "x"),
        ("<!-- --><a><!-- <b>y</b> --><b>x</b></a><!-- - -->", "x"), ("<a><b>x<!-- y -->z</b></a>", "xz"),
        // Name spaces
        ("<a xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><b>x</b></a>", "x"),
        ("<a xmlns='u'><b xmlns='v'>x</b></a>", "x"),
        ("<a xmlns=\"u\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><b>x</b></a>", "x"),
        ("<a\nb = 'c>d' c=\"'&amp;&#65;\"><b>x</b></a>", "x"), ("<a a='1' b='2'><b>x</b></a>", "x"),
        // References
        ("<a><b>&lt;&gt;&amp;&quot;&apos;</b></a>", "<>&\"'"), ("<a><b>&amp;lt;</b></a>", "&lt;"),
        ("<a><b>&#65;&#x42;&#x0063;</b></a>", "ABc"),
        ("<a><b>&#x1F511;&#233;</b></a>", "\u{1F511}\u{E9}"), ("<a><b>x&#10;y&#9;&#13;</b></a>", "x\ny\t\r"),
        ("<a><b>\u{1F511}\u{E9}</b></a>", "\u{1F511}\u{E9}"),
        ("<a>&#32;<b>x</b></a>", "x"),
        // CDATA sections
        ("<a><b><![CDATA[x]]></b></a>", "x"), ("<a><b>1<![CDATA[<c>&amp;]]>2<![CDATA[]]>3</b></a>", "1<c>&amp;23"),
        ("<a><b><![CDATA[]]]]><![CDATA[>]]></b></a>", "]]>"), ("<a><b><![CDATA[<![CDATA[]]></b></a>", "<![CDATA["),
        ("<a><b><![CDATA[<!DOCTYPE x>]]></b></a>", "<!DOCTYPE x>"), ("<a><b>]] ></b></a>", "]] >"),
    ]

    @Test(arguments: wellFormed)
    func `well-formed, harmless XML is read`(text: String, value: String) throws {
        #expect(try #require(Self.answer(text))["a/b"] == value)
    }

    private static let refused: [String] = [
        // Document types and entities
        "<!DOCTYPE a><a/>", "<!DOCTYPE a []><a/>", "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>", "<!doctype a><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % y SYSTEM 'http://127.0.0.1/'>%y;]><a/>", "<!ENTITY x 'y'><a>&x;</a>", "<a><!DOCTYPE a></a>",
        "<a/><!DOCTYPE a>", "<a><!ENTITY x 'y'></a>", "<a><!ELEMENT b ANY></a>", "<!><a/>", "<a><!></a>", "<a><![IGNORE[x]]></a>",
        "<a>&x;</a>", "<a>&nbsp;</a>", "<a>%x;</a>&x;", "<a b='&x;'/>", "<a>&AMP;</a>", "<a>& amp;</a>", "<a>&amp ;</a>",
        // Processing instructions
        "<?x?><a/>", "<?xml-stylesheet href='x'?><a/>", "<a><?x y?></a>", "<a/><?x?>", "<a><?xml version='1.0'?></a>",
        "<?xml version='1.0'?><?xml version='1.0'?><a/>", " <?xml version='1.0'?><a/>", "<!-- --><?xml version='1.0'?><a/>",
        // The declaration
        "<?xml?><a/>", "<?xml ?><a/>", "<?xml version='1.1'?><a/>", "<?xml version='1.0' version='1.0'?><a/>",
        "<?xml encoding='UTF-8'?><a/>", "<?xml encoding='UTF-8' version='1.0'?><a/>", "<?xml version='1.0'encoding='UTF-8'?><a/>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>", "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml version='1.0' x='y'?><a/>", "<?xml version='1.0'><a/>", "<?xml version='1.0'?", "<?XML version='1.0'?><a/>",
        "<?xml version='1.0' encoding='UTF-8&x;'?><a/>",
        // Another encoding than UTF-8
        "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "<?xml version='1.0' encoding='UTF-16'?><a/>",
        "<?xml version='1.0' encoding='UTF-7'?><a/>", "<?xml version='1.0' encoding='US-ASCII'?><a/>",
        "<?xml version='1.0' encoding=''?><a/>",
        // References that name no character
        "<a>&</a>", "<a>&;</a>", "<a>&amp</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&#X41;</a>", "<a>&#+65;</a>", "<a>&#-65;</a>",
        "<a>&#x+41;</a>",
        "<a>&# 65;</a>", "<a>&#6 5;</a>", "<a>&#0;</a>", "<a>&#8;</a>", "<a>&#xD800;</a>", "<a>&#xFFFE;</a>", "<a>&#x110000;</a>",
        "<a>&#99999999999999999999;</a>", "<a>&#\u{FF16}\u{FF15};</a>", "<a>&#65\u{301};</a>",
        // Characters that are not allowed
        "<a>\u{0}</a>", "<a>\u{1}</a>", "<a>\u{1B}[31m</a>", "<a>\u{FFFE}</a>", "<a>\u{FFFF}</a>", "<a><!-- \u{2} --></a>",
        // Elements that do not fit
        "", " ", "x", "a/>", "<", "<a", "<a>", "<a/", "<a b", "<a b=", "<a b='", "<a b='c'", "</a>", "<a></a", "<a></", "<a><",
        "<a>x",
        "<a></b>", "<a></A>", "<a><b></a></b>", "<a/>x", "<a/><a/>", "<a/></a>", "x<a/>", "<a/>&amp;", "<a/><![CDATA[]]>",
        "<![CDATA[]]><a/>",
        "<a></a b='c'>", "< a/>", "<a></ a>", "<a / >", "<a/ >", "<>x</>", "</>", "<a//>", "<a><b/></a></a>", "<a>]]></a>",
        "<a><![CDATA[x]]</a>",
        "<a><![cdata[x]]></a>", "<a><![CDATA [x]]></a>", "<a>\u{FEFF}<b/></a>",
        // Names
        "<1/>", "<-a/>", "<.a/>", "<a$/>", "<\u{E9}/>", "<a\u{301}/>", "<s:a/>", "<:a/>", "<a:/>", "<s:a xmlns:s='u'></s:a>",
        "<a xmlns:s='u'></s:a>",
        // Attributes
        "<a b/>", "<a b=c/>", "<a b=\"c'/>", "<a b='c'd='e'/>", "<a b='c' b='c'/>", "<a b='<'/>", "<a b='&'/>", "<a ='c'/>",
        "<a 'c'/>", "<a 1='c'/>",
        "<a xsi:b='c'/>", "<a xmlns:='c'/>", "<a xmlns:a:b='c'/>", "<a xmlns='u' xmlns='v'/>", "<a,b='c'/>",
        // Comments
        "<!-- a -- b --><a/>", "<!--- a ---><a/>", "<!--><a/>", "<!-- <a/>", "<a><!-- </a>", "<a/><!--", "<!- x -><a/>",
        // Text beside elements, and the same element twice
        "<a>x<b/></a>", "<a><b/>x</a>", "<a><b/>x<c/></a>", "<a><b/>&#65;</a>", "<a><b/><![CDATA[x]]></a>", "<a>\u{A0}<b/></a>",
        "<a><b>1</b><b>2</b></a>", "<a><b>1</b><c/><b>1</b></a>", "<a><b/><b/></a>", "<a><b><c>1</c></b><b><d>2</d></b></a>",
    ]

    @Test(arguments: refused)
    func `XML that STS does not write is refused`(text: String) {
        #expect(Self.answer(text) == nil)
    }

    @Test func `the second of two pairs of credentials is ignored`() {
        let second = "<Credentials><SecretAccessKey>CANARY</SecretAccessKey></Credentials><PackedPolicySize>"
        #expect(Self.answer(STSAnswers.credentials().replacing("<PackedPolicySize>", with: second)) == nil)
        let twice = STSAnswers.credentials().replacing("<SessionToken>", with: "<AccessKeyId>B</AccessKeyId><SessionToken>")
        #expect(Self.answer(twice) == nil)
    }

    @Test func `an answer that is cut off anywhere is refused`() {
        for text in [STSAnswers.credentials(), "<?xml version=\"1.0\"?><!-- x --><a b='c'>&lt;<![CDATA[x]]></a>"] {
            let bytes = Array(text.utf8)
            for count in 0..<bytes.count { #expect(STSResponse(Array(bytes.prefix(count))) == nil, "\(count) bytes") }
            #expect(STSResponse(bytes) != nil)
        }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for wrong: [UInt8] in [
            [0xE9], [0xC0, 0xBC], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0x80], [0xE2, 0x82],
        ] {
            #expect(STSResponse(Array("<a>".utf8) + wrong + Array("</a>".utf8)) == nil)
            #expect(STSResponse(wrong + Array("<a/>".utf8)) == nil)
        }
        let text = "<a>x</a>"
        #expect(STSResponse(text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }) == nil)
        #expect(STSResponse([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }) == nil)
        #expect(STSResponse([0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }) == nil)
        #expect(STSResponse(text.unicodeScalars.flatMap { [0, 0, 0, UInt8($0.value)] }) == nil)
        // "<a>x</a>" in UTF-7 and in EBCDIC
        #expect(STSResponse(Array("+ADw-a+AD4-x+ADw-/a+AD4-".utf8)) == nil)
        #expect(STSResponse([0x4C, 0x81, 0x6E, 0xA7, 0x4C, 0x61, 0x81, 0x6E]) == nil)
    }

    @Test func `depth, size and number of elements are bounded`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(Self.answer(nested(16)) != nil)
        #expect(Self.answer(nested(17)) == nil)
        #expect(Self.answer(nested(8000)) == nil)

        func sized(_ count: Int) -> String { "<a>" + String(repeating: "x", count: count - 7) + "</a>" }
        #expect(Self.answer(sized(65_536)) != nil)
        #expect(Self.answer(sized(65_537)) == nil)

        func wide(_ count: Int) -> String { "<a>" + (1..<count).map { "<b\($0)/>" }.joined() + "</a>" }
        #expect(Self.answer(wide(256)) != nil)
        #expect(Self.answer(wide(257)) == nil)

        func attributes(_ count: Int) -> String { "<a" + (0..<count).map { " b\($0)=''" }.joined() + "/>" }
        #expect(Self.answer(attributes(16)) != nil)
        #expect(Self.answer(attributes(17)) == nil)

        func named(_ count: Int) -> String { "<" + String(repeating: "a", count: count) + "/>" }
        #expect(Self.answer(named(64)) != nil)
        #expect(Self.answer(named(65)) == nil)
    }

    @Test func `the longest hostile answers are refused quickly`() {
        let parts = [
            "<", ">", "&", "&#", "&amp;", "&#65;", "&#x0", "<!--", "<!-- -->", "<![CDATA[", "<![CDATA[]]>", "]]>", "]", "<a>",
            "</a>", "<a/>", " ",
            "<a ", " a=''", "\u{E9}", "\"", "'",
        ]
        let start = ContinuousClock.now
        for part in parts {
            let run = String(repeating: part, count: 65_000 / part.utf8.count)
            for text in [run, "<a>" + run, "<a>" + run + "</a>", "<a " + run, "<a b='" + run, "<!--" + run] {
                _ = Self.answer(text)
            }
        }
        #expect(start.duration(to: .now) < .seconds(60))
    }
}
