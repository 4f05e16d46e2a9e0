"""TLS on the public listener."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.certificates import Authority
from harness.http import Connection, request_bytes
from harness.service import DidNotStart, Service
from harness.tenant import Tenant


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost and its key, as two PEM files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


def test_tickets_over_tls(make_service, certificate):
    cert, key = certificate
    tenant = Tenant("acme")
    service = make_service("tls", [tenant], arguments=["--tls-cert", str(cert), "--tls-key", str(key)])
    service.tls = ssl.create_default_context(cafile=str(cert))
    with service:
        assert service.ticket(tenant.token(), contentType="image/png")
        assert service.request("GET", "/healthz").json() == {"status": "ok"}
        assert service.admin("/healthz").status == 200, "the admin listener asks the public one over TLS"
        with service.connect() as connection:
            assert connection.socket.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_plain_http_and_old_tls_get_nothing(make_service, certificate):
    cert, key = certificate
    service = make_service("tls-only", [Tenant("acme")], arguments=["--tls-cert", str(cert), "--tls-key", str(key)])
    with service:
        with Connection(service.port, timeout=15) as connection:
            connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            data = b""
            try:
                while more := connection.socket.recv(65536):
                    data += more
            except ConnectionResetError:
                pass
            assert b"200 OK" not in data
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(str(cert))
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            Connection(service.port, tls=old)
        service.tls = ssl.create_default_context(cafile=str(cert))
        assert service.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("broken", ["no key file", "no certificate file", "not PEM", "only one of the two"])
def test_a_certificate_that_cannot_be_used_is_told_at_the_start(make_service, certificate, tmp_path, broken):
    cert, key = certificate
    junk = tmp_path / "junk.pem"
    junk.write_text("this is no PEM\n")
    arguments = {
        "no key file": ["--tls-cert", str(cert), "--tls-key", str(tmp_path / "none.pem")],
        "no certificate file": ["--tls-cert", str(tmp_path / "none.pem"), "--tls-key", str(key)],
        "not PEM": ["--tls-cert", str(junk), "--tls-key", str(junk)],
        "only one of the two": ["--tls-cert", str(cert)],
    }[broken]
    service = make_service("tls-broken", [Tenant("acme")], arguments=arguments)
    with pytest.raises(DidNotStart):
        service.start(timeout=10)
    assert service.process.returncode in (1, 64)
    assert "tls" in service.log().lower() or ".pem" in service.log()


def test_a_stop_does_not_wait_for_idle_tls_clients(make_service, certificate):
    """A client that does not answer close_notify is not waited for."""
    cert, key = certificate
    service = make_service("tls-stop", [Tenant("acme")], arguments=["--tls-cert", str(cert), "--tls-key", str(key)])
    service.tls = ssl.create_default_context(cafile=str(cert))
    service.start()
    idle = [service.connect() for _ in range(5)]
    assert idle[0].request("GET", "/healthz").status == 200
    half = Connection(service.port)
    half.send(b"\x16\x03\x01\x02\x00\x01\x00")
    time.sleep(0.2)
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < 3
    for connection in [*idle, half]:
        connection.close()


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16\x03\x01"], ids=["silence", "half a hello", "three bytes"])
def test_a_slow_handshake_is_closed_in_time(make_service, certificate, first):
    """It has as long as a request, from the moment the connection is there; the idle timeout is for later."""
    cert, key = certificate
    service = make_service("tls-slow", [Tenant("acme")], arguments=["--tls-cert", str(cert), "--tls-key", str(key), "--idle-timeout", "1h"])
    with service:
        began = time.monotonic()
        with Connection(service.port, timeout=60) as connection:
            connection.send(first) if first else None
            assert connection.ended()
            assert time.monotonic() - began >= 8.9


# Protocols, ciphers, and handshakes of all kinds


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls-authority"), "authority")


@pytest.fixture(scope="module")
def services(make_service, authority) -> dict[str, Service]:
    """By the kind of their keys."""
    made = {}
    for kind in ("RSA", "ECDSA"):
        certificate = authority.certify(kind, key_type=kind)
        made[kind] = make_service(f"tls-{kind}", [Tenant("acme")], log_level="info",
                                  arguments=["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)]).start()
    yield made
    for service in made.values():
        assert service.stop() == 0


def client(authority: Authority, ciphers: str | None = None, version: ssl.TLSVersion | None = None, protocols: list[str] | None = None) -> ssl.SSLContext:
    """A client that offers these and nothing else."""
    context = ssl.create_default_context(cafile=str(authority.file))
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if protocols is not None:
        context.set_alpn_protocols(protocols)
    return context


def test_the_versions(services, authority):
    for service in services.values():
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with Connection(service.port, 60, client(authority, version=version)) as connection:
                assert connection.socket.version() == name
                assert connection.request("GET", "/healthz").status == 200


# By the name that OpenSSL has for it; with which kinds of keys it is accepted.
CIPHERS = {
    "ECDHE-RSA-AES128-GCM-SHA256": ["RSA"], "ECDHE-RSA-AES256-GCM-SHA384": ["RSA"], "ECDHE-RSA-CHACHA20-POLY1305": ["RSA"],
    "ECDHE-ECDSA-AES128-GCM-SHA256": ["ECDSA"], "ECDHE-ECDSA-AES256-GCM-SHA384": ["ECDSA"], "ECDHE-ECDSA-CHACHA20-POLY1305": ["ECDSA"],
    # Without forward secrecy
    "AES128-GCM-SHA256": [], "AES256-GCM-SHA384": [], "AES128-SHA": [], "AES256-SHA": [], "AES128-SHA256": [], "AES256-SHA256": [], "AES128-CCM": [],
    # Without authenticated encryption
    "ECDHE-RSA-AES128-SHA": [], "ECDHE-RSA-AES256-SHA": [], "ECDHE-RSA-AES128-SHA256": [], "ECDHE-RSA-AES256-SHA384": [],
    "ECDHE-ECDSA-AES128-SHA": [], "ECDHE-ECDSA-AES256-SHA": [], "ECDHE-ECDSA-AES128-SHA256": [], "ECDHE-ECDSA-AES256-SHA384": [],
    # With another key exchange
    "DHE-RSA-AES128-GCM-SHA256": [], "DHE-RSA-AES256-GCM-SHA384": [], "DHE-RSA-CHACHA20-POLY1305": [], "DHE-RSA-AES128-SHA": [], "DHE-RSA-AES256-SHA": [],
    # Without anything
    "NULL-SHA": [], "ECDHE-RSA-NULL-SHA": [], "ECDHE-ECDSA-NULL-SHA": [], "AECDH-AES128-SHA": [], "ADH-AES128-SHA": [],
}


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_below_tls_1_3_only_forward_secrecy_with_authenticated_encryption(services, authority, kind, cipher):
    """RFC 9325, section 4.2."""
    try:
        context = client(authority, cipher, ssl.TLSVersion.TLSv1_2)
    except ssl.SSLError:
        assert not CIPHERS[cipher], "this OpenSSL cannot offer it"
        return
    if kind in CIPHERS[cipher]:
        with Connection(services[kind].port, 60, context) as connection:
            assert connection.socket.cipher()[0] == cipher
            assert connection.request("GET", "/healthz").status == 200
    else:
        with pytest.raises(ssl.SSLError, match="(?i)handshake.failure|no.shared.cipher"):
            Connection(services[kind].port, 60, context)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("offered, selected", [
    (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["http/1.1", "h2"], "http/1.1"), (["h3", "spdy/3", "http/1.1"], "http/1.1"),
    (["x" * 255] * 20 + ["http/1.1"], "http/1.1"), (None, None)], ids=lambda value: str(value)[:40])
def test_the_protocol_is_agreed_on(services, authority, version, offered, selected):
    for service in services.values():
        with Connection(service.port, 60, client(authority, version=ssl.TLSVersion[version], protocols=offered)) as connection:
            assert connection.socket.selected_alpn_protocol() == selected
            assert connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("offered", [["h2"], ["h3"], ["http/1.0"], ["http/1.10"], ["HTTP/1.1"], ["h2", "spdy/3"], ["x" * 255] * 20], ids=lambda value: str(value)[:40])
def test_a_client_that_speaks_no_http_1_1_is_told_so(services, authority, version, offered):
    """RFC 7301, section 3.2: the handshake fails with `no_application_protocol`."""
    for service in services.values():
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            Connection(service.port, 60, client(authority, version=ssl.TLSVersion[version], protocols=offered))
        with Connection(service.port, 60, client(authority)) as connection:
            assert connection.request("GET", "/healthz").status == 200


class InPieces:
    """A TLS client that sends what it has to send in pieces of so many bytes."""

    def __init__(self, port: int, context: ssl.SSLContext, size: int):
        self.size = size
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        data = self.outgoing.read()
        for start in range(0, len(data), self.size):
            self.socket.sendall(data[start:start + self.size])

    def do(self, action):
        while True:
            try:
                result = action()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.socket.recv(65536)
                self.incoming.write(data) if data else self.incoming.write_eof()

    def status(self) -> int:
        self.do(self.tls.do_handshake)
        self.do(lambda: self.tls.write(request_bytes("GET", "/healthz")))
        return int(self.do(lambda: self.tls.read(65536)).split(b" ")[1])


@pytest.mark.parametrize("size", [1, 2, 7, 100])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_handshake_in_pieces(services, authority, version, size):
    """As the network may cut it; with a list of protocols, with none, and with one that fails."""
    for service in services.values():
        for protocols in (["h2", "http/1.1"], None):
            with InPieces(service.port, client(authority, version=ssl.TLSVersion[version], protocols=protocols), size) as pieces:
                assert pieces.status() == 200
        with InPieces(service.port, client(authority, version=ssl.TLSVersion[version], protocols=["h2"]), size) as pieces:
            with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
                pieces.status()


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_handshake_that_stalls_is_closed(services, authority, version):
    """The client says hello, reads what the server says, and then no more. Neither sooner nor never."""
    for service in services.values():
        context = client(authority, version=ssl.TLSVersion[version])
        with InPieces(service.port, context, 1000) as stalled:
            began = time.monotonic()
            with pytest.raises(ssl.SSLWantReadError):
                stalled.tls.do_handshake()
            stalled.flush()
            while stalled.socket.recv(65536):
                pass
            assert time.monotonic() - began >= 8.9
        with Connection(service.port, 60, context) as connection:
            assert connection.request("GET", "/healthz").status == 200


def test_a_connection_that_has_only_shaken_hands_is_idle(services, authority):
    """Browsers and proxies open some before they need them: nobody is late with a request that has not begun."""
    service = services["ECDSA"]
    with Connection(service.port, 60, client(authority)) as connection:
        connection.socket.settimeout(12)
        with pytest.raises(TimeoutError):
            pytest.fail(f"the server says {connection.socket.recv(65536)!r}")
        connection.socket.settimeout(60)
        assert connection.request("GET", "/healthz").status == 200
    assert not [line for line in service.log_lines() if line.get("code") == "request-timeout"]


@pytest.mark.parametrize("first", [b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\x00\x00" * 10, b"\x15\x03\x01\x00\x02\x02\x28", b"\x80\x2e\x01\x00\x02",
                                   b"\x16\x03\x01\x00\x05\x01\x00\xff\xff\xff", b"\0" * 5000, b"\xff" * 5000, b"GET / HTTP/1.1\r\n\r\n"], ids=lambda first: repr(first[:16]))
def test_what_is_no_hello_is_closed(services, authority, first):
    service = services["RSA"]
    with Connection(service.port, 60) as connection:
        with contextlib.suppress(OSError):  # closed already
            connection.send(first)
            connection.socket.shutdown(socket.SHUT_WR)
        assert not connection.rest().startswith(b"HTTP/")
    with Connection(service.port, 60, client(authority)) as connection:
        assert connection.request("GET", "/healthz").status == 200
