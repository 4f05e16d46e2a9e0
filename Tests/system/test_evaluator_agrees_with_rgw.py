"""The evaluator and a real S3 give the same word on every form, but for the differences of RGW that store_cases.py lists."""

import json
import subprocess

import pytest

from harness.form import File, StoreAnswer, post
from harness.service import TEST_TOOL, clean_environment
from harness.signing import instant, now
from store_cases import ACCEPTED, CASES, REFUSED, RGW_CODES, Case, Maker

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def maker(real_store, temporary) -> Maker:
    return Maker(real_store.bucket, real_store.other_bucket, real_store.credentials, temporary, real_store.region)


@pytest.fixture(scope="module")
def judged(real_store, maker, temporary) -> dict[str, tuple[StoreAnswer, dict]]:
    """Each case's form, sent to the store and to the evaluator: both answers by the case's name."""
    known = {maker.credentials.access_key: maker.credentials, temporary.access_key: temporary}
    stored: dict[str, StoreAnswer] = {}
    questions: dict[str, list[str]] = {real_store.bucket: [], real_store.other_bucket: []}
    names: dict[str, list[str]] = {bucket: [] for bucket in questions}
    for case in CASES:
        bucket = real_store.other_bucket if case.bucket == "other" else real_store.bucket
        form, file = case.make(maker), case.file or File()
        stored[case.name] = post(f"{real_store.endpoint}/{bucket}", form, file, case.after)
        # The store knows two access keys; the evaluator is given the one that the form names, if it is one of them.
        named = next((key for key in known if any(value.startswith(key) for name, value in form)), maker.credentials.access_key)
        given = known[named]
        questions[bucket].append(json.dumps({
            "fields": form, "fileSize": len(file.content), "filename": file.name,
            "credentials": {"accessKeyId": given.access_key, "secretAccessKey": given.secret_key, "sessionToken": given.session_token}}))
        names[bucket].append(case.name)
    words: dict[str, dict] = {}
    for bucket, lines in questions.items():
        run = subprocess.run(
            [TEST_TOOL, "judge", "--bucket", bucket, "--at", instant(now())], input="\n".join(lines) + "\n", capture_output=True, text=True,
            timeout=30, env=clean_environment())
        assert run.returncode == 0, run.stderr
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        assert len(answers) == len(lines), (len(answers), len(lines), run.stdout[-500:])
        words.update(zip(names[bucket], answers, strict=True))
    return {name: (stored[name], words[name]) for name in stored}


def test_there_are_at_least_sixty_forms_that_the_store_judges_as_s3_says():
    same = [case for case in CASES if not case.rgw_differs]
    assert len(same) >= 60
    assert sum(case.accepted for case in same) >= 30
    assert sum(not case.accepted for case in same) >= 30
    assert len({case.name for case in CASES}) == len(CASES) == len(ACCEPTED) + len(REFUSED)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_evaluator_and_the_store_agree(case: Case, judged):
    store, evaluator = judged[case.name]
    assert store.accepted == (case.accepted ^ bool(case.rgw_differs)), f"the store says {store}; {case.rgw_differs=}"
    if not store.accepted:
        assert store.code == (case.rgw_code or RGW_CODES.get(case.code, case.code)), f"the store says {store}"
    accepted = 200 <= evaluator["status"] < 300
    assert accepted == case.accepted, f"the evaluator says {evaluator}; the store says {store}"
    assert evaluator["code"] == case.code, f"the evaluator says {evaluator}; the store says {store}"
    if accepted:
        assert evaluator["status"] == 204
    else:
        assert evaluator["status"] in (400, 403) and evaluator["message"], evaluator
