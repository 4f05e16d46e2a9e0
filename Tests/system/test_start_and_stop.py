"""Starts that wait for what is slow outside, and ends that leave nothing behind."""

import os
import pathlib
import subprocess
import time

import pytest

from harness.identity_provider import DISCOVERY, IdentityProvider, RemoteIssuer
from harness.loopback import Reply
from harness.rgw import Credentials
from harness.service import BINARY, clean_environment
from harness.tenant import Tenant
from harness.waiting import until

WISH = {"contentType": "image/png"}
CREDENTIALS = Credentials("AKIASTARTANDSTOP0000", "canary/secret/of/starts/and/stops0000000")


@pytest.fixture
def provider():
    with IdentityProvider() as provider:
        yield provider


def alive(name: str) -> list[str]:
    """Processes whose command line has this name."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if name.encode() in line:
                found.append(folder.name)
    return found


def test_sigterm_during_the_start_ends_it(make_service, provider):
    """Also where the start waits for a provider that hangs: exit code 0, at once."""
    provider.fault = lambda request: Reply(delay=10)
    service = make_service("start-hanging", [Tenant("acme", issuers=[RemoteIssuer(provider)])], CREDENTIALS)
    with open(service.output, "ab") as output, open(service.errors, "ab") as errors:
        service.process = subprocess.Popen(service.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                           env=service.environment, cwd=service.folder)
    until("the keys are asked for", lambda: provider.requests)
    began = time.monotonic()
    assert service.stop(timeout=10) == 0
    assert time.monotonic() - began < 1.5
    assert "stopped while starting" in service.log()


@pytest.mark.parametrize("port", ["65536", "0", "72747", "99999999999999999999999"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_a_port_that_there_is_not_ends_nothing(make_service, provider, host, port):
    """A provider that names such a port in its discovery document is an error of that issuer alone."""
    provider.fault = lambda request: Reply.of_json(
        {"issuer": provider.issuer, "jwks_uri": f"http://{host}:{port}/keys"}) if request.path == DISCOVERY else None
    acme, beta = Tenant("acme", issuers=[RemoteIssuer(provider, "discovery")]), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"})
    service = make_service(f"port-{port}-{len(host)}", [acme, beta], CREDENTIALS).start(ready=False)
    until("the listener is open", lambda: service.admin("/readyz").status == 200)
    assert service.post("/v1/tickets", WISH, acme.token()).status == 503
    assert service.post("/v1/tickets", WISH, beta.token()).status == 201
    state = next(each for each in service.admin("/readyz").json()["issuers"] if each["issuer"] == provider.issuer)
    assert state["lastError"] and not state["keyIds"]
    assert service.stop() == 0


@pytest.mark.parametrize("ending", ["stop", "mistake"])
def test_a_program_for_credentials_does_not_outlive_the_service(make_service, tmp_path, ending):
    """Neither a service that is stopped, nor one that does not start because of another tenant's mistake."""
    mark = f"{os.getpid()}{'1' if ending == 'stop' else '2'}"
    name = f"postern-test-sleeper-{mark}"
    program = tmp_path / name
    program.write_text("#!/bin/sh\ntrap '' TERM\nsleep 600 &\nwait\nsleep 600\n")
    program.chmod(0o755)
    (tmp_path / "config").write_text(f"[profile slow]\ncredential_process = {program}\n")
    tenants = [Tenant("acme", store={"bucket": "acme-uploads", "region": "eu-west-1", "credentials": {"profile": "slow"}}), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"})]
    if ending == "mistake":
        tenants.append(Tenant("gone", store={"bucket": "gone", "region": "eu-west-1", "credentials": {"profile": "nobody"}}))
    service = make_service(f"sleeper-{ending}", tenants, CREDENTIALS,
                           environment={"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"})
    if ending == "mistake":
        # By then the slow one has been begun: what is wrong is told when the start has waited for all.
        run = subprocess.run(service.arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                             env=service.environment, cwd=service.folder, check=False)
        assert run.returncode == 1 and "nobody" in run.stderr, run.stderr
    else:
        service.start(ready=False)
        until("the listener is open", lambda: service.admin("/readyz").status == 200)
        assert alive(name), "the program runs"
        assert service.post("/v1/tickets", WISH, tenants[0].token()).status == 503
        assert service.stop(timeout=10) == 0
    until("the program has ended", lambda: not alive(name))


def test_a_program_is_run_where_the_parent_ignores_its_children(tmp_path):
    """Some supervisors start services with SIGCHLD ignored."""
    (tmp_path / "config").write_text(
        "[profile quick]\ncredential_process = /bin/echo "
        """'{"Version": 1, "AccessKeyId": "AKIAQUICKQUICKQUICK0", "SecretAccessKey": "canary/quick"}'\n""")
    began = time.monotonic()
    run = subprocess.run(
        ["/usr/bin/env", "--ignore-signal=CHLD", str(BINARY), "credentials", "--profile", "quick", "--no-identity"],
        env=clean_environment(AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_SHARED_CREDENTIALS_FILE="/dev/null"),
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert run.returncode == 0 and "AKIAQUICKQUICKQUICK0" in run.stdout, run.stdout + run.stderr
    assert "canary" not in run.stdout + run.stderr and time.monotonic() - began < 20


def test_exchanged_keys_are_refused_without_showing_the_secret():
    """The secret would stand in every ticket, as the id."""
    for command in (["credentials", "--no-identity"], ["credentials", "--no-identity", "--json"]):
        run = subprocess.run(
            [str(BINARY), *command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False,
            env=clean_environment(AWS_ACCESS_KEY_ID="canaryK7MDENGbPxRfiCYEXAMPLEKEYcanary000", AWS_SECRET_ACCESS_KEY="AKIAIOSFODNN7EXAMPLE"))
        assert run.returncode == 1 and "swapped" in run.stdout
        assert "canary" not in run.stdout + run.stderr
