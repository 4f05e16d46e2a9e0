"""`postern schema`: JSON Schemas that editors understand. They accept every good file, and every file that `check` accepts; what they
refuse `check` refuses. The files are good ones that were changed at random, with a seed, not made from the schema."""

import copy
import hashlib
import json
import random
import re
import subprocess

import jsonschema
import pytest
import yaml

from harness import editor
from harness.service import BINARY, ROOT
from harness.tenant import to_yaml
from test_documents import REFERENCE, SECTIONS, SERVICE_ISSUER, SERVICE_SECTIONS, YAML_BLOCKS, check, load, name, tenant, whole

SERVICE = "--service"


# The schemas


@pytest.mark.parametrize("arguments", [(), (SERVICE,)])
def test_a_schema_is_a_valid_one_and_the_same_each_time(arguments):
    jsonschema.Draft202012Validator.check_schema(editor.schema(*arguments))
    texts = {subprocess.run([BINARY, "schema", *arguments], capture_output=True, timeout=60, check=True).stdout for _ in range(3)}
    assert len(texts) == 1


def test_each_key_of_the_reference_has_its_description():
    for row in REFERENCE:
        assert json.dumps(row.key) in json.dumps(editor.schema(*[SERVICE] * (row.heading in SERVICE_SECTIONS))), row


# Good files


class Plain(yaml.CSafeDumper):
    """Writes texts as people do: `true` and `5000000` without quotes."""

    yaml_implicit_resolvers: dict = {}

    def ignore_aliases(self, data):
        return True


Plain.add_representer(str, lambda dumper, text: dumper.represent_scalar(
    "tag:yaml.org,2002:str", text, style="'" if text in ("", "~", "null", "Null", "NULL") else None))
Plain.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:str", "~"))


def plain(document) -> str:
    return yaml.dump(document, Dumper=Plain, sort_keys=False, allow_unicode=True, width=100_000)


def example(row) -> dict:
    """The file with the example of a row of the reference."""
    entries = load(row.example)
    if (row.heading, row.key) == ("rules", "parameters"):
        entries = {"keyPrefix": "audits/{user}/{audit}/"} | entries
    if row.key in ("tlsCert", "tlsKey"):
        entries = {"tlsCert": "chain.pem", "tlsKey": "key.pem"} | entries
    document = (SECTIONS | SERVICE_SECTIONS)[row.heading](entries)
    if (row.heading, row.key) == ("rules", "overwrite"):
        document["store"] = document["store"] | {"method": "put"}
    return document


TENANT_EXAMPLES = [example(row) for row in REFERENCE if row.heading in SECTIONS]
SERVICE_EXAMPLES = [example(row) for row in REFERENCE if row.heading in SERVICE_SECTIONS]


def test_examples_of_the_reference_are_accepted():
    """Without quotes, and with all texts in quotes."""
    for arguments, documents in (((), TENANT_EXAMPLES), ((SERVICE,), SERVICE_EXAMPLES)):
        for document in documents:
            assert editor.errors(editor.read(plain(document)), *arguments) == [], document
            assert editor.errors(document, *arguments) == [], document


def test_examples_of_the_documents_are_accepted(tmp_path):
    for path, text in YAML_BLOCKS:
        document, service = whole(text, tmp_path)
        assert editor.errors(editor.read(text if "tenant" in load(text) else plain(document))) == [], (name(path), text)
        if service:
            assert editor.errors(editor.read(text), SERVICE) == [], (name(path), text)


def test_files_of_the_repository_are_accepted():
    files = sorted(ROOT.glob("examples/**/*.yaml"))
    assert files
    for path in files:
        assert editor.errors(editor.read(path.read_text())) == [], path
    assert editor.errors(editor.read((ROOT / "deploy/postern.yaml").read_text()), SERVICE) == []


@pytest.mark.parametrize("line", [
    "suspended: true", "suspended: 'true'", "deny: {issuedBefore: 2026-11-01, users: [007, 7, 1.0, 1, true]}", "rules: {avatars: {maxSize: 5000000}}",
    "rules: {avatars: {successStatus: 204, expiry: 60s, minSize: 0}}", "rules: {avatars: {tags: {a: 1, b: , c: true, d: 2026-01-01}}}",
    "auth: {issuers: [{claims: {a: 1, b: true, c: '1', d: 1.5}, audience: 12, authorizedParties: []}]}", "rules: {123: {keyPrefix: a/, contentTypes: [a/b], maxSize: 1}}",
    "rules: {avatars: {contentTypes: [a/b, {type: a/c, extensions: [001, mp3, 7e5]}]}}",
    "stores: {true: {bucket: 123, region: 1e5, endpoint: 'https://s3.example.net'}}",
    "store: {maxPolicyBytes: 1024, dualStack: false, fips: false}",
])
def test_texts_that_yaml_takes_for_numbers_and_booleans_are_accepted(line, tmp_path):
    document = merged(tenant(), load(line))
    text = plain(document)
    (tmp_path / "acme.yaml").write_text(text)
    assert check(tmp_path)["problems"] == [], text
    assert editor.errors(editor.read(text)) == [], text


def merged(document, more):
    if isinstance(document, dict) and isinstance(more, dict):
        return document | {key: merged(document[key], value) if key in document else value for key, value in more.items()}
    if isinstance(document, list) and isinstance(more, list) and document and isinstance(document[0], dict):
        return [merged(document[0], more[0])]
    return more


# Files that were changed

# What `check` alone may refuse, and why a schema cannot.
ONLY_CHECK = re.compile("|".join([
    # It concerns several keys, rules or files.
    r"discovery needs an issuer that is an https URL", r"is in a file named", r"could fit this entry and", r"is used twice", r"the same key as in line",
    r"is not the name of a store", r"no issuer of this tenant is named", r"no service-wide issuer is named", r"there is no rule", r"^an issuer has no",
    r"is in no key$|^\{audit\} is not a placeholder", r"needs (public keys|a shared secret)", r"cannot be used by the same issuer", r"has no effect", r"takes no (keyId|bucketKey)",
    r"overwrite: never needs a store", r"minSize is larger", r"has the same prefix|is inside|^the alias .* is of the tenant", r"is under both fixed and allowed", r"is set twice",
    r"with method: put", r"Cloudflare R2 takes no POST", r"is not a family|is a family, and", r"could be in another user|comes after \{path\}|meet",
    r"each upload replaces the previous one", r"has the alias|is an alias of|is the id of", r"users of different issuers",
    r"accelerate|dual-stack|fips", r"addressing|the endpoint is AWS|endpoint's host", r"is an ending of files that browsers|is an ending of .* too",
    # Equal items, where YAML can take different texts for equal numbers, or of mappings.
    r"lists this twice",
    # Numbers and booleans in other spellings: 1.5 and 1e5, TRUE.
    r"^“[-+.0-9eE]+” (is not|begins|has)", r'^the bucket name "[-+.0-9eE]+" is not valid', r" is “(TRUE|FALSE|True|False)”", r"^“(TRUE|FALSE|True|False)” is not",
    # Addresses: a pattern does not count their groups.
    r"^“[0-9A-Fa-f:.\[\]/…]+” (is not (host:port|an address or CIDR block)|has a prefix of|has bits set)",
    # Lengths in bytes, and lists of names that change.
    r"is longer than \d+ (bytes|characters)|has \d+ bytes|can have \d+ bytes", r"is not known as a region|is not a region of AWS$", r"has a character that AWS refuses",
    r"which means in YAML that there is no value",
]))


def renamed(value, id: str, key: str = ""):
    """The document as a tenant's of its own: no other file has its buckets, issuers, keys and aliases."""
    if isinstance(value, dict):
        return {each: renamed(inner, id, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, id, key) for inner in value]
    if key == "tenant":
        return id
    if key == "bucket":
        return f"{id}-{value}"
    if key == "issuer" and "://" in value:
        return value.replace("://", f"://{id}.", 1)
    if key == "sha256":
        return hashlib.sha256((id + value).encode()).hexdigest()
    return f"{id}{value}" if key in ("aliases", "value") else value


def nodes(value, path=()):
    """Each node, with the keys and places that lead to it."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from nodes(each, (*path, key))


REMOVED = object()


def replaced(document, path, value):
    if not path:
        return value
    changed = copy.copy(document)
    if len(path) == 1 and value is REMOVED:
        del changed[path[0]]
    else:
        changed[path[0]] = replaced(document[path[0]], path[1:], value)
    return changed


OTHER_WORDS = ["bogus", "Private", "yes", "true", "0", "-1", "1.5", "none", "https://a.example", "5MiB", "1m", "2026-01-01", "a/b/", "{user}", "image/png", "*"]
PIECES = [" ", "!", "$", "/", "//", "{", "}", "{nobody}", "{user}", ":", "@", "#", "é", "\u0007", "\u2028", "_", "-", ".", "..", "0", "9", "A", "Z", "a" * 70, "b" * 600,
          ",", "*", "\"", "\\", "KiB", "s", "443", "\n", "~", "+"]


def changes(document, random: random.Random):
    """Changed documents with the kind of the change (unknown, required, type or value) and the path of the node that was changed."""
    for path, value in nodes(document):
        for kind, changed in changes_of(value, random):
            if path or isinstance(changed, dict):
                yield kind, path, replaced(document, path, changed)


def changes_of(value, random: random.Random):
    yield "required", REMOVED
    yield "type", None
    if isinstance(value, dict):
        yield "unknown", value | {random.choice(["qzqz", "keyprefix", "Store", "ID", ""]): "x"}
        if value:
            key = random.choice(list(value))
            yield "unknown", {each + "s" * (each == key): inner for each, inner in value.items()}
        yield from (("type", other) for other in ({}, [value], "x"))
    elif isinstance(value, list):
        yield from (("type", other) for other in ([], {"a": "b"}, value[0] if value and isinstance(value[0], str) else "x", [value]))
        yield "value", value + value[:1]
    else:
        yield from (("type", other) for other in ([value], {value: value}, [[value]]))
        for _ in range(10):
            yield "value", changed_text(value, random)


def changed_text(text: str, random: random.Random) -> str:
    if random.random() < 0.25:
        return random.choice(OTHER_WORDS)
    for _ in range(random.randint(1, 2)):
        place = random.randint(0, len(text))
        match random.randrange(4):
            case 0: text = text[:place] + random.choice(PIECES) + text[place:]
            case 1: text = text[:place] + text[place + 1:]
            case 2: text = text[:place] + random.choice(PIECES) + text[place + 1:]
            case 3: text = text.swapcase() if random.random() < 0.3 else text[:place]
    return text


def changed_files(seed: int, share: float) -> dict[str, tuple[str, str]]:
    """Of each tenant the kind of the change and the text of its file: every change of the row's own key, and a share of all others."""
    generator = random.Random(seed)
    seen, found = set(), []
    for row in REFERENCE:
        if row.heading not in SECTIONS:
            continue
        for kind, path, changed in changes(renamed(example(row), "ID"), generator):
            is_own = row.key in path or kind == "required" and len(path) == 1
            if (is_own or generator.random() < share) and (text := json.dumps(changed)) not in seen:
                seen.add(text)
                found.append((kind, changed))
    return {f"t{number:05}": (kind, plain(changed).replace("ID", f"t{number:05}")) for number, (kind, changed) in enumerate(found)}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Changed files, and of each its problems by `check`."""
    folder = tmp_path_factory.mktemp("changed")
    (folder / "tenants").mkdir()
    files = changed_files(seed=13, share=0.02)
    for id, (_, text) in files.items():
        (folder / "tenants" / f"{id}.yaml").write_text(text)
    (folder / "postern.yaml").write_text(to_yaml({"issuers": [SERVICE_ISSUER]}))
    problems = {id: [] for id in files}
    for problem in check(folder / "tenants", "--config", folder / "postern.yaml")["problems"]:
        problems[problem["file"].rpartition("/")[2].removesuffix(".yaml")].append(problem["message"])
    return [(kind, text, problems[id]) for id, (kind, text) in files.items()]


def test_good_files_that_are_changed_as_little_as_possible_are_good(tmp_path):
    """Otherwise the files below would be refused for what they are."""
    (tmp_path / "tenants").mkdir()
    for number, document in enumerate(TENANT_EXAMPLES):
        (tmp_path / "tenants" / f"t{number}.yaml").write_text(plain(renamed(document, f"t{number}")))
    (tmp_path / "postern.yaml").write_text(to_yaml({"issuers": [SERVICE_ISSUER]}))
    assert check(tmp_path / "tenants", "--config", tmp_path / "postern.yaml")["problems"] == []


def test_what_the_schema_refuses_check_refuses(judged):
    alarms = [(text, editor.errors(editor.read(text))) for _, text, problems in judged if not problems and not editor.accepts(editor.read(text))]
    assert alarms == []
    accepted = sum(not problems for _, _, problems in judged)
    assert 100 < accepted < len(judged) - 100


def test_what_check_refuses_by_the_form_of_a_file_the_schema_refuses(judged):
    missed = [(message, text) for _, text, problems in judged for message in problems
              if not ONLY_CHECK.search(message) and editor.accepts(editor.read(text))]
    assert missed == []


@pytest.mark.parametrize("kind, words", [
    ("unknown", "is not a key of"), ("required", " has no "), ("type", "is not a (mapping|list|single value)"), ("value", "^“.*” is not ")])
def test_each_kind_of_change_makes_files_that_both_refuse(judged, kind, words):
    refused = [text for each, text, problems in judged if each == kind and any(re.search(words, message) for message in problems)]
    assert len(refused) > 50
    assert [text for text in refused if editor.accepts(editor.read(text))] == [] or kind == "value"


def test_two_validators_agree(judged):
    slow = jsonschema.Draft202012Validator(editor.schema())
    for _, text, _ in judged[:150]:
        document = editor.read(text)
        # Python's $ is also before a line end.
        if "\\n" not in text:
            assert slow.is_valid(document) == editor.accepts(document), text


def test_changed_service_wide_files(tmp_path):
    """One call of `check` each."""
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants/acme.yaml").write_text(to_yaml(tenant()))
    generator = random.Random(13)
    found = [changed for document in SERVICE_EXAMPLES for _, _, changed in changes(document, generator)]
    refused = 0
    for changed in generator.sample(found, 250):
        text = plain(changed)
        (tmp_path / "postern.yaml").write_text(text)
        problems = [problem["message"] for problem in check(tmp_path / "tenants", "--config", tmp_path / "postern.yaml")["problems"]
                    if problem["file"].endswith("postern.yaml")]
        document = editor.read(text)
        refused += not editor.accepts(document, SERVICE)
        if not problems:
            assert editor.errors(document, SERVICE) == [], text
        elif editor.accepts(document, SERVICE):
            assert [message for message in problems if not ONLY_CHECK.search(message)] == [], text
    assert refused > 100
