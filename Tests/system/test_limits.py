"""`limits` of rules: whose tickets are counted together, whose are not, and when there is room again.

The windows are an hour, so that no test depends on how fast it runs; where time must pass, the test moves the clock."""

import pytest

from harness.service import Service
from harness.tenant import Tenant
from harness.tokens import APIKey

HOUR = 3600
TYPES = {"contentTypes": ["image/png"], "maxSize": "1MiB"}
PER_USER, PER_TENANT = {"perUser": "2/1h"}, {"perTenant": "3/1h"}


def rules() -> dict:
    """For each kind of limit two rules; `free` has none. No key needs a user, so that an API key need not name one."""
    return {
        "user-a": {"keyPrefix": "user-a/", "limits": PER_USER} | TYPES,
        "user-b": {"keyPrefix": "user-b/", "limits": PER_USER} | TYPES,
        "tenant-a": {"keyPrefix": "tenant-a/", "limits": PER_TENANT} | TYPES,
        "tenant-b": {"keyPrefix": "tenant-b/", "limits": PER_TENANT} | TYPES,
        "both": {"keyPrefix": "both/", "limits": {"perUser": "1/1h", "perTenant": "3/1h"}} | TYPES,
        "free": {"keyPrefix": "free/"} | TYPES,
    }


@pytest.fixture
def service(make_service, clock) -> Service:
    """Two tenants with the same rules; nobody has taken a ticket yet."""
    tenants = [Tenant(id, rules=rules(), api_keys=[APIKey(id, "cms"), APIKey(id, "app")], store={"bucket": f"{id}-uploads", "region": "eu-west-1"})
               for id in ("acme", "beta")]
    started = make_service("limits", tenants, environment=clock.environment).start()
    yield started
    started.kill()


@pytest.fixture
def acme(service) -> Tenant:
    return service.tenants["acme"]


@pytest.fixture
def beta(service) -> Tenant:
    return service.tenants["beta"]


def takes(service: Service, credential: str, rule: str, **more) -> int:
    """How many tickets there are before the first refusal, of ten tries at most. After it all are refused."""
    statuses = []
    for _ in range(10):
        answer = service.post("/v1/tickets", {"rule": rule, "contentType": "image/png"} | more, credential)
        statuses.append(answer.status)
        if answer.status != 201:
            assert answer.status == 429 and answer.problem["code"] == "rate-limited", answer.body
            assert 1 <= int(answer.headers["retry-after"]) <= HOUR and answer.problem["retryAfter"] == int(answer.headers["retry-after"])
    taken = statuses.count(201)
    assert statuses == [201] * taken + [429] * (10 - taken), statuses
    return taken


def test_a_rule_without_limits_has_none(service, acme):
    assert takes(service, acme.token(), "free") == 10


# perUser


def test_each_user_of_tokens_is_counted_alone(service, acme):
    assert takes(service, acme.token("u1"), "user-a") == 2
    for other in ("u2", "U1", "u", "u11", "u1 "):
        assert takes(service, acme.token(other), "user-a") == 2, other
    assert takes(service, acme.token("u1", jti="another token"), "user-a") == 0, "a new token is no new user"


def test_each_user_that_a_key_names_is_counted_alone(service, acme):
    key = acme.api_key
    assert takes(service, key, "user-a", user="u1") == 2
    for other in ("u2", "U1", "u", "u11", "u1 "):
        assert takes(service, key, "user-a", user=other) == 2, other
    assert takes(service, key, "user-a", user="u1") == 0
    assert takes(service, key, "user-a") == 2, "the key itself has taken none"


def test_a_user_is_one_by_whatever_credential(service, acme):
    assert takes(service, acme.token("u1"), "user-a") == 2
    for key in acme.api_keys:
        assert takes(service, key.text, "user-a", user="u1") == 0


def test_a_key_that_names_no_user_is_counted_as_one(service, acme):
    cms, app = acme.api_keys
    assert takes(service, cms.text, "user-a") == 2
    assert takes(service, app.text, "user-a") == 2, "another key"


def test_a_key_and_a_user_of_its_name_are_two(service, acme):
    """Whoever may choose a user's name must not use up a key's tickets, nor the other way round."""
    cms, app = acme.api_keys
    assert takes(service, cms.text, "user-a") == 2
    for user in ("cms", "key cms", "user cms", "key:cms", "apiKey cms"):
        assert takes(service, acme.token(user), "user-a") == 2, user
    for user in ("app", "key app", "user app", "key:app", "apiKey app"):
        assert takes(service, cms.text, "user-a", user=user) == 2, user
    assert takes(service, app.text, "user-a") == 2


@pytest.mark.parametrize("pair", [("\u00e9", "e\u0301"), ("K", "\u212a"), ("\uac00", "\u1100\u1161")], ids=ascii)
def test_users_are_told_apart_byte_for_byte(service, acme, pair):
    one, other = pair
    assert takes(service, acme.token(one), "user-a") == takes(service, acme.token(other), "user-a") == 2
    assert takes(service, acme.api_key, "user-b", user=one) == takes(service, acme.api_key, "user-b", user=other) == 2


@pytest.mark.parametrize("by", ["token", "key", "key without a user"])
def test_each_rule_counts_its_users_alone(service, acme, by):
    credential, more = (acme.token("u1"), {}) if by == "token" else (acme.api_key, {"user": "u1"} if by == "key" else {})
    assert takes(service, credential, "user-a", **more) == 2
    assert takes(service, credential, "user-b", **more) == 2


def test_each_tenant_counts_its_users_alone(service, acme, beta):
    assert takes(service, acme.token("u1"), "user-a") == takes(service, acme.api_key, "user-a") == 2
    assert takes(service, beta.token("u1"), "user-a") == takes(service, beta.api_key, "user-a") == 2


# perTenant


def test_all_users_and_keys_of_a_tenant_are_counted_together(service, acme):
    assert service.ticket(acme.token("u1"), rule="tenant-a", contentType="image/png")
    assert service.ticket(acme.api_key, rule="tenant-a", contentType="image/png", user="u2")
    assert service.ticket(acme.api_key, rule="tenant-a", contentType="image/png")
    for user in ("u1", "u2", "u3"):
        assert takes(service, acme.token(user), "tenant-a") == takes(service, acme.api_key, "tenant-a", user=user) == 0
    assert takes(service, acme.api_keys[1].text, "tenant-a") == 0


def test_each_rule_counts_its_tenant_alone(service, acme):
    assert takes(service, acme.token(), "tenant-a") == 3
    assert takes(service, acme.token(), "tenant-b") == 3
    assert takes(service, acme.token(), "free") == 10


def test_each_tenant_is_counted_alone(service, acme, beta):
    """Also where their rules have the same name."""
    assert takes(service, acme.token(), "tenant-a") == 3
    assert takes(service, beta.token(), "tenant-a") == 3


# Both, and what counts


def test_whom_the_one_limit_refuses_the_other_does_not_count(service, acme):
    assert takes(service, acme.token("u1"), "both") == 1
    for user in ("u2", "u3"):
        assert takes(service, acme.token(user), "both") == 1
    assert takes(service, acme.token("u4"), "both") == 0
    problem = service.refusal(acme.token("u4"), rule="both", contentType="image/png")
    assert problem["code"] == "rate-limited"


def test_whom_the_tenants_limit_refuses_has_used_nothing_up(service, acme, clock):
    """A third of the window gives the tenant one ticket; u4, who was refused until now, takes it."""
    for user in ("u1", "u2", "u3"):
        assert takes(service, acme.token(user), "both") == 1
    assert takes(service, acme.token("u4"), "both") == 0
    clock.pass_time(HOUR / 3 + 60)
    assert takes(service, acme.token("u4"), "both") == 1


def test_who_gets_no_ticket_has_used_nothing_up(service, acme):
    for rule in ("user-a", "tenant-a"):
        for wish in ({"contentType": "text/html"}, {"contentType": "image/png", "size": 1 << 30}, {"contentType": "image/png", "size": 0},
                     {"contentType": "image/png", "metadata": {"a": "b"}}, {"contentType": "image/png", "user": "u2"}, {"rule": rule}):
            assert service.post("/v1/tickets", {"rule": rule} | wish, acme.token("u1")).status in (400, 403, 422), wish
    assert takes(service, acme.token("u1"), "user-a") == 2 and takes(service, acme.token("u1"), "tenant-a") == 3


def test_a_batch_counts_each_ticket(service, acme):
    wish = {"rule": "user-a", "contentType": "image/png"}
    answer = service.post("/v1/tickets/batch", {"tickets": [wish, wish | {"contentType": "text/html"}, wish, wish, wish | {"rule": "free"}]}, acme.token())
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 422, 201, 429, 201]
    assert results[3]["problem"]["code"] == "rate-limited" and results[3]["problem"]["retryAfter"] >= 1
    assert takes(service, acme.token(), "user-a") == 0


@pytest.mark.parametrize("rule, count", [("user-a", 2), ("tenant-a", 3)])
def test_there_is_room_when_the_answer_says_so(service, acme, clock, rule, count):
    """One ticket after `Retry-After`, all of them after the whole window."""
    assert takes(service, acme.token(), rule) == count
    wait = service.refusal(acme.token(), rule=rule, contentType="image/png")["retryAfter"]
    assert HOUR / count - 600 < wait <= HOUR / count + 1
    clock.pass_time(wait)
    assert takes(service, renewed(acme, clock), rule) == 1
    clock.pass_time(HOUR + 1)
    assert takes(service, renewed(acme, clock), rule) == count


def renewed(tenant: Tenant, clock) -> str:
    """A token of the date that the service sees."""
    now = int(clock.now())
    return tenant.token(iat=now, exp=now + 600)


def test_a_date_that_is_set_back_locks_nobody_out(service, acme, clock):
    """Whatever there is right after it: a window later all is as it was."""
    for rule, count in (("user-a", 2), ("tenant-a", 3)):
        assert takes(service, renewed(acme, clock), rule) == count
    clock.jump(-10 * HOUR)
    for rule in ("user-a", "tenant-a"):
        takes(service, renewed(acme, clock), rule)
    clock.pass_time(HOUR + 1)
    for rule, count in (("user-a", 2), ("tenant-a", 3)):
        assert takes(service, renewed(acme, clock), rule) == count
