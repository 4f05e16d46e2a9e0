"""A hundred reloads under load: no request fails, no answer mixes two generations of the rules, and what is removed is refused at once.

Each answer names the digest of the rules that decided it. The digest of every set of files is computed here, and so is what an answer must be under
it: the rule's largest size has the number of the generation, and each generation has an API key, an issuer and a rule that no other one has.
"""

import hashlib
import json
import pathlib
import random
import shutil
import statistics
import struct
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from harness.figures import figure
from harness.http import Connection, ConnectionEnded, request_bytes
from harness.rgw import Credentials
from harness.service import Service
from harness.tenant import AVATARS, Tenant, to_yaml
from harness.tokens import APIKey, Issuer
from siege.scene import Options, still_runs

RELOADS, CLIENTS, PATIENCE = 100, 4, 15.0


@dataclass(frozen=True)
class Facts:
    """What is in force under a digest."""

    generation: int
    # Whether tenant gamma is there.
    gamma: bool


@dataclass
class Rules:
    """The files of each generation, and what clients need to ask under it."""

    keys: pathlib.Path
    stable: APIKey = field(default_factory=lambda: APIKey("acme", "stable"))
    gamma: APIKey = field(default_factory=lambda: APIKey("gamma"))
    own_keys: dict[int, APIKey] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)
    # By digests.
    facts: dict[str, Facts] = field(default_factory=dict)

    def acme(self, generation: int) -> bytes:
        issuer = Issuer(f"id{generation}.acme", "HS256")
        key = self.own_keys[generation] = APIKey("acme", f"k{generation}")
        self.tokens[generation] = issuer.token()
        rules = {"files": AVATARS | {"keyPrefix": "files/", "maxSize": f"{1_000_000 + generation}B"},
                 f"g{generation}": AVATARS | {"keyPrefix": f"g{generation}/"}}
        return to_yaml(Tenant("acme", issuers=[issuer], api_keys=[self.stable, key], rules=rules).document(self.keys)).encode()

    def other(self, id: str, api_keys: list[APIKey] | None = None) -> bytes:
        tenant = Tenant(id, store={"bucket": f"{id}-uploads", "region": "eu-west-1"}, issuers=[], api_keys=api_keys)
        return to_yaml(tenant.document(self.keys)).encode()

    def know(self, files: dict[str, bytes], facts: Facts):
        self.facts[digest(files)] = facts


def digest(files: dict[str, bytes]) -> str:
    """As docs/operating.md says."""
    whole = hashlib.sha256()
    for name, content in sorted(files.items()):
        whole.update(struct.pack(">Q", len(name)) + name.encode() + hashlib.sha256(content).digest())
    return whole.hexdigest()


class Client(threading.Thread):
    """Asks without a pause, and compares each answer with what its digest demands."""

    def __init__(self, service: Service, rules: Rules, seed: int):
        super().__init__(daemon=True)
        self.service, self.rules, self.random = service, rules, random.Random(seed)
        self.generation, self.ends = 1, False
        self.answers, self.wrong = Counter(), []

    def run(self):
        with Connection(self.service.port, timeout=PATIENCE) as connection:
            while not self.ends:
                try:
                    self.ask(connection)
                except (OSError, ConnectionEnded) as problem:
                    self.wrong.append(f"{type(problem).__name__}: {problem}")
                    return

    def ask(self, connection: Connection):
        kind = self.random.choice([self.ask_rules, self.ask_ticket, self.ask_batch, self.ask_own_key, self.ask_own_token, self.ask_own_rule, self.ask_gamma])
        # What is in force, what was, and what no longer is.
        asked = self.random.choice([number for number in range(self.generation - 2, self.generation + 1) if number in self.rules.tokens])
        request, expected = kind(asked)
        connection.send(request)
        answer = connection.read()
        facts = self.rules.facts.get(answer.headers.get("postern-rules", ""))
        self.answers[kind.__name__] += 1
        if facts is None:
            self.wrong.append(f"{kind.__name__}: unknown digest, status {answer.status} {answer.body[:200]}")
        elif (found := (answer.status, content(answer))) != (wanted := expected(facts)):
            self.wrong.append(f"{kind.__name__}: {found} instead of {wanted} in {facts}, asked for {asked}")

    def request(self, method: str, path: str, credential: str, body=None) -> bytes:
        fields = {"Authorization": f"Bearer {credential}"} | ({"Content-Type": "application/json"} if body else {})
        return request_bytes(method, path, fields, json.dumps(body).encode() if body else None)

    def ask_rules(self, _):
        return self.request("GET", "/v1/rules", self.rules.stable.text), lambda facts: (200, {1_000_000 + facts.generation})

    def ask_ticket(self, _):
        return (self.request("POST", "/v1/tickets", self.rules.stable.text, {"rule": "files", "contentType": "image/png"}),
                lambda facts: (201, {1_000_000 + facts.generation}))

    def ask_batch(self, _):
        wish = {"tickets": [{"rule": "files", "contentType": "image/png"}] * 20}
        return self.request("POST", "/v1/tickets/batch", self.rules.stable.text, wish), lambda facts: (200, {1_000_000 + facts.generation})

    def ask_own_key(self, asked: int):
        return (self.request("GET", "/v1/rules", self.rules.own_keys[asked].text),
                lambda facts: (200, {1_000_000 + asked}) if facts.generation == asked else (401, set()))

    def ask_own_token(self, asked: int):
        """The same token again and again: it is cached."""
        return (self.request("GET", "/v1/rules", self.rules.tokens[asked]),
                lambda facts: (200, {1_000_000 + asked}) if facts.generation == asked else (401, set()))

    def ask_own_rule(self, asked: int):
        wish = {"rule": f"g{asked}", "contentType": "image/png", "user": "u1"}
        return (self.request("POST", "/v1/tickets", self.rules.stable.text, wish),
                lambda facts: (201, {1 << 20}) if facts.generation == asked else (404, set()))

    def ask_gamma(self, _):
        return (self.request("GET", "/v1/rules", self.rules.gamma.text), lambda facts: (200, set()) if facts.gamma else (401, set()))


def content(answer) -> set[int]:
    """The largest sizes that an answer has of the rule `files`, or of the ticket."""
    if answer.status >= 400:
        return set()
    body = answer.json()
    if "results" in body:
        return {result["ticket"]["maxSize"] for result in body["results"]}
    if "rules" in body:
        return {rule["maxSize"] for rule in body["rules"] if rule["name"] == "files"}
    return {body["maxSize"]}


class Folder:
    """The folder of rule files, as Kubernetes mounts a ConfigMap."""

    def __init__(self, path: pathlib.Path, files: dict[str, bytes]):
        self.path, self.number = path, 0
        path.mkdir()
        self.swap(files)

    @property
    def data(self) -> pathlib.Path:
        return self.path / "..data"

    def swap(self, files: dict[str, bytes]):
        """Everything in one step: another folder behind `..data`."""
        old = self.data.resolve() if self.number else None
        self.number += 1
        new = self.path / f"..{self.number}"
        new.mkdir()
        for name, text in files.items():
            (new / name).write_bytes(text)
        beside = self.path / "..data_tmp"
        beside.symlink_to(new.name)
        beside.rename(self.data)
        self.link(files)
        if old:
            shutil.rmtree(old)

    def edit(self, files: dict[str, bytes]):
        """File by file, each moved into its place."""
        for name, text in files.items():
            file = self.data.resolve() / name
            if not file.exists() or file.read_bytes() != text:
                beside = file.with_name(f".{name}")
                beside.write_bytes(text)
                beside.rename(file)
        self.link(files)
        for file in self.data.resolve().glob("*.yaml"):
            if file.name not in files:
                file.unlink()

    def link(self, files: dict[str, bytes]):
        for name in files:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"..data/{name}")
        for link in self.path.glob("*.yaml"):
            if link.name not in files:
                link.unlink()


def in_force(service: Service) -> str:
    return service.request("GET", "/v1/rules", {"Authorization": "Bearer none"}).headers["postern-rules"]


def attack(options: Options):
    report, reloads = options.report, options.many(RELOADS)
    report.title(f"reload: {reloads} reloads with {CLIENTS} clients that ask without a pause")
    with tempfile.TemporaryDirectory(prefix="postern-accept-") as text:
        folder = pathlib.Path(text)
        rules = Rules(folder / "keys")
        files = {"acme.yaml": rules.acme(1), "beta.yaml": rules.other("beta")}
        gamma = rules.other("gamma", [rules.gamma])
        rules.know(files, Facts(1, False))
        service = Service(folder / "service", folder, [], Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                          name="accept", log_level=options.log_level, arguments=["--reload", "100ms"])
        (service.folder / "tenants").rmdir()
        rule_folder = Folder(service.folder / "tenants", files)
        with service:
            clients = [Client(service, rules, seed) for seed in range(CLIENTS)]
            for client in clients:
                client.start()
            times, late = [], 0
            for generation in range(2, reloads + 2):
                has_gamma, is_broken = generation % 2 == 0, generation % 4 == 0
                before, acme = files, rules.acme(generation)
                files = {"acme.yaml": acme, "beta.yaml": before["beta.yaml"]} | ({"gamma.yaml": gamma} if has_gamma else {})
                # One file after the other: some of it may come into force before the rest.
                for number, content_of_acme in ((generation - 1, before["acme.yaml"]), (generation, acme)):
                    for some in ({}, {"gamma.yaml": gamma}):
                        rules.know({"acme.yaml": content_of_acme, "beta.yaml": files["beta.yaml"]} | some, Facts(number, bool(some)))
                written = files | ({"beta.yaml": files["beta.yaml"].replace(b"1MiB", b"1M")} if is_broken else {})
                began = time.monotonic()
                (rule_folder.swap if generation % 4 < 2 else rule_folder.edit)(written)
                wanted = digest(files)
                while in_force(service) != wanted and time.monotonic() - began < PATIENCE:
                    time.sleep(0.005)
                took = time.monotonic() - began
                times.append(took)
                late += took >= PATIENCE
                for client in clients:
                    client.generation = generation
                time.sleep(0.05)
            for client in clients:
                client.ends = True
            for client in clients:
                client.join(2 * PATIENCE)
            answers = sum((client.answers for client in clients), Counter())
            wrong = [line for client in clients for line in client.wrong]
            report.say(f"{sum(answers.values()):,} answers: " + ", ".join(f"{name.removeprefix('ask_')} {count:,}" for name, count in sorted(answers.items())))
            report.say(f"from an edit to the first answer with it: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
            report.say(f"counted: {figure(service, 'postern_rules_generation'):.0f} generations, reloads "
                       + ", ".join(f"{result} {figure(service, 'postern_rules_reloads_total', result=result):.0f}" for result in ("ok", "partial", "held-back")))
            for line in wrong[:10]:
                report.say(line[:300])
            report.goal(f"reloads that took effect: {reloads - late} of {reloads}", "all", late == 0)
            report.goal(f"answers that failed, or were not those of their digest: {len(wrong)}", "none", not wrong)
            still_runs(service, report)
