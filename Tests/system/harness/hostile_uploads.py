"""A generator of ticket requests that use every member, most of them spoiled somewhere. The same seed gives the same requests."""

import base64
import json
from collections.abc import Callable, Iterator

from .hostile import NASTY_TEXT, NUMBERS, TYPES, Hostile, Shot
from .http import request_bytes
from .tenant import Tenant

UUID = "123e4567-e89b-12d3-a456-426614174000"
# Algorithm → bytes of its value.
CHECKSUMS = {"sha256": 32, "sha1": 20, "crc32": 4, "crc32c": 4, "crc64nvme": 8, "md5": 16}
ALGORITHMS = ["", "sha-256", "SHA256 ", "sha512", "md4", "crc", "crc32C\0", "\uff53ha256", "\u017fha256", "sha256\u0301", "x" * 5000, "Content-MD5", "CRC64NVME"]
VALUES = {"digits": ["42", "007", "1" * 20], "uuid": [UUID, UUID.upper()], "name": ["a_B-9", "x" * 64, "-"]}
NEARLY = {"digits": ["1" * 21, "-1", "1.0", "\u0663", "1\n", " 1"], "uuid": [UUID[:-1], UUID + "0", "{" + UUID + "}", UUID.replace("-", ""), UUID[:-1] + "g"],
          "name": [".", "..", "a.b", "a/b", "x" * 65, "~", "\u00e9", "%2e%2e"]}
ENDINGS = ["", ".png", ".PNG", ".csv", ".dcm", ".bin", ".blend", ".tar.gz", ".svg", ".html", ".", ". ", ".\u202egnp", ".p\u0301ng", "." + "x" * 300, ".png/", ".png\0"]
USERS = ["u1", "\u00c4rger ~\u202e.", "..", "\u00e9" * 128, "x=?y", "a/../b"]


class HostileUploads(Hostile):
    """Requests for the rules of a tenant, by tokens of `USERS` and by its API key."""

    def __init__(self, seed: int, tenant: Tenant):
        super().__init__(seed, tenant)
        self.tokens = [(user, tenant.token(user)) for user in USERS]
        # The user, None with the API key, and the credential.
        self.caller: tuple[str | None, str] = self.tokens[0]
        self.kinds = [(55, self.json_values), (15, self.json_text), (30, self.batch)]

    def shots(self, count: int) -> Iterator[Shot]:
        for _ in range(count):
            self.caller = self.pick.choice([(None, self.tenant.api_key), self.tokens[0], self.tokens[0], self.pick.choice(self.tokens)])
            yield from super().shots(1)

    def json_value(self, depth: int = 0) -> bytes:
        return super().json_value(depth) if depth else self.mostly_json(super().json_value)

    def mostly_json(self, make: Callable[[], bytes]) -> bytes:
        """What is made, seldom without being JSON: one such value spoils a whole batch."""
        while True:
            made = make()
            if self.pick.random() < 0.03:
                return made
            try:
                json.loads(made)
                return made
            except (ValueError, RecursionError):
                pass

    def json_values(self) -> Shot:
        return self.post("json values", self.joined(self.wish()))

    def batch(self) -> Shot:
        pick = self.pick
        entries = [self.joined(self.wish()) for _ in range(pick.choice([0, 1, 2, 3, 5, 10, 20]))]
        if pick.random() < 0.02:
            entries += [b'{"rule":"typed","contentType":"image/png"}'] * pick.choice([80, 100, 101, 2000])
        members = [b'"tickets":[' + b",".join(entries) + b"]"] + (
            [pick.choice([b'"x":1', b'"tickets":[]', b'"rule":"site"'])] if pick.random() < 0.05 else [])
        return self.post("batch", b"{" + b",".join(members) + b"}", "/v1/tickets/batch")

    def post(self, kind: str, body: bytes, path: str = "/v1/tickets", credential: str | None = None) -> Shot:
        user, credential = self.caller
        fields = [("Authorization", f"Bearer {credential}"), ("Content-Type", "application/json")]
        return Shot(kind, request_bytes("POST", path, fields, body), user=user)

    # a request for one ticket

    def wish(self) -> dict[str, bytes]:
        """The members as JSON literals: what the rule admits, then up to three of them spoiled."""
        pick = self.pick
        name = pick.choice(list(self.tenant.rules))
        rule = self.tenant.rules[name]
        spoiled = {
            "rule": lambda: self.literal(pick.choice([*self.tenant.rules, self.text()])), "contentType": lambda: self.content_type(rule),
            "size": lambda: self.mostly_json(lambda: pick.choice([*NUMBERS, str(rule["maxSize"] + 1), "5368709121"]).encode()), "filename": lambda: self.literal(self.filename()), "path": lambda: self.literal(self.path()),
            "user": lambda: self.literal(self.text()), "checksum": lambda: self.checksum(True), "checksumSHA256": lambda: self.base64_of(32, True),
            "metadata": lambda: self.metadata(rule, True), "parameters": lambda: self.parameters(rule, True)}
        members = self.admitted(name, rule)
        for _ in range(pick.choice([0, 0, 0, 1, 1, 1, 2, 3])):
            kind = pick.random()
            if kind < 0.75:
                member = pick.choice(list(spoiled))
                members[member] = spoiled[member]()
            elif kind < 0.85:
                members.pop(pick.choice(list(members)))
                members.setdefault("rule", b"null")
            else:
                members[pick.choice([*spoiled, "Path", "parameter", "checksumsha256", "headers", self.text()])] = self.json_value()
        return members

    def admitted(self, name: str, rule: dict) -> dict[str, bytes]:
        pick = self.pick
        members = {"rule": self.literal(name), "contentType": self.literal(self.admitted_type(rule)),
                   "size": str(pick.choice([1, rule["maxSize"], pick.randint(1, rule["maxSize"])])).encode()}
        if pick.random() < 0.7:
            members["filename"] = self.literal(self.filename())
        if "{path}" in rule["keyPrefix"] + rule.get("keyName", "") and pick.random() < 0.8:
            members["path"] = self.literal(self.good_path())
        if "parameters" in rule:
            members["parameters"] = self.parameters(rule, False)
        if "checksum" in rule:
            members["checksum"] = self.checksum(False)
        elif pick.random() < 0.2:
            members["checksumSHA256"] = self.base64_of(32, False)
        if "metadata" in rule and pick.random() < 0.6:
            members["metadata"] = self.metadata(rule, False)
        if self.caller[0] is None:
            members["user"] = self.literal(pick.choice(USERS))
        return members

    def joined(self, members: dict[str, bytes]) -> bytes:
        """In any order, with names that are escaped or there twice."""
        pick = self.pick
        pairs = list(members.items())
        if pick.random() < 0.3:
            pick.shuffle(pairs)
        if pick.random() < 0.005:
            pairs.append(pick.choice(pairs))
        space = pick.choice([b"", b"", b" ", b"\t\r\n", b" " * 200])
        return b"{" + (b"," + space).join(self.literal(name) + space + b":" + value for name, value in pairs) + b"}"

    def literal(self, text: str) -> bytes:
        """The text as a JSON string, in one of its spellings."""
        kind = self.pick.random()
        if kind < 0.05:
            units = text.encode("utf-16-be", "surrogatepass")
            return b'"' + b"".join(b"\\u%02x%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2)) + b'"'
        made = json.dumps(text, ensure_ascii=kind < 0.3).encode("utf-8", "surrogatepass")
        return made.replace(b"/", b"\\/") if kind < 0.15 else made

    # members

    def filename(self) -> str:
        return self.text() + self.pick.choice(ENDINGS)

    def good_path(self) -> str:
        pick = self.pick
        parts = ["".join(each for each in self.text() if each not in "/\\").strip(".") or "a" for _ in range(pick.randint(0, 8))]
        return pick.choice(["", "/"]) + pick.choice("/\\").join([*parts, self.text().replace("/", "").replace("\\", "") or "x"])

    def path(self) -> str:
        pick = self.pick
        return pick.choice(["", "/", "//", "\\", "C:\\", "./", "../"]) + pick.choice(["/", "\\", "//"]).join(
            self.text() for _ in range(pick.choice([1, 2, 3, 8, 9, 10, 300])))

    def admitted_type(self, rule: dict) -> str:
        pick = self.pick
        entry = pick.choice(rule["contentTypes"])
        made = entry["type"] if isinstance(entry, dict) else entry.replace("*", pick.choice(["png", "jpeg", "heic"]))
        return pick.choice([made, made, made.upper(), f"{made}; charset=utf-8", f"{made};q=1"])

    def content_type(self, rule: dict) -> bytes:
        pick = self.pick
        return pick.choice([b'""', b"null", self.literal("application/octet-stream"), self.literal(pick.choice(TYPES)), self.literal(self.text()),
                            self.literal(self.admitted_type(rule) + self.text())])

    def base64_of(self, length: int, spoiled: bool) -> bytes:
        pick = self.pick
        made = base64.b64encode(pick.randbytes(length)).decode()
        if spoiled:
            made = pick.choice([
                base64.b64encode(pick.randbytes(length + pick.choice([-1, 1, 100]))).decode(), made.rstrip("="), made + "=", made.replace("=", "A"), made[:-3] + "/==",
                made + "\n", " " + made, base64.urlsafe_b64encode(b"\xff" * length).decode(), "", "=" * 44, made * 100, pick.randbytes(length).hex(), made[:5] + "\0" + made[6:],
                self.text()])
        return self.literal(made)

    def checksum(self, spoiled: bool) -> bytes:
        pick = self.pick
        algorithm, length = pick.choice(list(CHECKSUMS.items()))
        members = {"algorithm": self.literal(pick.choice([algorithm, algorithm.upper()])), "value": self.base64_of(length, False)}
        if spoiled:
            kind = pick.randrange(6)
            if kind == 0:
                members["algorithm"] = self.literal(pick.choice([*ALGORITHMS, *CHECKSUMS]))
            elif kind == 1:
                members["value"] = self.base64_of(length, True)
            elif kind == 2:
                members.pop(pick.choice(list(members)))
            elif kind == 3:
                members[pick.choice(["algorithm", "value", "Value", self.text()])] = self.json_value()
            elif kind == 4:
                return self.json_value()
            else:
                members["value"] = b"[" * 20 + b"]" * 20
        return self.joined(members) if members else b"{}"

    def metadata(self, rule: dict, spoiled: bool) -> bytes:
        pick = self.pick
        names = rule.get("metadata", {}).get("allowed", []) or ["note"]
        members = {name: self.literal("".join(each for each in self.text()[:150] if each.isprintable()).replace("${", "") or "x")
                   for name in pick.sample(names, pick.randint(1, len(names)))}
        if spoiled:
            for _ in range(pick.randint(1, 3)):
                name = pick.choice([*names, names[0].upper(), names[0] + " ", "\u212aey", self.text()])
                members[name] = pick.choice([self.literal(self.text()), self.literal(self.text()), self.literal(pick.choice(NASTY_TEXT) * 9), self.json_value()])
        return self.joined(members)

    def parameters(self, rule: dict, spoiled: bool) -> bytes:
        pick = self.pick
        declared = rule.get("parameters", {"audit": "digits"})
        members = {name: self.literal(pick.choice(VALUES[kind])) for name, kind in declared.items()}
        if spoiled:
            name, kind = pick.choice(list(declared.items()))
            choice = pick.randrange(7)
            if choice < 3:
                members[name] = self.literal(pick.choice([pick.choice(NEARLY[kind]), self.text()]))
            elif choice == 3:
                members[pick.choice([name.upper(), name + "\0", self.text()])] = members.pop(name)
            elif choice == 4:
                members |= {f"{name}{number}": b'"1"' for number in range(pick.choice([1, 20, 500]))}
            elif choice == 5:
                members[name] = self.json_value()
            else:
                return pick.choice([self.json_value(), b"[]", b"{}", b"null", b'{"a":' * 14 + b"{}" + b"}" * 14])
        return self.joined(members)
