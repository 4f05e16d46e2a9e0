"""A generator of hostile requests: HTTP, JSON, tokens, file names, content types. The same seed gives the same requests."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .http import request_bytes
from .tenant import Tenant
from .tokens import base64url, compact_json


@dataclass
class Shot:
    """One request. `whole`: well-formed HTTP, so it must be answered; otherwise the server may also just hang up."""

    kind: str
    data: bytes
    whole: bool = True
    head_only: bool = False
    # Whose token it has; None with an API key, where the body says it.
    user: str | None = None


NASTY_TEXT = [
    "", "\0", "a\0b", "\r\n", "a\r\nX-Injected: 1", "\n", "\t", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u2029", "\ufeff", "\ufffd", "\uffff", "\u202e",
    "e\u0301", "\u00e9", "\U0001f39e", "\U0010ffff", "../" * 40, "..", ".", "/", "\\", "a" * 5000, "é" * 300, "${filename}", "{user}", "$", "{{", "}}",
    '"', "'", "<script>", "%00", "%2e%2e%2f", "-", "--", "~", "CON", "a" * 254 + ".png", " ", "   ", "\u00a0", "null", "0", "NaN", "__proto__",
    # Encoded words, and what looks like them.
    "=?UTF-8?B?YQ==?=", "=?utf-8?q?=41?=", "=?", "?=", "a=?b", "==?=",
    # What grows or changes when it is normalised, and long names by letters of two and three bytes.
    "e\u0301" * 100, "\u1100\u1161\u11a8", "\u0344", "\ufb2c", "\U0001d160", "\ufdfa", "\u0130", "\u212b", "\u0301", "\u62a5\u544a" * 50, "\u00df" * 150,
    # Dots and separators of other scripts, and text that runs the other way.
    "\u2024\u2024", "\uff0e\uff0e\uff0f", "\u2215", "\u2066a\u2069", "\u061c", "\u200d", "\u202egnp.exe", "...", ".png", "a.", "$" * 3 + "{x}", "%F0%9F", "\u0661",
]
NUMBERS = ["0", "-0", "-1", "1e308", "1e309", "-1e308", "1E400", "1e-400", "0.1", "1.0", "5e3", "9007199254740993", "9223372036854775807",
           "9223372036854775808", "-9223372036854775809", "1" * 400, "0" * 3 + "1", "01", "+1", ".5", "5.", "0x10", "1_000", "Infinity", "NaN",
           "--1", "1e", "1e+", "\u0661"]
TYPES = ["image/png", "IMAGE/PNG", "image/png; charset=utf-8", "image/svg+xml", "text/html", "application/xhtml+xml", "image/*", "*/*", "image",
         "/", "image/", "/png", "image//png", "image/png, text/html", "image/png\r\nX: y", "image/png\0", " image/png", "image/png ", "imagé/png",
         "application/javascript", "multipart/form-data; boundary=x", "image/png;" * 200, "a/" + "b" * 4000]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "M-SEARCH", "PURGE", "A" * 300, "QUERY"]
PATHS = ["/", "/v1/tickets", "/v1/tickets/", "/v1/tickets/batch", "/v1/presign", "/v1/presign?type=image/png&rule=%zz&size=1e9", "/v1/presign?" + "a&" * 4000, "/v1/rules", "/healthz", "/openapi.yaml", "/openapi.json", "/v1", "/v2/tickets", "/v1/tickets?x=1",
         "/v1/tickets?" + "a=b&" * 500, "/v1/../v1/tickets", "//v1/tickets", "/v1/tickets%00", "/%2e%2e/%2e%2e/etc/passwd", "/metrics", "/readyz",
         "/V1/TICKETS", "/v1/tickets/batch/1", "/" + "a" * 7000, "/%", "/%zz", "/%ff%fe", "/;/", "/v1/rules#x", "*", "/\xe9", "/🎞"]
HEADER_NAMES = ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Origin", "Referer", "Cookie", "Accept", "Accept-Encoding", "Content-Encoding", "Expect",
                "If-None-Match", "Range", "Upgrade", "Connection", "TE", "Trailer", "Via", "X-Request-Id", "Access-Control-Request-Method",
                "Access-Control-Request-Headers", "Keep-Alive", "Proxy-Authorization", "User-Agent", "Date", "From", "Max-Forwards", "X" * 200]
HEADER_VALUES = ["", " ", "*", "null", "0", "-1", "a" * 3000, "\x01", "\t", "é", "\xff", "%00", "https://app.acme.example", "https://evil.example", "POST",
                 "100-continue", "gzip, deflate, br", "bytes=0-1", "websocket", "h2c", "close", "keep-alive", "upgrade, close", "trailers", "; ; ;", '"', "${jndi:x}"]


class Hostile:
    def __init__(self, seed: int, tenant: Tenant):
        self.seed, self.pick = seed, random.Random(seed)
        self.tenant = tenant
        self.issuer = tenant.issuers[0]
        self.good_token = tenant.token("u1")
        self.kinds: list[tuple[int, Callable[[], Shot]]] = [
            (22, self.json_values), (14, self.json_text), (16, self.token), (8, self.api_key), (10, self.names_and_types), (8, self.batch),
            (9, self.http_words), (8, self.http_headers), (5, self.raw_bytes),
        ]

    def shots(self, count: int) -> Iterator[Shot]:
        for _ in range(count):
            [make] = self.pick.choices([make for _, make in self.kinds], [weight for weight, _ in self.kinds])
            yield make()

    # parts

    def text(self) -> str:
        pick = self.pick
        kind = pick.random()
        if kind < 0.5:
            return pick.choice(NASTY_TEXT)
        if kind < 0.8:
            return "".join(pick.choice(NASTY_TEXT)[:20] for _ in range(pick.randint(1, 4)))
        return "".join(chr(pick.choice([pick.randrange(0x80), pick.randrange(0xD800), pick.randrange(0xE000, 0x110000)])) for _ in range(pick.randint(1, 40)))

    def json_string(self) -> bytes:
        """A JSON string literal, sometimes one that is not allowed."""
        pick = self.pick
        kind = pick.random()
        if kind < 0.6:
            return json.dumps(self.text(), ensure_ascii=pick.random() < 0.5).encode("utf-8", "surrogatepass")
        return pick.choice([
            b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\xaf"', b'"\xf4\x90\x80\x80"', b'"\\x41"', b'"\\u12"',
            b'"\\u000"', b'"a\nb"', b'"\x00"', b'"\x1f"', b'"', b'"\\"', b"'a'", b'"\\u0000"', b'"\\/"', b'"' + b"\\u0061" * 400 + b'"', b'"\xe2\x80\xa8"'])

    def json_value(self, depth: int = 0) -> bytes:
        pick = self.pick
        kind = pick.random()
        if kind < 0.35:
            return self.json_string()
        if kind < 0.6:
            return pick.choice(NUMBERS).encode()
        if kind < 0.75:
            return pick.choice([b"null", b"true", b"false", b"nul", b"True", b"undefined", b"", b"{}", b"[]", b"/**/1", b"[,]", b"{,}"])
        if depth > 4:
            return b"0"
        parts = [self.json_value(depth + 1) for _ in range(pick.randint(0, 4))]
        if kind < 0.88:
            return b"[" + b",".join(parts) + pick.choice([b"]", b"]", b"]", b",]", b""])
        return b"{" + b",".join(self.json_string() + b":" + each for each in parts) + pick.choice([b"}", b"}", b"}", b",}", b""])

    def wish(self) -> dict[str, bytes]:
        """The members of a ticket request as JSON literals, some of them spoiled."""
        pick = self.pick
        members = {"rule": b'"avatars"', "contentType": b'"image/png"', "filename": b'"me.png"', "size": b"100", "metadata": b'{"album":"1"}',
                   "checksumSHA256": b'"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="', "user": b'"u1"'}
        members = {name: value for name, value in members.items() if name == "contentType" or pick.random() < 0.5}
        for _ in range(pick.choice([0, 1, 1, 1, 2, 3])):
            members[pick.choice([*members, "colour", self.text()])] = self.json_value()
        return members

    @staticmethod
    def joined(members: dict[str, bytes]) -> bytes:
        return b"{" + b",".join(json.dumps(name).encode() + b":" + value for name, value in members.items()) + b"}"

    def post(self, kind: str, body: bytes, path: str = "/v1/tickets", credential: str | None = None) -> Shot:
        fields = [("Authorization", f"Bearer {credential or self.good_token}"), ("Content-Type", "application/json")]
        return Shot(kind, request_bytes("POST", path, fields, body))

    # kinds

    def json_values(self) -> Shot:
        credential = self.pick.choice([self.good_token, self.tenant.api_key])
        return self.post("json values", self.joined(self.wish()), credential=credential)

    def json_text(self) -> Shot:
        """Whole documents that are broken as text."""
        pick = self.pick
        body = bytearray(self.joined(self.wish()))
        kind = pick.randrange(9)
        if kind == 0:
            del body[pick.randrange(len(body) + 1):]
        elif kind == 1:
            for _ in range(pick.randint(1, 6)):
                body[pick.randrange(len(body))] = pick.randrange(256)
        elif kind == 2:
            at = pick.randrange(len(body))
            body[at:at] = pick.randbytes(pick.randint(1, 8))
        elif kind == 3:
            body += pick.choice([b"{}", b" ", b"\0", b"x", b"\n\n", b",", b"}"])
        elif kind == 4:
            body[:0] = pick.choice([b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\0", b"//\n"])
        elif kind == 5:
            depth = pick.choice([10, 31, 32, 33, 100, 1000, 5000])
            opening, closing = pick.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
            body = bytearray(opening * depth + b"1" + (closing * depth if pick.random() < 0.7 else b""))[:16000]
        elif kind == 6:
            body = bytearray(pick.randbytes(pick.randint(0, 300)))
        elif kind == 7:
            name = pick.choice([b'"size":1', b'"contentType":"image/png"', b'"rule":"avatars"', b'"\\u0073ize":1'])
            body = bytearray(b'{"contentType":"image/png","size":1,' + name + b"}")
        else:
            body = bytearray(json.dumps(json.loads('{"contentType":"image/png"}')).encode("utf-16"))
        return self.post("json text", bytes(body))

    def token(self) -> Shot:
        pick, issuer = self.pick, self.issuer
        kind = pick.randrange(9)
        token: bytes
        if kind == 0:
            token = issuer.token(self.text()).encode()
        elif kind == 1:
            claim = pick.choice(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope"])
            rest = {name: value for name, value in issuer.claims().items() if name != claim}
            literal = self.json_value() or b"0"
            payload = compact_json(rest)[:-1] + b"," + json.dumps(claim).encode() + b":" + literal + b"}"
            token = issuer.raw_token(payload).encode()
        elif kind == 2:
            member = pick.choice(["alg", "kid", "typ", "crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"])
            value = pick.choice(["none", "None", "HS256", "RS256", "ES256", "", 1, None, [], ["exp"], {}, "k1", "a" * 200, "\0", True, issuer.signer.algorithm])
            header = compact_json({"alg": issuer.signer.algorithm, "typ": "JWT"} | {member: value})
            token = issuer.raw_token(compact_json(issuer.claims()), header).encode()
        elif kind == 3:
            parts = bytearray(self.good_token.encode())
            for _ in range(pick.randint(1, 3)):
                parts[pick.randrange(len(parts))] = pick.choice(b"ABCabc019-_.=+/")
            token = bytes(parts)
        elif kind == 4:
            first, second, third = self.good_token.split(".")
            token = pick.choice([
                f"{first}.{second}.", f"{first}.{second}", f".{second}.{third}", f"{first}..{third}", f"{first}.{second}.{third}.", "..", ".", "",
                f"{first}.{second}.{third}=", f"{first}.{second}.{third}A", f"{first}.{second}.{third}.{third}", "a.b.c", "e30.e30.e30",
                f"{base64url(b'{}')}.{second}.{third}", f"{third}.{second}.{first}"]).encode()
        elif kind == 5:
            token = bytes(each for each in pick.randbytes(pick.randint(1, 200)) if each not in b"\r\n\0")
        elif kind == 6:
            token = issuer.raw_token(self.json_value()).encode()
        elif kind == 7:
            token = issuer.raw_token(b'{"iss":' + b"[" * pick.choice([10, 100, 900]) + b"}").encode()
        else:
            token = b"eyJ" + b"A" * pick.choice([100, 4000, 8180, 8200, 12000])
        scheme = pick.choice([b"Bearer ", b"Bearer ", b"Bearer ", b"bearer ", b"Bearer", b"Bearer  ", b"Basic ", b"", b"Token ", b"Bearer\t"])
        value = (scheme + token).decode("latin-1")
        fields = [("Authorization", value)] * pick.choice([1, 1, 1, 1, 2]) + [("Content-Type", "application/json")]
        body = b'{"contentType":"image/png","rule":"avatars"}'
        head = b"POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
            name.encode() + b": " + each.encode("latin-1") + b"\r\n" for name, each in fields)
        # Control bytes in a field value are not HTTP: the server may hang up on those.
        whole = all(each >= 0x20 and each != 0x7F or each == 0x09 for each in value.encode("latin-1"))
        return Shot("token", head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body, whole)

    def api_key(self) -> Shot:
        pick = self.pick
        parts = self.tenant.api_key.split(".")
        parts[pick.randrange(4)] = pick.choice(["", "x", "acme", "cms", "a" * 300, "é", "..", "%00", parts[3][:-1], parts[3] + "A", parts[3].swapcase()])
        key = ".".join(parts) if pick.random() < 0.5 else self.tenant.api_key
        body = compact_json({"rule": "avatars", "contentType": "image/png", "user": self.text()})
        return self.post("api key", body, credential=key)

    def names_and_types(self) -> Shot:
        pick = self.pick
        wish = {"rule": pick.choice(["avatars", "files"]), "filename": self.text(), "contentType": pick.choice([*TYPES, self.text()]),
                "metadata": {pick.choice(["album", "title", self.text()]): self.text()}, "user": self.text()}
        wish = {name: value for name, value in wish.items() if name in ("rule", "contentType") or pick.random() < 0.6}
        return self.post("names and types", compact_json(wish), credential=self.tenant.api_key)

    def batch(self) -> Shot:
        pick = self.pick
        entries = [self.joined(self.wish()) for _ in range(pick.choice([0, 1, 2, 3, 5]))]
        if pick.random() < 0.02:
            entries = [b'{"contentType":"image/png","rule":"avatars","user":"u"}'] * pick.choice([99, 100, 101, 2000])
        body = b'{"tickets":[' + b",".join(entries) + b"]" + pick.choice([b"}", b"}", b"}", b',"x":1}', b""])
        return self.post("batch", body, "/v1/tickets/batch", credential=self.tenant.api_key)

    def http_words(self) -> Shot:
        """Methods and paths."""
        pick = self.pick
        method, path = pick.choice(METHODS), pick.choice(PATHS)
        body = pick.choice([None, b"", b"{}", b"x" * 17_000]) if method not in ("GET", "HEAD", "TRACE", "CONNECT") else None
        fields = [("Content-Type", pick.choice(["application/json", "application/json; charset=utf-8", "text/plain", "application/JSON", "", "a/b" * 50]))]
        if pick.random() < 0.7:
            fields.append(("Authorization", f"Bearer {self.good_token}"))
        whole = method != "CONNECT" and method.isupper() and path.isascii() and path != "*"
        return Shot("http words", request_bytes(method, path, fields, body), whole, head_only=method == "HEAD")

    def http_headers(self) -> Shot:
        """Header fields, well-formed or not."""
        pick = self.pick
        fields = [(pick.choice(HEADER_NAMES), pick.choice(HEADER_VALUES)) for _ in range(pick.choice([1, 1, 2, 3, 5, 60, 400]))]
        fields += pick.choice([[], [], [("Host", "a"), ("Host", "b")], [("Host", "")], [("Host", "a b")], [("Content-Length", "5"), ("Content-Length", "6")],
                               [("Transfer-Encoding", "chunked"), ("Content-Length", "5")], [("Transfer-Encoding", "gzip, chunked")],
                               [("Transfer-Encoding", "xchunked")], [("Content-Length", "-1")], [("Content-Length", "5e1")], [("Content-Length", "9" * 30)],
                               [("X:Y", "1")], [("X Y", "1")], [("", "1")], [("é", "1")], [("X-Big", "b" * 20_000)]])
        fields.append(("Authorization", f"Bearer {self.good_token}"))
        data = request_bytes("GET", pick.choice(["/v1/rules", "/healthz", "/openapi.yaml"]), fields)
        if pick.random() < 0.3:
            data = data.replace(b"\r\n", pick.choice([b"\n", b"\r\n ", b"\r", b"\r\n\t"]), pick.randint(1, 3))
        if pick.random() < 0.2:
            data = data.replace(b"HTTP/1.1", pick.choice([b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"HTTP/1.", b""]), 1)
        return Shot("http headers", data, whole=False)

    def raw_bytes(self) -> Shot:
        """Bytes that are hardly HTTP, and chunked bodies of all kinds."""
        pick = self.pick
        kind = pick.randrange(6)
        if kind == 0:
            data = pick.randbytes(pick.randint(1, 400))
        elif kind == 1:
            data = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + pick.randbytes(40)
        elif kind == 2:
            data = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + pick.randbytes(200)
        elif kind == 3:
            data = bytearray(request_bytes("POST", "/v1/tickets", [("Content-Type", "application/json")], b"{}"))
            for _ in range(pick.randint(1, 5)):
                data[pick.randrange(len(data))] = pick.randrange(256)
            data = bytes(data)
        else:
            chunks = pick.choice([
                b"5\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\nx\r\n", b"-1\r\n", b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", b"zz\r\n", b"5\r\nhel",
                b"0\r\n\r\n", b"\r\n", b"4001\r\n" + b"x" * 0x4001 + b"\r\n0\r\n\r\n", b"1\r\nx\r\n" * 300 + b"0\r\n\r\n", b"5\nhello\n0\n\n"])
            data = request_bytes("POST", "/v1/tickets", [
                ("Authorization", f"Bearer {self.good_token}"), ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]) + chunks
        return Shot("raw bytes", data, whole=False)
