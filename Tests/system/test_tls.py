"""TLS on the public listener."""

import datetime
import ipaddress
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.http import Connection
from harness.service import DidNotStart
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
    cert, key = certificate
    service = make_service("tls-slow", [Tenant("acme")], arguments=["--tls-cert", str(cert), "--tls-key", str(key)])
    with service, Connection(service.port, timeout=25) as connection:
        began = time.monotonic()
        connection.send(first) if first else None
        assert connection.ended()
        assert time.monotonic() - began < (11 if first else 17)
