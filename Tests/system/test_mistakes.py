"""A folder with sixty mistakes: `check` lists each of them once, where it is, and nothing else.

A mistake is at a `§[words]` of its file, which is not in the file that is checked; so its place is not taken from what `check` says. The
words are in the message that it must have."""

import json
import pathlib
import re
import subprocess
from dataclasses import dataclass

import pytest

from harness.service import BINARY, clean_environment

# By the name of the file.
FILES: dict[str, str] = {}

FILES["syntax-quote.yaml"] = """
tenant: syntax-quote
store: {bucket: syntax-quote, region: eu-west-1}
rules:
  files: {keyPrefix: §[this quote is never closed]"files/{user}/, contentTypes: [image/png], maxSize: 1MiB}
"""
FILES["syntax-bracket.yaml"] = """
tenant: syntax-bracket
store: {bucket: syntax-bracket, region: eu-west-1}
rules:
  files:
    keyPrefix: {user}§[text after a closing bracket]/
    contentTypes: [image/png]
    maxSize: 1MiB
"""
FILES["syntax-indent.yaml"] = """
tenant: syntax-indent
store:
  bucket: syntax-indent
   region§[a “:” is not allowed here]: eu-west-1
"""
FILES["syntax-rest.yaml"] = """
tenant: syntax-rest
store: §[anchors]&here {bucket: syntax-rest, region: eu-west-1}
§[“tenant” appears more than once]tenant: syntax-rest
rules:
  files:
    keyPrefix: §[tags (!)]!!str files/{user}/
    contentTypes:§[there is a tab]\t[image/png]
    maxSize: 1MiB
    §[merge keys]<<: other
§[a second document]---
tenant: another
"""
FILES["keys.yaml"] = """
§[“tennant” is not a key]tennant: keys
tenant: keys
§[bucket belongs under store]bucket: keys
store: {bucket: keys, region: eu-west-1, §[“regoin” is not a key]regoin: eu-west-1}
§[deny is empty]deny: {}
auth:
  issuers:
    - {issuer: "https://keys.example", audience: up, algorithms: [RS256], keys: {discovery: true}, §[tenantClaim is only for]tenantClaim: org}
  apiKeys:
    - {id: cms, §[must not contain an API key]secret: abcdef, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1}
rules:
  §[has no maxSize]files: {keyPrefix: "files/{user}/", contentTypes: [image/png]}
"""
FILES["types.yaml"] = """
tenant: types
store: {bucket: types, region: eu-west-1}
§[aliases is not a list]aliases:
origins: §[origins is not a list]https://app.types.example
suspended: §[suspended is “yes”]yes
auth:
  §[issuers is not a list]issuers: {issuer: "https://types.example"}
rules:
  files:
    keyPrefix: §[is not a single value][files]
    contentTypes: §[contentTypes is an empty list][]
    maxSize: §[“~” is not a size]~
    §[expiry has no value]expiry:
"""
FILES["values.yaml"] = """
tenant: §[is in a file named]value
store: {bucket: §[is not valid]Values_, region: eu-west-1}
origins: [§[has a wildcard]"https://*.example", "https://app.example", §[origins lists this twice]"https://app.example"]
deny: {issuedBefore: §[is not a date]2026-02-30}
rules:
  §[is not a rule name]Files: {keyPrefix: "other/{user}/", contentTypes: [image/png], maxSize: 1MiB}
  files:
    keyPrefix: §[does not end in “/”]files/{user}
    keyName: §[{usr} is not a placeholder]"{usr}.{ext}"
    contentTypes: [§[is not in lower case]image/PNG, image/png]
    maxSize: §[is more than S3 allows]6GiB
    expiry: §[cannot be valid for]8d
    acl: §[is not a canned ACL]publik
    limits: {perUser: §[is not a limit]60}
    storageClass: §[is not a storage class]COLD
    successStatus: §[is not a status]202
    metadata: {allowed: [§[without x-amz-meta-]x-amz-meta-album]}
    tags: {größe: §[holds “${”]"${filename}"}
"""
FILES["rules.yaml"] = """
tenant: rules
store: {bucket: rules, region: eu-west-1}
rules:
  all: {keyPrefix: §[would also hold other users' files]"{user}/", contentTypes: [image/png], maxSize: 1MiB}
  avatars: {keyPrefix: "avatars/{user}/", contentTypes: [image/png], maxSize: 1MiB, minSize: §[minSize is larger]2MiB}
  audits: {keyPrefix: "audits/{user}/", parameters: {§[is in no key]audit: digits}, contentTypes: [image/png], maxSize: 1MiB}
  reports: {keyPrefix: "reports/{user}/", store: §[is not the name of a store]archive, issuers: [§[no issuer of this tenant is named]staff], contentTypes: [image/png], maxSize: 1MiB}
"""
FILES["auth.yaml"] = """
tenant: auth
store:
  bucket: auth
  region: eu-west-1
  credentials: {assumeRole: {roleArn: §[is not the ARN of a role]arn:aws:iam::1:user/x, sessionPolicy: §[is not a session policy]all}}
auth:
  issuers:
    - §[neither audience nor authorizedParties]issuer: https://auth.example
      algorithms: [§[is not a signature algorithm]RS255]
      §[keys names several sources]keys: {jwks: "https://auth.example/jwks", discovery: true}
    - {issuer: "https://auth2.example", audience: up, algorithms: [HS256], keys: {jwks: §[needs a shared secret]"https://auth2.example/jwks"}}
rules:
  files: {keyPrefix: "files/{user}/", contentTypes: [image/png], maxSize: 1MiB}
"""
FILES["stores.yaml"] = """
tenant: stores
store: {bucket: stores, region: auto, endpoint: §[takes no POST uploads]"https://0123.r2.cloudflarestorage.com"}
stores:
  archive: {bucket: stores-2, region: §[is not a region of AWS]europe, §[several sources]credentials: {profile: a, env: B}}
rules:
  files: {keyPrefix: "files/{user}/", contentTypes: [image/png], maxSize: 1MiB}
  old: {store: archive, keyPrefix: "old/{user}/", contentTypes: [image/png], maxSize: 1MiB}
"""
# Each of these two is right alone. Each mistake is told in the second file.
FILES["team-a.yaml"] = """
tenant: team-a
aliases: [org_1]
store: {bucket: teams, region: eu-west-1}
auth:
  issuers: [{issuer: "https://teams.example", audience: up, algorithms: [RS256], keys: {discovery: true}}]
rules:
  files: {keyPrefix: "files/{user}/", contentTypes: [image/png], maxSize: 1MiB}
"""
FILES["team-b.yaml"] = """
tenant: team-b
aliases: [§[org_1]org_1]
store: {bucket: teams, region: eu-west-1}
auth:
  issuers: [{issuer: §[could fit this entry]"https://teams.example", audience: [up, other], algorithms: [RS256], keys: {discovery: true}}]
rules:
  files: {keyPrefix: §[prefix]"files/pictures/{user}/", contentTypes: [image/png], maxSize: 1MiB}
"""
# Mistakes of whole files, which have no line.
WHOLE_FILES = {"ending.yml": "the name of a rule file must end in .yaml", "outside.yaml": "outside of the folder"}


MARK = re.compile(r"§\[([^]§]*)\]")


@dataclass(frozen=True)
class Mistake:
    file: str
    line: int
    column: int
    words: str


def unmarked(name: str, text: str) -> tuple[str, list[Mistake]]:
    """The file without marks, and where they were. Columns are counted in characters."""
    clean, mistakes, end = "", [], 0
    for mark in MARK.finditer(text):
        clean += text[end:mark.start()]
        end = mark.end()
        mistakes.append(Mistake(name, clean.count("\n") + 1, len(clean) - clean.rfind("\n"), mark[1]))
    return clean + text[end:], mistakes


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    made = tmp_path_factory.mktemp("mistakes")
    tenants = made / "tenants"
    tenants.mkdir()
    for file, text in FILES.items():
        (tenants / file).write_text(unmarked(file, text.lstrip())[0])
    (tenants / "ending.yml").write_text("")
    (made / "elsewhere.yaml").write_text("tenant: outside\n")
    (tenants / "outside.yaml").symlink_to(made / "elsewhere.yaml")
    # With it the names of all issuers are known.
    (made / "postern.yaml").write_text(
        "issuers: [{issuer: https://login.example, name: login, audience: up, algorithms: [RS256], keys: {discovery: true}, tenantClaim: org}]\n")
    return made


@pytest.fixture(scope="module")
def mistakes() -> list[Mistake]:
    marked = [mistake for file, text in FILES.items() for mistake in unmarked(file, text.lstrip())[1]]
    found = marked + [Mistake(file, 0, 0, words) for file, words in WHOLE_FILES.items()]
    assert len(found) == 60
    return sorted(found, key=lambda mistake: (mistake.file, mistake.line, mistake.column))


def run(folder: pathlib.Path, *arguments: str) -> str:
    done = subprocess.run([BINARY, "check", "tenants", "--config", "postern.yaml", *arguments], cwd=folder, capture_output=True, text=True, timeout=60,
                          env=clean_environment())
    assert done.returncode == 1 and done.stderr == "", (done.returncode, done.stderr)
    return done.stdout


def places(found: list) -> list[tuple]:
    return sorted((file.rpartition("/")[2], line, column) for file, line, column in found)


def test_each_mistake_is_listed_once_with_its_place(folder, mistakes):
    report = json.loads(run(folder, "--json"))
    assert report["ok"] is False and report["tenants"] == []
    problems = report["problems"]
    assert places([(each["file"], each["line"], each["column"]) for each in problems]) == [(each.file, each.line, each.column) for each in mistakes]
    assert len(problems) == 60
    messages = {(each["file"].rpartition("/")[2], each["line"], each["column"]): each["message"] for each in problems}
    for mistake in mistakes:
        message = messages[mistake.file, mistake.line, mistake.column]
        assert mistake.words in message, (mistake, message)
    assert all(each["advice"] for each in problems)


def test_the_text_has_the_same(folder, mistakes):
    lines = [line for line in run(folder).splitlines() if line.startswith("error: ")]
    matches = [re.match(r"error: ([^:]+):(?:(\d+):(\d+):)? ", line) for line in lines]
    assert places([(match[1], int(match[2] or 0), int(match[3] or 0)) for match in matches]) == [
        (each.file, each.line, each.column) for each in mistakes]
    assert run(folder).splitlines()[-1] == "60 problems"


def test_sarif_has_the_same(folder, mistakes):
    results = [each for each in json.loads(run(folder, "--format", "sarif"))["runs"][0]["results"] if each["level"] == "error"]
    locations = [each["locations"][0]["physicalLocation"] for each in results]
    assert places([(each["artifactLocation"]["uri"], each.get("region", {}).get("startLine", 0), each.get("region", {}).get("startColumn", 0))
                   for each in locations]) == [(each.file, each.line, each.column) for each in mistakes]


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_file_alone_has_its_own_mistakes(folder, mistakes, file):
    done = subprocess.run([BINARY, "check", folder / "tenants" / file, "--config", folder / "postern.yaml", "--json"], capture_output=True, text=True,
                          timeout=60, env=clean_environment())
    problems = json.loads(done.stdout)["problems"]
    found = places([(each["file"], each["line"], each["column"]) for each in problems if each["file"].endswith("/" + file)])
    assert found == [(each.file, each.line, each.column) for each in mistakes if each.file == file]
