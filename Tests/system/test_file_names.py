"""File names: Unicode's tables as another program has them, keys that never meet, and the client's own name in a download."""

import hashlib
import random
import re
import subprocess
import unicodedata

import pytest
from werkzeug.http import parse_options_header

from harness.form import File, post
from harness.service import BINARY, TEST_TOOL, Service, clean_environment
from harness.tenant import Tenant

PNG = {"contentTypes": ["image/png"], "maxSize": "1MiB"}
RULES = {
    "plain": {"keyPrefix": "plain/{user}/", "keyName": "{filename}", **PNG},
    "unicode": {"keyPrefix": "unicode/{user}/", "keyName": "{filename}", "filenames": "unicode", "contentDisposition": "attachment", **PNG},
    "unique": {"keyPrefix": "unique/{user}/", "keyName": "{uuid}-{filename}", **PNG},
}
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), which are no letters in keys.
IGNORABLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
                       "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
ASSIGNED = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co")]
# What composes, reorders or is excluded, and everything else more seldom.
LIVELY = [each for each in ASSIGNED if unicodedata.combining(each) or unicodedata.decomposition(each)] + list("aeioqAEIO.-_/\\ $") \
    + [chr(each) for each in [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A7, 0x11C3)]]
REMOVED = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef]")


def tool(*arguments: str, lines: list[str] = ()) -> list[str]:
    run = subprocess.run([TEST_TOOL, "unicode", *arguments], input="".join(line + "\n" for line in lines), capture_output=True, text=True,
                         timeout=300, env=clean_environment())
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def normalised(texts: list[str]) -> list[str]:
    version, *found = tool(lines=[" ".join(f"{ord(each):x}" for each in text) for text in texts])
    assert tuple(map(int, version.split("."))) >= tuple(map(int, unicodedata.unidata_version.split("."))), \
        "this Python has a newer Unicode: compare with characters of Postern's version only"
    assert len(found) == len(texts)
    return ["".join(chr(int(point, 16)) for point in line.split()) for line in found]


def random_texts(count: int, seed: int) -> list[str]:
    generator = random.Random(seed)
    return ["".join(generator.choice(LIVELY if generator.random() < 0.8 else ASSIGNED) for _ in range(generator.randint(0, 20)))
            for _ in range(count)]


def test_every_character_and_random_texts_are_normalised_as_python_does_it():
    # Each alone, between letters, and before a mark that composes with many.
    for texts in (ASSIGNED, [f"a{each}a" for each in LIVELY], [f"{each}\u0301" for each in LIVELY], random_texts(60_000, 1)):
        differing = [text for text, found in zip(texts, normalised(texts), strict=True) if found != unicodedata.normalize("NFC", text)]
        assert not differing, [ascii(text) for text in differing[:10]]


def test_letters_digits_and_marks_are_those_of_python():
    found = dict(line.split() for line in tool("--classes"))
    for each in ASSIGNED:
        if ord(each) < 0x80:
            continue
        category = unicodedata.category(each)
        expected = "M" if category[0] == "M" else "L" if category[0] == "L" or category in ("Nd", "Nl") else None
        if IGNORABLE.match(each):
            expected = None
        assert found.get(f"{ord(each):x}") == expected, (ascii(each), category)


@pytest.fixture(scope="module")
def named(make_service, real_store) -> Service:
    store = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint}
    prefixed = {name: rule | {"keyPrefix": "names/" + rule["keyPrefix"]} for name, rule in RULES.items()}
    with make_service("file-names", [Tenant("acme", rules=prefixed, store=store)], real_store.credentials) as service:
        yield service


def ticket(service: Service, rule: str, name: str) -> dict:
    return service.ticket(service.tenants["acme"].token("u1"), rule=rule, filename=name, contentType="image/png")


def key(service: Service, rule: str, name: str) -> str:
    return ticket(service, rule, name)["key"].split("/", 3)[3]


def digits(name: str) -> str:
    return hashlib.sha256(unicodedata.normalize("NFC", name).encode()).hexdigest()[:12]


@pytest.mark.parametrize("names", [
    ("报告.pdf", "照片.pdf"), ("отчёт.docx", "план.docx"), ("보고서.pdf", "사진.pdf"), ("báo cáo.pdf", "bao cao.pdf"), ("🎉.gif", "🎂.gif"),
    ("site/css/index.html", "site/js/index.html"), ("a b.png", "a-b.png"), ("x" * 101, "x" * 102), (".htaccess", "htaccess")], ids=ascii)
def test_two_names_have_two_keys(names, named):
    for rule in ("plain", "unicode"):
        assert key(named, rule, names[0]) != key(named, rule, names[1])


@pytest.mark.parametrize("name, plain, unicode", [
    ("me.png", "me.png", "me.png"), ("image.jpg", "image.jpg", "image.jpg"), ("Größe.pdf", "Grosse-#.pdf", "Größe.pdf"),
    ("报告.pdf", "file-#.pdf", "报告.pdf"), ("a b.png", "a-b-#.png", "a-b-#.png"), ("e\u0301.png", "e-#.png", "é.png"),
    ("me-0123456789ab.png", "me-0123456789ab-#.png", "me-0123456789ab-#.png"), ("a\u202egpj.exe", "a-gpj-#.exe", "a-gpj-#.exe"),
    ("${filename}", "filename-#", "filename-#"), ("", "file-#", "file-#"), ("..", "file-#", "file-#"), ("CON", "CON", "CON")], ids=ascii)
def test_a_name_that_was_changed_has_a_part_of_its_hash(name, plain, unicode, named):
    assert key(named, "plain", name) == plain.replace("#", digits(name))
    assert key(named, "unicode", name) == unicode.replace("#", digits(name))
    # With a {uuid} keys differ anyway.
    assert key(named, "unique", name)[37:] == plain.replace("-#", "")
    assert key(named, "plain", unicodedata.normalize("NFD", name)) == key(named, "plain", unicodedata.normalize("NFC", name))


def test_keys_in_every_script_are_stored(named, real_store):
    for name in ("报告.pdf", "отчёт 7.docx", "e\u0301\u0323.png", "हिन्दी.txt", "می\u200cخواهم.txt", "🎉.gif"):
        got = ticket(named, "unicode", name)
        answer = post(got["url"], got["fields"], File(b"x"))
        assert answer.status == 201, str(answer)
        assert real_store.client().get_object(Bucket=real_store.bucket, Key=got["key"])["Body"].read() == b"x"
    # Equal in normalisation form C: one key, and one object.
    assert key(named, "unicode", "é.png") == key(named, "unicode", "e\u0301.png")


def test_another_parser_reads_the_name_of_a_download(named):
    """By design without folders, controls, invisible characters and those that change the direction of text, blanks at the ends, and
    what is beyond 200 bytes."""
    generator = random.Random(3)
    names = ["Übersicht 2026.png", "报告.pdf", "a\"b.txt", "100%.txt", "a;b=c.txt", "e\u0301.png", "🎉 party.gif", "it's.txt", "a*b''c.txt", "'utf-8''x"]
    letters = list("abcXYZ019 .-_\"'%;=*()<>@,:?[]{}~#&!$+^`|éüßøñ€報告照片отчёт한국어हिन्दीעברית🎉") + ["\u0301", "\u202e", "\u200b", "\n", "\0"]
    names += ["".join(generator.choice(letters) for _ in range(generator.randint(1, 40))) for _ in range(400)]
    token = named.tenants["acme"].token("u1")
    for start in range(0, len(names), 10):
        part = names[start:start + 10]
        answer = named.post("/v1/tickets/batch", {"tickets": [{"rule": "unicode", "filename": name, "contentType": "image/png"} for name in part]}, token)
        assert answer.status == 200, answer
        for name, entry in zip(part, answer.json()["results"], strict=True):
            value = entry["ticket"]["fields"]["Content-Disposition"]
            expected = REMOVED.sub("", re.split(r"[/\\]", name)[-1]).strip(" ")
            kind, parameters = parse_options_header(value)
            assert kind == "attachment"
            if set(expected) <= {"."}:
                assert value == "attachment"
            else:
                assert parameters["filename"] == expected, (name, value)
                fallback = re.search(r'filename="([ -!#-~]*)"; filename\*=', value)
                assert fallback and fallback[1] and "%" not in fallback[1], value


def test_check_warns_of_names_that_replace_each_other(tmp_path):
    (tmp_path / "tenants").mkdir()
    Tenant("acme", rules=RULES).write(tmp_path / "tenants", tmp_path / "keys")
    run = subprocess.run([BINARY, "check", tmp_path / "tenants"], capture_output=True, text=True, timeout=60, env=clean_environment())
    assert run.returncode == 0, run.stdout + run.stderr
    assert (run.stdout + run.stderr).count("a user's files of the same name replace each other") == 2
