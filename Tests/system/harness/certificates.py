"""Private certificate authorities, and certificates for loopback that they sign."""

import datetime
import ipaddress
import pathlib
import ssl
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    chain: pathlib.Path
    key: pathlib.Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """An authority that no system trusts; `file` is what a client is given to trust it."""

    def __init__(self, folder: pathlib.Path, name: str):
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(self._named(name), self.key.public_key(), x509.BasicConstraints(ca=True, path_length=0), [
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def certify(self, name: str, hosts: tuple[str, ...] = ("localhost", "127.0.0.1"), days: int = 30, key_type: str = "ECDSA") -> Certificate:
        """A server's certificate. `days` may be negative: it has ended then."""
        key = rsa.generate_private_key(65537, 2048) if key_type == "RSA" else ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        made = self._sign(self._named(hosts[0]), key.public_key(), x509.BasicConstraints(ca=False, path_length=None), [
            (x509.SubjectAlternativeName(alternatives), False),
            (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False)], days)
        paths = Certificate(self.folder / f"{name}.chain.pem", self.folder / f"{name}.key.pem")
        paths.chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        paths.key.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return paths

    @staticmethod
    def _named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def _sign(self, subject, public_key, constraints, extensions, days: int = 30) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        # Long ago: tests move the clock back too.
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._named(self.name)).public_key(public_key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=40))
                   .not_valid_after(now + datetime.timedelta(days=days)).add_extension(constraints, True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())
