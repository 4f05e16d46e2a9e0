"""`postern diff`: what a change of rule files changes, and what of it widens access; on folders, and on checkouts of a git repository."""

import copy
import json
import os
import pathlib
import re
import subprocess

import pytest

from harness.command import Command
from harness.service import BINARY, ROOT, clean_environment
from harness.tenant import to_yaml

ACME = {
    "tenant": "acme", "store": {"bucket": "acme-uploads", "region": "eu-west-1"},
    "auth": {"issuers": [{"issuer": "https://id.acme.example", "audience": "uploads", "algorithms": ["RS256"], "keys": {"discovery": "true"}}],
             "apiKeys": [{"id": "cms", "sha256": "a" * 64}]},
    "rules": {"avatars": {"keyPrefix": "avatars/{user}/", "contentTypes": ["image/png"], "maxSize": "5MiB"}}}


@pytest.fixture
def run(logs) -> Command:
    return Command(logs, "diff")


def changed(**rule) -> dict:
    document = copy.deepcopy(ACME)
    document["rules"]["avatars"] |= rule
    return document


def write(folder: pathlib.Path, *documents: dict) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        (folder / f"{document['tenant']}.yaml").write_text(to_yaml(document))
    return folder


@pytest.fixture
def old(tmp_path) -> pathlib.Path:
    return write(tmp_path / "old", ACME)


def test_a_change_that_widens_access_is_shown_with_a_request(run, old, tmp_path):
    new = write(tmp_path / "new", changed(maxSize="10MiB"))
    lines = run("diff", old, new, code=0).stdout.splitlines()
    assert re.fullmatch(rf"acme, rule avatars: maxSize 5MiB → 10MiB \({re.escape(str(new))}/acme\.yaml:\d+:\d+\): widens access", lines[0])
    assert '"size":10485760' in lines[1] and '"iss":"https://id.acme.example"' in lines[1]
    assert "before: refused: The file is too large" in lines[2] and "now: a ticket of the rule avatars" in lines[3]
    assert lines[4:] == ["1 change of 1 tenant, 1 widens access"]
    assert run("diff", old, new, "--deny-widening", code=1).stdout.splitlines()[0] == lines[0]


def test_a_change_that_narrows_access_is_not_denied(run, old, tmp_path):
    new = write(tmp_path / "new", changed(maxSize="1MiB", requireScope="write"))
    done = run("diff", old, new, "--deny-widening", code=0)
    assert done.stdout.splitlines()[-1] == "2 changes of 1 tenant, none widens access"


def test_the_same_rules_have_not_changed(run, old, tmp_path):
    assert run("diff", old, old, "--deny-widening", code=0).stdout == "nothing has changed\n"
    new = write(tmp_path / "new", changed(maxSize="5120KiB"))
    assert run("diff", old, new, "--deny-widening", code=0).stdout == "nothing has changed\n"
    assert json.loads(run("diff", old, new, "--json", code=0).stdout) == {"changes": [], "widenings": 0, "problems": []}


def test_json_has_the_place_and_the_witness(run, old, tmp_path):
    new = write(tmp_path / "new", changed(expiry="10m"), ACME | {"tenant": "beta", "store": {"bucket": "beta-uploads", "region": "eu-west-1"}, "auth": {
        "apiKeys": [{"id": "cms", "sha256": "b" * 64}]}})
    answer = json.loads(run("diff", old, new, "--json", code=0).stdout)
    assert answer["widenings"] == 2 and answer["problems"] == []
    expiry, tenant = answer["changes"]
    assert {name: expiry[name] for name in ("tenant", "rule", "key", "change", "old", "new", "widens")} == {
        "tenant": "acme", "rule": "avatars", "key": "expiry", "change": "changed", "old": "not set (5m)", "new": "10m", "widens": True}
    place = (new / "acme.yaml").read_text().splitlines()[expiry["line"] - 1]
    assert expiry["file"] == str(new / "acme.yaml") and place[expiry["column"] - 1:].startswith(("expiry", '"expiry'))
    assert "600 s, and not only 300 s" in expiry["witness"]["new"]
    assert (tenant["tenant"], tenant["change"], tenant["old"], tenant["new"]) == ("beta", "added", None, None)
    assert tenant["witness"]["apiKey"] == "cms" and tenant["witness"]["request"]["rule"] == "avatars"


def test_rules_that_are_gone_or_come_are_named(run, old, tmp_path):
    document = copy.deepcopy(ACME)
    document["rules"] = {"pictures": document["rules"]["avatars"]}
    lines = run("diff", old, write(tmp_path / "new", document), code=0).stdout.splitlines()
    assert lines[0].startswith("acme, rule pictures: rule added") and lines[0].endswith("widens access")
    assert any(re.search(r"acme, rule avatars: rule removed \(\S+old/acme.yaml:\d+:\d+\)$", line) for line in lines)


def test_service_wide_issuers_are_compared_with_both_files(run, tmp_path):
    document = ACME | {"auth": {"apiKeys": ACME["auth"]["apiKeys"]}}
    folder = write(tmp_path / "tenants", document)
    issuer = {"issuer": "https://login.example", "name": "login", "audience": "up", "algorithms": ["ES256"], "keys": {"discovery": "true"},
              "tenantClaim": "org"}
    for name, audience in (("old", ["up"]), ("new", ["up", "more"])):
        (tmp_path / f"{name}.yaml").write_text(to_yaml({"issuers": [issuer | {"audience": audience}]}))
    done = run("diff", folder, folder, "--config", tmp_path / "old.yaml", "--new-config", tmp_path / "new.yaml", code=0)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("service-wide: issuers[login].audience [up] → [up, more]") and lines[0].endswith("widens access")
    assert '"aud":"more"' in lines[1] and '"org":"acme"' in lines[1]
    assert run("diff", folder, folder, "--new-config", tmp_path / "new.yaml", code=64).stdout == ""


# What is wrong


def test_broken_files_are_listed_as_check_does(run, old, tmp_path):
    new = write(tmp_path / "new", changed(maxSize="5X"))
    checked = [line for line in run("check", new, code=1).stdout.splitlines() if line.startswith("error:")]
    for pair in ((old, new), (new, old)):
        done = run("diff", *pair, code=1)
        assert done.stdout.splitlines() == checked + ["1 problem: nothing was compared"]
    answer = json.loads(run("diff", old, new, "--json", code=1).stdout)
    assert answer["changes"] == [] and [problem["file"] for problem in answer["problems"]] == [str(new / "acme.yaml")]


@pytest.mark.parametrize("arguments", [[], ["one"], ["one", "two", "three"], ["one", "two", "--frobnicate"]], ids=str)
def test_wrong_usage_is_64(run, arguments):
    assert run("diff", *arguments, code=64).stdout == ""


def test_missing_and_empty_folders(run, old, tmp_path):
    missing = tmp_path / "missing"
    assert "the folder of rule files cannot be read" in run("diff", missing, old, code=1).stdout
    assert "the folder of rule files cannot be read" in run("diff", old, missing, code=1).stdout
    assert "the folder of rule files cannot be read" in run("diff", old, old / "acme.yaml", code=1).stdout
    missing.mkdir()
    # The first rules of a repository: each tenant is new.
    assert "acme: tenant added" in run("diff", missing, old, code=0).stdout
    assert "there are no rule files in this folder" in run("diff", old, missing, code=1).stdout
    assert "cannot be read" in run("diff", old, old, "--config", tmp_path / "none.yaml", code=1).stdout


def test_files_that_cannot_be_read_are_problems(run, old, tmp_path):
    new = write(tmp_path / "new", ACME)
    (new / "beta.yml").write_text("tenant: beta\n")
    (new / "link.yaml").symlink_to(old / "acme.yaml")
    (new / "large.yaml").write_text("# " + "x" * 300_000)
    os.mkfifo(new / "pipe.yaml")
    lines = run("diff", old, new, code=1).stdout
    for part in ("must end in .yaml", "outside of the folder", "larger than 256 KiB", "not a regular file"):
        assert part in lines
    assert "4 problems: nothing was compared" in lines


def test_hostile_names_and_values_are_printed_on_one_line(run, old, tmp_path):
    """Terminal controls, directions of writing, line ends, and values of many kilobytes."""
    red, left = "\x1b[31m", "\u202e"
    # YAML has escapes for what its files may not contain.
    text = to_yaml(changed()).replace("image/png", "image/png") + "origins: [https://app.acme.example]\n"
    (tmp_path / "new").mkdir()
    new = tmp_path / "new"
    document = copy.deepcopy(ACME)
    document["auth"]["issuers"][0]["claims"] = {f"{left}role": "x" * 200}
    document["deny"] = {"users": [f"u{number}{left}" + "y" * 200 for number in range(200)]}
    document["rules"]["avatars"]["tags"] = {"k": f"{left}v"}
    document["store"]["endpoint"] = "https://s3.example.net"
    (new / "acme.yaml").write_text(to_yaml(document), encoding="utf-8")
    done = run("diff", old, new)
    assert done.returncode == 0, done.stdout
    assert left not in done.stdout and red not in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 6000
    (new / f"evil{red}\n.yaml").write_text(text)
    done = run("diff", old, new, code=1)
    assert "\x1b" not in done.stdout and "\\u{1b}" in done.stdout
    assert "\x1b" not in run("diff", f"{red}old", new, code=1).stdout


# A repository of rules


def git(folder: pathlib.Path, *arguments):
    environment = clean_environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@example",
                                    GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@example")
    subprocess.run(["git", *map(str, arguments)], cwd=folder, check=True, capture_output=True, timeout=60, env=environment)


@pytest.fixture
def repository(tmp_path) -> pathlib.Path:
    folder = tmp_path / "rules"
    write(folder / "tenants", ACME, ACME | {"tenant": "beta", "store": {"bucket": "beta-uploads", "region": "eu-west-1"}, "auth": {
        "apiKeys": [{"id": "cms", "sha256": "b" * 64}]}})
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "rules")
    git(folder, "checkout", "--quiet", "-b", "change")
    return folder


def commit(repository: pathlib.Path, document: dict):
    write(repository / "tenants", document)
    git(repository, "commit", "--quiet", "-am", "change")


def test_two_checkouts_of_a_repository(run, repository, tmp_path):
    commit(repository, changed(expiry="1m"))
    git(repository, "worktree", "add", "--quiet", "--detach", tmp_path / "main", "main")
    done = run("diff", "--deny-widening", tmp_path / "main/tenants", repository / "tenants", code=0)
    assert done.stdout.splitlines()[-1] == "1 change of 1 tenant, none widens access"
    commit(repository, changed(expiry="1h"))
    assert "expiry not set (5m) → 1h" in run("diff", "--deny-widening", tmp_path / "main/tenants", repository / "tenants", code=1).stdout


def test_the_script_of_the_document(repository, tmp_path):
    text = re.search(r"```sh\n(#!/bin/sh\n# check-rules.*?)```", (ROOT / "docs/changing-rules.md").read_text(), re.DOTALL)[1]
    script = tmp_path / "check-rules"
    script.write_text(text)
    script.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/postern").symlink_to(BINARY)

    def check(*arguments: str) -> subprocess.CompletedProcess:
        environment = clean_environment(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}", GIT_CONFIG_GLOBAL="/dev/null")
        return subprocess.run([script, *arguments], cwd=repository, capture_output=True, text=True, timeout=60, env=environment)

    def worktrees() -> int:
        done = subprocess.run(["git", "worktree", "list"], cwd=repository, capture_output=True, text=True, timeout=60, check=True)
        return len(done.stdout.splitlines())

    assert check("--deny-widening", "main").returncode == 0
    commit(repository, changed(contentTypes=["image/png", "image/webp"]))
    allowed, denied = check("main"), check("--deny-widening", "main")
    assert (allowed.returncode, denied.returncode) == (0, 1), denied.stderr
    assert "contentTypes [image/png] → [image/png, image/webp]" in allowed.stdout and "widens access" in denied.stdout
    commit(repository, changed(contentTypes=["nonsense"]))
    broken = check("main")
    assert broken.returncode == 1 and "is not a content type" in broken.stdout
    assert check("nowhere").returncode != 0
    assert worktrees() == 1
