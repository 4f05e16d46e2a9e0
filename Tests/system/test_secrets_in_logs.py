"""No secret, token, policy or signature in any log of the whole session, at level trace. Runs last."""

import pathlib
import re

import pytest

from harness import canaries
from harness.tenant import Tenant

# A JWT's header and a policy both begin with {" in base64.
ENCODED_JSON = re.compile(r"eyJ[A-Za-z0-9_/+-]{16,}")
API_KEY = re.compile(r"pstn\.[a-z0-9-]+\.[a-z0-9-]+\.[A-Za-z0-9_-]{20,}")
# A refusal may tell a client the name of a member that it sent, 40 bytes of it: what is longer came from elsewhere.
LONG_ENCODED_JSON = re.compile(r"eyJ[A-Za-z0-9_/+-]{60,}")
HEX_64 = re.compile(r"\b[0-9a-f]{64}\b")
BEARER = re.compile(r"[Bb]earer +[A-Za-z0-9_.-]{12,}")


def log_files(logs: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in logs.rglob("*.log") if path.stat().st_size)


def test_a_ticket_with_canaries_at_trace_in_both_formats(make_service, logs):
    """The least the scan below must see, should this file run alone: tickets, refusals, both formats, level trace."""
    for log_format in ("json", "text"):
        tenant = Tenant("acme", rules={"files": {"keyPrefix": "files/", "contentTypes": ["image/png"], "maxSize": "1MiB"}})
        service = make_service(f"canaries-{log_format}", [tenant], arguments=["--log-format", log_format])
        with service:
            token = tenant.token("canary-user")
            canaries.add(token)
            for credential in (token, tenant.api_key):
                canaries.add_ticket(service.ticket(credential, contentType="image/png", filename="canary.png"))
            for credential in (token[:-4], tenant.api_key[:-4], token + "." + token, tenant.token("x", exp=1)):
                canaries.add(credential)
                assert service.post("/v1/tickets", {"contentType": "image/png"}, credential).status == 401
            service.request("GET", f"/v1/rules?token={token}", {"X-Api-Key": tenant.api_key, "Cookie": f"t={token}"})
            service.request("GET", f"/{token}")
            for member in ("rule", "filename", "contentType", "checksumSHA256", "user", token):
                service.post("/v1/tickets", {"contentType": "image/png"} | {member: token}, tenant.api_key)
        assert service.log().count("\n") > 5, "level trace says something"


def test_the_log_is_one_json_object_a_line(service, acme):
    service.ticket(acme.token("a\nb\u2028c"), contentType="image/png", filename="x\ty")
    lines = [line for line in service.log().splitlines() if line.strip()]
    assert lines and all(line.startswith("{") and line.endswith("}") for line in lines), [line for line in lines if not line.startswith("{")][:3]
    assert {"time", "level", "message"} <= set(service.log_lines()[-1])


def test_no_control_bytes_in_any_log(logs):
    for path in log_files(logs):
        found = re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", path.read_bytes())
        assert not found, (path.name, path.read_bytes()[max(0, found.start() - 80):found.end() + 20])


def test_nothing_secret_in_any_log(logs):
    files = log_files(logs)
    assert files, "no service has logged anything"
    secrets = canaries.known()
    # Long ones are looked up by the words of the log: a look for each of many thousand signatures would take hours.
    signatures = {text for text in secrets if re.fullmatch(r"[0-9a-f]{64}", text)}
    others = [text for text in secrets if not re.fullmatch(r"[0-9a-f]{64}|eyJ.*", text, re.S)]
    v2 = {text for text in others if re.fullmatch(r"[A-Za-z0-9+/]{27}=", text)}
    plain = [text for text in others if text not in v2]
    # Thousands are made by the fakes, and all of those begin alike.
    marked = [text for text in plain if text.startswith("canary-")]
    plain = [text for text in plain if not text.startswith("canary-")]
    assert len(secrets) > 5
    for path in files:
        text = path.read_text(errors="replace")
        for pattern in (LONG_ENCODED_JSON if path.name.endswith(".answers.log") else ENCODED_JSON, API_KEY, BEARER):
            found = pattern.search(text)
            assert not found, (path.name, text[max(0, found.start() - 200):found.end() + 20])
        assert not signatures & set(HEX_64.findall(text)), path.name
        assert not v2 & set(re.findall(r"[A-Za-z0-9+/]{27}=", text)), path.name
        for secret in plain + (marked if "canary-" in text else []):
            assert secret not in text, (path.name, secret[:12])


@pytest.mark.parametrize("sample", [
    "Authorization: Bearer abcdefghijklmnop", "eyJhbGciOiJSUzI1NiIsInR5cCI6", "pstn.acme.cms.0123456789012345678901"])
def test_the_scan_itself_finds_what_it_looks_for(sample):
    assert any(pattern.search(sample) for pattern in (ENCODED_JSON, API_KEY, BEARER))
