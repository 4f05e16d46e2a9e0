"""API keys in production: they end, they are rotated, they are narrowed to users and rules, and their last use is known."""

import datetime
import time

import pytest

from harness.figures import figure, figures
from harness.tenant import AVATARS, Tenant
from harness.tokens import APIKey
from harness.waiting import until

WISH = {"rule": "avatars", "contentType": "image/png", "user": "u1"}


def instant(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def scene(make_service):
    keys = {
        "current": APIKey("acme", "current"),
        "former": APIKey("acme", "former", expires=instant(time.time() + 3600)),
        "ended": APIKey("acme", "ended", expires=instant(time.time() - 5)),
        "users": APIKey("acme", "users", allowUsers=["u1", "u2"]),
        "rules": APIKey("acme", "rules", rules=["reports"]),
        "unused": APIKey("acme", "unused"),
    }
    rules = {"avatars": AVATARS, "reports": AVATARS | {"keyPrefix": "reports/{user}/"}}
    with make_service("api-keys", [Tenant("acme", rules=rules, api_keys=list(keys.values()))]) as service:
        yield service, keys


def code(scene, key: str, **wish) -> str | int:
    service, keys = scene
    answer = service.post("/v1/tickets", {name: value for name, value in (WISH | wish).items() if value is not None}, keys[key].text)
    return answer.status if answer.status == 201 else answer.problem["code"]


def test_two_live_keys_make_a_rotation(scene):
    assert code(scene, "current") == code(scene, "former") == 201


def test_a_key_that_has_ended_is_nobodys(scene):
    assert code(scene, "ended") == "unauthenticated"


def test_a_key_ends_while_the_service_runs(make_service, clock):
    key = APIKey("acme", "short", expires=instant(clock.now() + 600))
    service = make_service("short-key", [Tenant("acme", api_keys=[key])], environment=clock.environment).start()
    assert service.ticket(key.text, **WISH)
    clock.pass_time(599 - 30)
    assert service.ticket(key.text, **WISH)
    clock.pass_time(31 + 5)
    assert service.refusal(key.text, **WISH)["code"] == "unauthenticated"
    service.kill()


def test_a_key_speaks_only_for_its_users(scene):
    assert code(scene, "users") == 201 and code(scene, "users", user="u2") == 201
    for other in ("u3", "U1", "u1 ", "u1/", "u", "u1\u0000"):
        assert code(scene, "users", user=other) in ("user-not-allowed", "invalid-request"), other


def test_a_key_has_only_its_rules(scene):
    assert code(scene, "rules", rule="reports") == 201
    assert code(scene, "rules") in ("rule-unknown", "user-not-allowed", "scope-missing")
    service, keys = scene
    listed = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {keys['rules'].text}"})
    assert listed.status == 200 and b"reports" in listed.body and b"avatars" not in listed.body


@pytest.mark.parametrize("user", ["../u2", "u1/../u2", "${filename}", "{tenant}", "a/b", "ü", "'; DROP", "..", "%2e%2e"])
def test_a_user_that_a_key_names_is_data(scene, user):
    """Whatever it is called, the user stays one folder of the prefix."""
    service, keys = scene
    answer = service.post("/v1/tickets", WISH | {"user": user}, keys["current"].text)
    if answer.status != 201:
        assert answer.status in (400, 403, 422), answer.body
        return
    parts = answer.json()["key"].split("/")
    assert parts[0] == "avatars" and len(parts) == 3 and parts[1] not in (".", "..") and not set("${}%") & set(parts[1])


def test_the_last_use_of_each_key_is_told(scene):
    service, _ = scene
    name = "postern_api_key_last_used_timestamp_seconds"
    assert code(scene, "current") == 201
    first = until("the use is told", lambda: figure(service, name, tenant="acme", key="current"))
    assert abs(first - time.time()) < 5
    time.sleep(1.1)
    assert code(scene, "current") == 201
    until("the later use is told", lambda: figure(service, name, tenant="acme", key="current") > first)
    told = {dict(labels)["key"]: value for labels, value in figures(service, name, tenant="acme").items()}
    assert not told.get("unused") and not told.get("ended"), told
