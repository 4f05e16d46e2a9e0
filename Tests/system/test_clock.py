"""Dates that cannot be right: the service lives on, and gives a ticket that is true or none."""

import base64
import datetime
import json
import time

import pytest

from harness.command import Command
from harness.figures import readiness
from harness.tenant import Tenant
from harness.tokens import APIKey, Issuer
from harness.waiting import until

YEAR = 365.25 * 86_400
LAST = 253_402_300_799  # 9999-12-31T23:59:59Z
IMPLAUSIBLE = {
    "the year −1": -62_198_755_200, "1901": -2**31, "1969": -180 * 86_400, "a year before 1970": -YEAR, "five seconds before 1970": -5,
    "half a second before 1970": -0.5, "1970": 0, "2001": 1_000_000_000, "two years ago": None, "9999-12-31T23:58": LAST - 119,
    "the last second of 9999": LAST, "the year 10000": LAST + 1, "2^40": 2**40, "the year 285,616,415": 2**53, "the end of time": 2**62,
    "the beginning of time": -2**62,
}
# Seconds since 1970, or before now.
PLAUSIBLE = {"now": 0, "an hour ago": -3600, "2038": 2**31, "2106": 2**32, "2242": 2**33, "9999-12-20": LAST - 11 * 86_400}


class ClockedIssuer(Issuer):
    """Its tokens are of the date that the service under test sees."""

    def __init__(self, name: str, now):
        super().__init__(name)
        self.now = now

    def claims(self, user: str = "u1", **more) -> dict:
        now = int(self.now())
        return super().claims(user, **({"iat": now, "exp": now + 3600} | more))


@pytest.fixture
def service(make_service, clock):
    tenant = Tenant("acme", issuers=[ClockedIssuer("id.acme", clock.now)], api_keys=[APIKey("acme")])
    with make_service("clock", [tenant], environment=clock.environment) as started:
        yield started
        assert started.stop() == 0


def ask(service, credential: str):
    return service.post("/v1/tickets", {"contentType": "image/png", "user": "u1"} if credential.startswith("pstn.") else {"contentType": "image/png"},
                        credential)


def assert_refused(service, credential: str):
    answer = ask(service, credential)
    assert answer.status == 503 and answer.problem["code"] == "clock-implausible", (answer.status, answer.body)
    assert "retry-after" in answer.headers
    rules = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {credential}"})
    assert rules.status == 503 and rules.problem["code"] == "clock-implausible"


def assert_true_ticket(service, clock, credential: str):
    before, answer, after = int(clock.now()), ask(service, credential), clock.now()
    assert answer.status == 201, (answer.status, answer.body)
    ticket = answer.json()

    def seconds(text: str) -> float:
        return datetime.datetime.fromisoformat(text).timestamp()

    assert before <= seconds(ticket["serverTime"]) <= after
    assert seconds(ticket["expiresAt"]) == seconds(ticket["serverTime"]) + 300 and ticket["expiresIn"] == 300
    policy = json.loads(base64.b64decode(ticket["fields"]["Policy"]))
    assert seconds(policy["expiration"]) == seconds(ticket["expiresAt"])
    assert datetime.datetime.strptime(ticket["fields"]["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp() == seconds(ticket["serverTime"])


@pytest.mark.parametrize("date", IMPLAUSIBLE)
def test_no_ticket_by_a_clock_that_cannot_be_right(service, clock, date):
    tenant = service.tenants["acme"]
    assert_true_ticket(service, clock, tenant.token())
    clock.set_date(IMPLAUSIBLE[date] if IMPLAUSIBLE[date] is not None else time.time() - 2 * YEAR)
    for credential in (tenant.token(), tenant.api_key):
        assert_refused(service, credential)
    assert service.request("GET", "/healthz").status == 200
    status, body = readiness(service)
    assert status == 503 and "clock" in body["reasons"][0], body
    assert service.admin("/metrics").status == 200
    time.sleep(0.7)  # a round of what refreshes keys and credentials
    assert_refused(service, tenant.api_key)
    clock.set_date(time.time())
    assert_true_ticket(service, clock, tenant.token())
    assert service.admin("/readyz").status == 200
    assert "Fatal error" not in service.log()


@pytest.mark.parametrize("date", PLAUSIBLE)
def test_a_ticket_is_true_by_any_other_clock(service, clock, date):
    tenant = service.tenants["acme"]
    clock.set_date(time.time() + PLAUSIBLE[date] if PLAUSIBLE[date] <= 0 else PLAUSIBLE[date])
    for credential in (tenant.token(), tenant.api_key):
        assert_true_ticket(service, clock, credential)
    assert service.admin("/readyz").status == 200


def test_a_clock_set_back_revives_no_token(service, clock):
    """A token that has ended years ago, by a clock that says it has not."""
    tenant = service.tenants["acme"]
    old = int(time.time() - 3 * YEAR)
    token = tenant.token(iat=old, exp=old + 3600)
    assert ask(service, token).status == 401
    clock.set_date(old + 60)
    assert_refused(service, token)


def test_jumps_between_all_of_them(service, clock):
    tenant = service.tenants["acme"]
    for _ in range(2):
        for date in [*IMPLAUSIBLE.values(), *reversed(IMPLAUSIBLE.values())]:
            if date is None:
                continue
            clock.set_date(date)
            assert_refused(service, tenant.api_key)
            clock.set_date(2**31)
            assert_true_ticket(service, clock, tenant.api_key)
    assert service.running


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("date", ["the year −1", "five seconds before 1970", "1970", "the year 10000", "the end of time"])
def test_a_start_by_such_a_clock(make_service, clock, date, log_format):
    """It starts, says why it is not ready, and serves once the clock is set."""
    tenant = Tenant("acme")
    clock.set_date(IMPLAUSIBLE[date])
    service = make_service("clock-start", [tenant], environment=clock.environment, arguments=["--log-format", log_format]).start(ready=False)
    assert_refused(service, tenant.api_key)
    clock.set_date(time.time())
    until("ready", lambda: service.admin("/readyz").status == 200)
    assert_true_ticket(service, clock, tenant.api_key)
    assert service.stop() == 0


@pytest.mark.parametrize("date", ["the year −1", "five seconds before 1970", "1970", "the last second of 9999", "the year 10000", "the end of time"])
def test_the_other_commands_live_by_such_a_clock(service, clock, logs, date):
    tenants, tenant = service.folder / "tenants", service.tenants["acme"]
    token, command = tenant.token(), Command(logs, "clock")
    clock.set_date(IMPLAUSIBLE[date])
    for arguments, given in ((["check", tenants], ""), (["whoami", "--tenants", tenants], token), (["whoami", "--tenants", tenants], tenant.api_key),
                             (["credentials", "--tenants", tenants], "")):
        done = command(*arguments, given=given, **service.environment)
        assert done.returncode in (0, 1), (arguments, done.returncode, done.stdout, done.stderr)
        assert "Fatal error" not in done.stderr
