"""Hostile requests that use every member of a ticket request, alone and in batches, for forms and for PUTs. Each ticket is one that its
rule admits, and thousands of them equal what botocore makes."""

import base64
import email.header
import json
import re
import unicodedata
import urllib.parse
import xml.etree.ElementTree
from collections import Counter

import pytest

from harness import canaries
from harness.hostile import Shot
from harness.hostile_uploads import CHECKSUMS, HostileUploads
from harness.http import PROBLEM_CODES, Answer, check_problem, check_problem_document
from harness.service import Service
from harness.tenant import Tenant
from harness.tokens import APIKey, Issuer
from test_botocore_oracle import Oracle, check_form, segment
from test_file_names import IGNORABLE
from test_hostile import Attacker, seeds, survives
from test_put_oracle import check_url, client

REQUESTS = 20_000
# Generous: the figure is printed.
GROWTH = 48 * 1024 * 1024
# How many tickets botocore makes too, at most.
COMPARED = 3000
FORMS = {"bucket": "acme-uploads", "region": "eu-west-1"}
PUTS = {"bucket": "share", "region": "auto", "endpoint": "https://0123abcd.r2.cloudflarestorage.com", "method": "put"}
MAXIMUM = 1_000_000
FORM_RULES = {
    "site": {"keyPrefix": "site/{user}/", "keyName": "{path}/{filename}", "contentTypes": ["image/*", "text/csv"], "maxSize": MAXIMUM,
             "contentDisposition": "attachment"},
    "tree": {"keyPrefix": "tree/{user}/{path}/x/", "keyName": "{uuid}-{filename}", "contentTypes": ["text/csv"], "maxSize": MAXIMUM, "filenames": "unicode",
             "contentDisposition": "inline"},
    "audits": {"keyPrefix": "audits/{user}/{audit}/{id}/{part}/", "contentTypes": ["image/png", "text/csv"], "maxSize": MAXIMUM,
               "parameters": {"audit": "digits", "id": "uuid", "part": "name"}, "metadata": {"fixed": {"audit": "{audit}"}, "allowed": ["note"]}},
    "records": {"keyPrefix": "records/{user}/", "keyName": "{filename}", "contentTypes": ["image/png"], "maxSize": MAXIMUM, "filenames": "unicode",
                "metadata": {"fixed": {"user": "{user}", "filename": "{filename}", "ticket": "{uuid}"}, "allowed": ["note", "title"]},
                "tags": {"owner": "{user}", "file": "{filename}", "n": "1"}, "checksum": {"required": True, "algorithms": list(CHECKSUMS)}},
    "typed": {"keyPrefix": "typed/", "keyName": "{yyyy}/{uuid}.{ext}", "maxSize": MAXIMUM, "contentTypes": [
        "image/*", {"type": "application/dicom", "extensions": ["dcm"]}, {"type": "application/octet-stream", "extensions": ["bin", "blend"]}]},
}
RULES = FORM_RULES | {f"put-{name}": rule | {"store": "puts"} for name, rule in FORM_RULES.items()} | {
    "sizes": FORM_RULES["audits"] | {"keyPrefix": "sizes/{part}/", "parameters": {"part": "name"}, "declaredSize": "atMost", "metadata": {"allowed": ["note"]}}}
MEMBERS = {"rule", "filename", "contentType", "size", "user", "checksum", "checksumSHA256", "metadata", "parameters", "path"}
KINDS = {"digits": "[0-9]{1,20}", "uuid": "(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})", "name": "[A-Za-z0-9_-]{1,64}"}


def strict_json(data: bytes):
    """A parser that takes nothing but RFC 8259: no repeated names, no lone surrogates, no BOM, no NaN."""
    def whole(pairs):
        assert len(dict(pairs)) == len(pairs), "a name is there twice"
        return dict(pairs)

    def constant(text):
        raise AssertionError(text)

    value = json.loads(data.decode("utf-8"), object_pairs_hook=whole, parse_constant=constant)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def is_name(text: str, rule: dict) -> bool:
    """Whether a key may have this as a file name or folder."""
    if not 1 <= len(text.encode()) <= 100 or re.search(r"^[-.]|[-.]$|[-.][-.]", text):
        return False
    if rule.get("filenames") != "unicode":
        return re.fullmatch(r"[A-Za-z0-9_.-]+", text) is not None
    # Unassigned here may be a letter in a newer Unicode.
    return all(each in "_.-" or unicodedata.category(each)[0] in "LM" or unicodedata.category(each) in ("Nd", "Nl", "Cn") and not IGNORABLE.match(each)
               for each in text) and unicodedata.is_normalized("NFC", text)


def folders(path: str | None) -> list[str]:
    parts = re.split(r"[/\\]", path or "")[:-1]
    return parts[1:] if parts[:1] == [""] else parts


def check_key(ticket: dict, wish: dict, user: str, rule: dict):
    """The key is the rule's template with values of this request, of which nothing leads out of a segment."""
    place = {"user": re.escape(segment(user or "x")), "uuid": re.escape(ticket["id"]), "ext": "[a-z0-9]{1,10}", "yyyy": "20[0-9]{2}",
             "filename": "([^/]+)"}
    for name, kind in rule.get("parameters", {}).items():
        value = wish["parameters"][name]
        assert re.fullmatch(KINDS[kind], value), value
        place[name] = re.escape(value.lower() if kind == "uuid" else value)
    assert set(wish.get("parameters") or {}) == set(rule.get("parameters", {}))
    template = rule["keyPrefix"] + rule.get("keyName", "{uuid}.{ext}")
    assert "{user}" not in template or user and len(user.encode()) <= 256
    if "{path}" in template:
        given = folders(wish.get("path"))
        assert len(given) <= 8 and not {"", ".", ".."} & set(given)
        template = template.replace("{path}/", "{path}")
        place["path"] = "([^/]+)/" * len(given)
    pattern = re.sub(r"\{(\w+)\}|[^{]+", lambda part: place[part[1]] if part[1] else re.escape(part[0]), template)
    key = ticket["key"]
    match = re.fullmatch(pattern, key)
    assert match and len(key.encode()) <= 1024, (key, pattern)
    assert all(is_name(each, rule) for each in match.groups()), match.groups()


def field_value(value: str) -> str:
    return str(email.header.make_header(email.header.decode_header(value))) if value.startswith("=?") else value


def check_fields(ticket: dict, wish: dict, user: str, rule: dict):
    is_put = "store" in rule
    fields = {name.lower(): value for name, value in ticket["headers" if is_put else "fields"].items()}
    essence = fields["content-type"].partition(";")[0]
    types = [each["type"] if isinstance(each, dict) else each for each in rule["contentTypes"]]
    assert essence in types or "image/*" in types and re.fullmatch("image/(?!svg)[a-z0-9!#$&^_.+-]+", essence), essence
    assert re.fullmatch(r"[a-z0-9!#$&^_.+/-]+(; charset=[!#$%&'*+.^_`|~0-9A-Za-z-]+)?", fields["content-type"]), fields["content-type"]
    given = {name.lower(): value for name, value in (wish.get("metadata") or {}).items()}
    assert set(given) <= set(rule.get("metadata", {}).get("allowed", []))
    for name, value in given.items():
        found = fields[f"x-amz-meta-{name}"]
        assert (field_value(found) if is_put else found) == value, (name, value, found)
    if "user" in rule.get("metadata", {}).get("fixed", {}):
        found = fields["x-amz-meta-user"]
        assert (field_value(found) if is_put else found) == user and "=?" not in user
        tags = dict(urllib.parse.parse_qsl(fields["x-amz-tagging"], strict_parsing=True)) if is_put else {
            each.findtext("Key"): each.findtext("Value") for each in xml.etree.ElementTree.fromstring(fields["tagging"]).iter("Tag")}
        assert set(tags) - {"file"} == {"owner", "n"} and tags["n"] == "1" and all(len(value) <= 256 for value in tags.values())
        assert re.sub("=(..)", lambda byte: chr(int(byte[1], 16)), tags["owner"]).encode("latin-1").decode() == user
    if "contentDisposition" in rule:
        found = fields["content-disposition"]
        assert re.fullmatch(r"""(attachment|inline)(; filename="[^"\\]*"; filename\*=UTF-8''[A-Za-z0-9!#$&+^_`|~.%-]+)?""", found) and "=?" not in found, found
        name = urllib.parse.unquote(found.partition("UTF-8''")[2], errors="strict")
        assert not re.search("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069/\\\\]", name), name
    if is_put:
        assert all(re.fullmatch("[ -~]*", value) for value in fields.values())
        assert sum(len(name) + len(value) + 4 for name, value in fields.items()) <= 8192
    else:
        assert not any(re.search("[\0-\x1f\x7f]|\\$\\{", name + value) for name, value in fields.items()), fields
        assert sum(len(name) + len(value.encode()) for name, value in fields.items()) < 20_000


def check_size_and_checksum(ticket: dict, wish: dict, rule: dict):
    size = wish.get("size")
    low, high = (1, MAXIMUM) if size is None else (1 if "declaredSize" in rule else size, size)
    assert 1 <= high <= MAXIMUM and high == int(high) and (size is not None or "store" not in rule)
    assert (ticket["minSize"], ticket["maxSize"]) == (low, high)
    sha256, checksum = wish.get("checksumSHA256"), wish.get("checksum") or {}
    assert not (sha256 and checksum) and ("checksum" not in rule or sha256 or checksum)
    algorithm, value = ("sha256", sha256) if sha256 else (checksum.get("algorithm", "").lower(), checksum.get("value"))
    fields = {name.lower(): value for name, value in (ticket["fields"] | ticket["headers"]).items()}
    signed = {name: text for name, text in fields.items() if name == "content-md5" or re.fullmatch("x-amz-checksum-(?!algorithm).*", name)}
    assert signed == ({} if value is None else {"content-md5" if algorithm == "md5" else f"x-amz-checksum-{algorithm}": value}), (signed, wish)
    assert value is None or len(base64.b64decode(value, validate=True)) == CHECKSUMS[algorithm] and ("checksum" in rule or algorithm == "sha256")


def check_ticket(ticket: dict, wish: dict, user: str):
    rule = RULES[wish["rule"]]
    assert set(wish) <= MEMBERS and ticket["rule"] == wish["rule"]
    check_key(ticket, wish, user, rule)
    check_fields(ticket, wish, user, rule)
    check_size_and_checksum(ticket, wish, rule)
    if "store" in rule:
        assert ticket["method"] == "PUT" and ticket["fields"] == {}
        assert ticket["url"].startswith(f"{PUTS['endpoint']}/{PUTS['bucket']}/{urllib.parse.quote(ticket['key'], safe='/~')}?")
    else:
        assert (ticket["method"], ticket["headers"], ticket["url"]) == ("POST", {}, "https://acme-uploads.s3.eu-west-1.amazonaws.com/")
        assert ticket["fields"]["key"] == ticket["key"]


class UploadAttacker(Attacker):
    """Judges every ticket, and keeps some for botocore."""

    def __init__(self, service: Service, seed: int, every: int):
        super().__init__(service, HostileUploads(seed, service.tenants["uploads"]))
        self.every, self.tickets, self.kept, self.codes = every, 0, [], Counter()
        # Key → the user, the folders and the name that it was made of, where the rule has nothing else in it.
        self.named: dict[str, tuple] = {}

    def judge(self, shot: Shot, answer: Answer):
        said = strict_json(answer.body)
        if answer.status >= 400:
            check_problem(answer)
            self.codes[said["code"]] += 1
            return
        body = strict_json(shot.data.partition(b"\r\n\r\n")[2])
        if answer.status == 201:
            return self.take(said, body, shot.user)
        assert answer.status == 200 and list(body) == ["tickets"] and len(body["tickets"]) == len(said["results"]) <= 100
        for wish, result in zip(body["tickets"], said["results"], strict=True):
            if result["status"] == 201:
                self.take(result["ticket"], wish, shot.user)
            else:
                check_problem_document(result["problem"], result["status"])
                assert result["status"] < 500, result
                self.codes[result["problem"]["code"]] += 1

    def take(self, ticket: dict, wish: dict, user: str | None):
        user = wish.get("user") if user is None else user
        check_ticket(ticket, wish, user)
        self.tickets += 1
        template = RULES[wish["rule"]].get("keyName", "{uuid}")
        if "{uuid}" not in template:
            used = folders(wish.get("path")) if "{path}" in template else []
            name = tuple(unicodedata.normalize("NFC", each) for each in [user, *used, wish.get("filename") or ""])
            assert self.named.setdefault(ticket["key"], name) == name, f"two names have the key {ticket['key']!r}: {name} and {self.named[ticket['key']]}"
        if self.tickets % self.every == 0 and len(self.kept) < COMPARED:
            self.kept.append(ticket)


@pytest.fixture(scope="module")
def target(make_service) -> Service:
    tenant = Tenant("uploads", store=FORMS, more={"stores": {"puts": PUTS}}, rules=RULES, issuers=[Issuer("id.uploads", "HS256")], api_keys=[APIKey("uploads")])
    with make_service("hostile-uploads", [tenant]) as service:
        yield service
        assert service.stop() == 0


def test_every_ticket_is_one_that_its_rule_admits(target, request, credentials, monkeypatch):
    total = request.config.getoption("--requests") or REQUESTS
    attackers = [UploadAttacker(target, seed, every=max(1, total // COMPARED)) for seed in seeds(request)]
    statuses = survives(target, attackers, total, GROWTH)
    tickets = [ticket for attacker in attackers for ticket in attacker.kept]
    codes = sum((attacker.codes for attacker in attackers), Counter())
    print(f"{sum(attacker.tickets for attacker in attackers)} tickets judged; {dict(codes.most_common())}")
    forms = [ticket for ticket in tickets if ticket["method"] == "POST"][:COMPARED // 2]
    puts = [ticket for ticket in tickets if ticket["method"] == "PUT"][:COMPARED // 2]
    oracle = Oracle(FORMS, credentials, monkeypatch)
    for ticket in forms:
        check_form(ticket, oracle)
    theirs = client(PUTS, credentials)
    for ticket in puts:
        check_url(ticket, PUTS, theirs, monkeypatch)
        canaries.add_ticket(ticket)
    print(f"{len(forms)} forms and {len(puts)} PUTs equal botocore's")

    assert set(statuses) >= {200, 201, 400, 404, 422} and len(forms) > 50 and len(puts) > 50
    assert set(codes) >= {"malformed-json", "invalid-request", "rule-unknown", "content-type-not-allowed", "size-too-large", "size-too-small", "size-required",
                          "checksum-required", "checksum-not-allowed", "metadata-not-allowed", "parameter-invalid", "key-too-long"}, "the generator misses a kind"
    assert set(codes) <= set(PROBLEM_CODES)
    # Every line is a JSON object, whatever was asked.
    assert target.log_lines()
