"""No secret, token, policy or signature in any log, at level trace: what the scan at the end of each session must see, and that it sees it."""

import pytest

from harness import canaries, log_scan
from harness.tenant import Tenant


def test_a_ticket_with_canaries_at_trace_in_both_formats(make_service, logs):
    """The least that the scan must see, should this file run alone: tickets, refusals, both formats, level trace."""
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
    assert len(canaries.known()) > 5
    log_scan.check(logs)


def test_the_log_is_one_json_object_a_line(service, acme):
    service.ticket(acme.token("a\nb\u2028c"), contentType="image/png", filename="x\ty")
    lines = [line for line in service.log().splitlines() if line.strip()]
    assert lines and all(line.startswith("{") and line.endswith("}") for line in lines), [line for line in lines if not line.startswith("{")][:3]
    assert {"time", "level", "message"} <= set(service.log_lines()[-1])


@pytest.mark.parametrize("sample", [
    "Authorization: Bearer abcdefghijklmnop", "eyJhbGciOiJSUzI1NiIsInR5cCI6", "pstn.acme.cms.0123456789012345678901", "a\x07b",
    "secret-that-a-service-was-given", 64 * "a", 27 * "A" + "="])
def test_the_scan_finds_what_it_looks_for(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(canaries, "_canaries", {"secret-that-a-service-was-given", 64 * "a", 27 * "A" + "="})
    (tmp_path / "service.log").write_text(f"before\n{{\"message\": \"{sample} \"}}\n")
    with pytest.raises(AssertionError):
        log_scan.check(tmp_path)


def test_the_scan_passes_what_is_harmless(tmp_path, monkeypatch):
    monkeypatch.setattr(canaries, "_canaries", {"secret-that-a-service-was-given", 64 * "a", 27 * "A" + "="})
    (tmp_path / "service.log").write_text('{"message": "ticket issued"}\n')
    log_scan.check(tmp_path)
