"""15,000 connections that send most of a request and never its end, in several shapes."""

from harness.http import request_bytes
from siege.crowd import Crowd, TLSCrowd
from siege.scene import Options, besiege, service_under_attack

CONNECTIONS, SECONDS, SIZE = 15_000, 15, 15_000
# Each costs the attacker a handshake.
OVER_TLS = 4000

HEAD = b"POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\n"


def shapes() -> dict[str, tuple[bytes, bool]]:
    """What each connection sends, and whether the service speaks TLS."""
    chunked = request_bytes("POST", "/v1/tickets", {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    fields = b"".join(b"X-Field-%02d: %s\r\n" % (number, b"a" * (SIZE // 90 - 14)) for number in range(90))
    return {
        "nothing at all": (b"", False),
        "one byte": (b"P", False),
        "2 KB of one header field": (HEAD + b"X-Long: " + b"a" * 2000, False),
        "one long header field": (HEAD + b"X-Long: " + b"a" * (SIZE - 60), False),
        "90 short header fields": (HEAD + fields, False),
        "half a body of 15 KB": (request_bytes("POST", "/v1/tickets", {"Content-Length": "16000"}) + b" " * SIZE, False),
        "half a chunked body of one-byte chunks": (chunked + b"1\r\n \r\n" * (SIZE // 6), False),
        "90 header fields and half a body of 15 KB": (HEAD + fields + b"Content-Length: 16000\r\n\r\n" + b" " * SIZE, False),
        "half a batch of 250 KB": (request_bytes("POST", "/v1/tickets/batch", {"Content-Length": "260000"}) + b" " * 250_000, False),
        "half a TLS ClientHello of 15 KB": (b"\x16\x03\x01\x3f\xff\x01\x00\x3f\xfb\x03\x03" + b"a" * SIZE, True),
    }


def attack(options: Options):
    for name, (sent, tls) in shapes().items():
        if not options.wants(name):
            continue
        with service_under_attack(options, tls=tls) as service:
            crowd = Crowd(service.port, options.many(CONNECTIONS), lambda _: sent)
            besiege(service, options, f"half_sent_heads: {crowd.count:,} × {name} ({len(sent):,} bytes)", crowd, SECONDS)
    for name in ("one long header field", "90 short header fields", "half a body of 15 KB"):
        if not options.wants(f"{name}, over TLS"):
            continue
        with service_under_attack(options, tls=True) as service:
            crowd = TLSCrowd(service.port, options.many(OVER_TLS), shapes()[name][0], service.tls)
            besiege(service, options, f"half_sent_heads: {crowd.count:,} × {name}, over TLS", crowd, SECONDS)
