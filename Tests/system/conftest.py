"""Fixtures of the system tests: the real store, services on the release binary, one folder for all that they log."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness import canaries, clock as moved_clock, log_scan  # noqa: E402
from harness.cloud import Cloud
from harness.rgw import Credentials, RealStore, StoreUnavailable  # noqa: E402
from harness.service import BINARY, ROOT, Service  # noqa: E402
from harness.tenant import Tenant  # noqa: E402

# Every secret that a log must never show is made of or listed in `canaries`.
STATIC = Credentials("AKIACANARYPOSTERN0001", canaries.secret("canary-secret-key/+"))


def pytest_addoption(parser):
    parser.addoption("--requests", type=int, default=None, help="how many requests a test of hostile requests sends")
    parser.addoption("--seed", type=int, default=0, help="of hostile requests: the same seed gives the same (default 0)")


def pytest_configure(config):
    if not BINARY.exists() and not config.option.collectonly:
        pytest.exit(f"there is no {BINARY}: run `make release` (or `make system-test`, which builds it)", returncode=3)


def pytest_sessionfinish(session, exitstatus):
    """A skipped test proves nothing; in CI it fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    if terminalreporter.stats.get("skipped"):
        terminalreporter.section("SKIPPED, SO NOT PROVEN", red=True)
        for report in terminalreporter.stats["skipped"]:
            terminalreporter.line(f"{report.nodeid}: {report.longrepr[2]}", red=True)


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def logs(tmp_path_factory):
    """The folder where every service of the session writes its output. After the last test it is searched for secrets: one that is found
    is an error of that test."""
    folder = tmp_path_factory.mktemp("logs")
    yield folder
    log_scan.check(folder)


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    return STATIC


@pytest.fixture(scope="session")
def real_store(tmp_path_factory):
    """Ceph's RADOS Gateway. Where it cannot be started the tests that need it are skipped, loudly."""
    try:
        store = RealStore(tmp_path_factory.mktemp("rgw"), STATIC)
    except StoreUnavailable as problem:
        pytest.skip(f"no real S3 here: {problem}")
    yield store
    store.stop()


@pytest.fixture(scope="session")
def temporary(real_store) -> Credentials:
    """Short-lived credentials with a session token."""
    given = real_store.assume_role()
    canaries.add(given.secret_key, given.session_token)
    return given


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory) -> pathlib.Path:
    return moved_clock.build(tmp_path_factory.mktemp("clock"))


@pytest.fixture
def clock(clock_library, tmp_path) -> moved_clock.Clock:
    """A clock of the test's own: give its `environment` to a service, then move it."""
    return moved_clock.Clock(clock_library, tmp_path)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """All of AWS's ways to hand out credentials, on loopback."""
    made = Cloud(tmp_path_factory.mktemp("cloud"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def make_service(tmp_path_factory, logs, credentials):
    """Makes a service that is not started yet; all are ended after the session."""
    made: list[Service] = []

    def make(name: str, tenants: list[Tenant], given: Credentials | None = credentials, **more) -> Service:
        service = Service(tmp_path_factory.mktemp(name), logs, tenants, given, name=f"{len(made)}-{name}", **more)
        for tenant in tenants:
            canaries.add(*(key.text for key in tenant.api_keys))
            canaries.add(*(i.signer.secret.decode() for i in tenant.issuers if hasattr(i.signer, "secret")))
        made.append(service)
        return service

    yield make
    for service in made:
        service.kill()


@pytest.fixture(scope="session")
def service(make_service) -> Service:
    """A service with one tenant, `acme`, for tests that change nothing."""
    tenant = Tenant("acme", origins=["https://app.acme.example"])
    started = make_service("acme", [tenant]).start()
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="session")
def acme(service) -> Tenant:
    return service.tenants["acme"]
