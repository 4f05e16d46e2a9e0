"""The release binary elsewhere: what it needs of a machine, and that it does its work where there is nothing more."""

import pathlib
import re
import ssl
import subprocess

import pytest

from harness import canaries
from harness.certificates import Authority
from harness.empty_root import AUTHORITIES, EmptyRoot, NoWayIn, loader, needed, output, resolved, tool
from harness.figures import issuer_state
from harness.http import Connection
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.ports import free_ports
from harness.service import BINARY, Service, clean_environment
from harness.tenant import AVATARS, Tenant
from harness.tokens import Issuer
from harness.waiting import until

WISH = {"contentType": "image/png", "size": 4000}
# Beside the loader. docs/operating.md names their packages.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libcrypto.so.3"}
MEGABYTE = 1_000_000


class AddressedProvider(IdentityProvider):
    """Asked by its address: an empty root has no file of hosts."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "system")


@pytest.fixture(scope="module")
def empty_root(tmp_path_factory, authority) -> EmptyRoot:
    """With one authority more among the system's; nothing else tells the program to trust it."""
    system = pathlib.Path(AUTHORITIES)
    bundle = (system.read_bytes() if system.exists() else b"") + authority.file.read_bytes()
    try:
        return EmptyRoot(tmp_path_factory.mktemp("root"), bundle)
    except NoWayIn as problem:
        pytest.skip(f"no empty root here: {problem}")


# What it is


def test_it_needs_these_libraries_and_no_others():
    own = pathlib.PurePath(loader(BINARY)).name
    assert needed(BINARY) - {own} <= LIBRARIES
    assert set(resolved(BINARY)) <= LIBRARIES, "a library asks for another one"
    # No folder of the machine that built it is searched.
    assert set(re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", output(tool("readelf"), "--dynamic", "--wide", BINARY))) == set()


def test_neither_icu_nor_libxml2_nor_full_foundation_is_inside():
    """Names of modules and functions that are in every program that has them, stripped too."""
    content = BINARY.read_bytes()
    assert b"\0FoundationEssentials\0" in content, "the names of modules are written like this"
    marks = [b"\0Foundation\0", b"\0FoundationInternationalization\0", b"\0FoundationXML\0", b"_FoundationICU", b"icudt", b"libxml", b"xmlns:xml"]
    assert [mark for mark in marks if mark in content] == []


def test_it_is_stripped_and_small():
    assert BINARY.stat().st_size < 45 * MEGABYTE
    sections = output(tool("readelf"), "--section-headers", "--wide", BINARY)
    assert ".symtab" not in sections and ".debug" not in sections


# What it does in an empty root


def test_the_root_is_empty(empty_root):
    """But for the program, its loader, the libraries and the certificates."""
    names = {pathlib.PurePath(path).name for path in empty_root.files() if not path.startswith("/service-")}
    assert names <= LIBRARIES | {"postern", pathlib.PurePath(loader(BINARY)).name, AUTHORITIES.name}


def test_version_help_and_usage(empty_root):
    assert re.fullmatch(r"(postern )?\d+\.\d+\.\d+\S*\n", empty_root.run("--version"))
    assert "SUBCOMMANDS" in empty_root.run("--help")
    empty_root.run("frobnicate", code=64)


def test_check(empty_root):
    for name, prefix, code in [("good", "avatars/{user}/", 0), ("bad", "avatars", 1)]:
        folder = empty_root.path(f"/service-check/{name}")
        folder.mkdir(parents=True)
        Tenant("acme", rules={"avatars": AVATARS | {"keyPrefix": prefix}}).write(folder, folder.parent / "keys")
        empty_root.rename_paths(folder)
        printed = empty_root.run("check", folder, code=code)
        assert "fine: 1 tenant (acme)" in printed if code == 0 else "acme.yaml:" in printed and "1 problem" in printed


def test_a_key_and_a_token_are_made(empty_root):
    made = empty_root.run("key", "new", "--tenant", "acme", "--id", "cms")
    assert re.search(r"pstn\.acme\.cms\.\S+", made)
    assert re.search(r"pstn\.acme\.cms\.\S+", made)[0] not in empty_root.run("key", "new", "--tenant", "acme", "--id", "cms")
    secret = empty_root.path("/service-token/secret")
    secret.parent.mkdir()
    secret.write_text(canaries.secret("a secret of the empty root, long enough"))
    assert empty_root.run("token", "--secret-file", secret, "--issuer", "i", "--audience", "a", "--user", "u").count(".") == 2


@pytest.mark.parametrize("over_tls", [False, True], ids=["http", "https"])
def test_serve(empty_root, authority, logs, credentials, over_tls):
    """Tickets by an API key, by a key in a file, and by keys that are fetched over TLS from a host that only the system's bundle vouches for."""
    name = f"service-{'https' if over_tls else 'http'}"
    folder = empty_root.path(f"/{name}")
    certificate = authority.certify(name)
    arguments = []
    if over_tls:
        folder.mkdir()
        chain, key = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(certificate.chain.read_bytes())
        key.write_bytes(certificate.key.read_bytes())
        arguments = ["--tls-cert", str(chain), "--tls-key", str(key)]
    with AddressedProvider(certificate, algorithm="RS256") as provider:
        tenant = Tenant("acme", issuers=[RemoteIssuer(provider, "discovery"), Issuer("id.file.example", "ES256")])
        service = Service(folder, logs, [tenant], credentials, name=f"empty-root-{name}", arguments=arguments)
        if over_tls:
            service.tls = ssl.create_default_context(cafile=str(authority.file))
        with empty_root.enter(service):
            assert service.request("GET", "/healthz").json() == {"status": "ok"}
            assert service.admin("/readyz").json()["status"] == "ready"
            tokens = [issuer.token() for issuer in tenant.issuers]
            canaries.add(*tokens, *(key.text for key in tenant.api_keys))
            for credential in tokens:
                ticket = service.ticket(credential, **WISH)
                canaries.add_ticket(ticket)
                assert ticket["key"].startswith("avatars/u1/")
            canaries.add_ticket(service.ticket(tenant.api_key, user="u1", **WISH))
            assert service.request("GET", "/openapi.yaml").status == 200
            assert b"postern_tickets_issued_total" in service.admin("/metrics").body
            assert issuer_state(service, provider.issuer)["keyIds"]
        assert service.process.returncode == 0


def test_a_provider_that_no_authority_vouches_for_is_not_believed(empty_root, tmp_path, logs, credentials):
    """The bundle is really looked at."""
    stranger = Authority(tmp_path / "stranger", "stranger")
    with AddressedProvider(stranger.certify("stranger")) as provider:
        tenant = Tenant("acme", issuers=[RemoteIssuer(provider)])
        service = Service(empty_root.path("/service-stranger"), logs, [tenant], credentials, name="empty-root-stranger")
        empty_root.enter(service).start(ready=False)
        try:
            until("it has been tried", lambda: issuer_state(service, provider.issuer)["lastError"])
            assert service.post("/v1/tickets", WISH, tenant.token()).problem["code"] == "keys-unavailable"
            assert not provider.key_requests()
        finally:
            assert service.stop() == 0


def test_dev(empty_root, tmp_path, logs):
    """All of `postern dev`: it writes its folder, and its page and its store answer."""
    port, store, admin = free_ports(3)
    printed = tmp_path / "printed.txt"
    with open(printed, "wb") as output, open(logs / "empty-root-dev.err.log", "ab") as errors:
        process = subprocess.Popen(
            empty_root.command("dev", "--folder", "/service-dev", "--listen", f"127.0.0.1:{port}", "--store", f"127.0.0.1:{store}",
                               "--admin", f"127.0.0.1:{admin}"),
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=clean_environment())
    try:
        until("it says that it runs", lambda: "Postern is running" in printed.read_text(), seconds=20)
        with Connection(port) as connection:
            assert connection.request("GET", "/").status == 200
        with Connection(store) as connection:
            assert connection.request("GET", "/").status < 500
        assert empty_root.path("/service-dev/tenants").is_dir()
    finally:
        process.terminate()
        assert process.wait(25) == 0
