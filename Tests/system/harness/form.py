"""A multipart/form-data POST as browsers send it, byte for byte, and what a store answers."""

import http.client
import ssl
import urllib.parse
import xml.etree.ElementTree
from dataclasses import dataclass, field

BOUNDARY = "postern-form-7MA4YWxkTrZu0gW"


@dataclass
class File:
    content: bytes = b"hello, store"
    name: str = "me.png"
    content_type: str | None = "image/png"


@dataclass
class StoreAnswer:
    status: int
    headers: dict[str, str]
    body: bytes
    code: str | None = field(init=False)
    message: str | None = field(init=False)

    def __post_init__(self):
        self.code = self.text("Code")
        self.message = self.text("Message")

    def text(self, element: str) -> str | None:
        """The text of an element of the XML body."""
        try:
            tree = xml.etree.ElementTree.fromstring(self.body)
        except xml.etree.ElementTree.ParseError:
            return None
        for each in tree.iter():
            if each.tag.rpartition("}")[2] == element:
                return each.text or ""
        return None

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 400

    def __str__(self):
        return f"{self.status} {self.code or ''} {self.message or ''}".strip()


def encode(fields: list[tuple[str, str]], file: File | None, after: list[tuple[str, str]] = ()) -> tuple[str, bytes]:
    """Content-Type and body. `after`: fields behind the file, which a store ignores."""
    parts = []

    def add(name: str, value: str):
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value.encode() + b"\r\n")

    for name, value in fields:
        add(name, value)
    if file is not None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        if file.content_type is not None:
            head += f"Content-Type: {file.content_type}\r\n"
        parts.append(head.encode() + b"\r\n" + file.content + b"\r\n")
    for name, value in after:
        add(name, value)
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def post(url: str, fields, file: File | None = File(), after=(), origin: str | None = None) -> StoreAnswer:
    """Sends the form to `url`. `*.localhost` is 127.0.0.1 here, as browsers take it, whatever the resolver says."""
    if isinstance(fields, dict):
        fields = list(fields.items())
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname
    address = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(address, parts.port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(address, parts.port, timeout=30)
    content_type, body = encode(fields, file, after)
    headers = {"Host": parts.netloc, "Content-Type": content_type}
    if origin:
        headers["Origin"] = origin
    try:
        connection.request("POST", parts.path or "/", body, headers)
        answer = connection.getresponse()
        return StoreAnswer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
