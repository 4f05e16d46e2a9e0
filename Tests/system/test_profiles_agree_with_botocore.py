"""AWS's shared files are read as botocore reads them: the same generated files give the same profiles in both."""

import json
import subprocess

from harness.service import TEST_TOOL, clean_environment
from profile_cases import CONFIGS, CREDENTIALS, botocore_result, pairs

SEED = 20240229


def read_by_postern(config, credentials) -> dict:
    done = subprocess.run([TEST_TOOL, "profiles", "--config-file", config, "--credentials-file", credentials], capture_output=True, timeout=30,
                          stdin=subprocess.DEVNULL, env=clean_environment())
    assert done.stdout.strip(), done.stderr.decode(errors="replace")
    return json.loads(done.stdout)


def difference(expected: dict, found: dict) -> str:
    """Profile by profile and option by option, where both read the files; else which of them refused."""
    if "error" in expected or "error" in found:
        return f"botocore: {expected.get('error', 'reads them')}; postern: {found.get('error', 'reads them')}"
    lines = []
    for name in sorted(expected["profiles"].keys() | found["profiles"].keys()):
        theirs, ours = expected["profiles"].get(name), found["profiles"].get(name)
        if theirs is None or ours is None:
            lines.append(f"profile {name!r}: only {'botocore' if ours is None else 'postern'} has it")
            continue
        lines += [f"profile {name!r}, {option!r}: botocore {theirs.get(option)!r}, postern {ours.get(option)!r}"
                  for option in sorted(theirs.keys() | ours.keys()) if theirs.get(option) != ours.get(option)]
    return "\n".join(lines)


def test_the_same_files_give_the_same_profiles(tmp_path):
    differing, count = [], 0
    for pair in pairs(SEED):
        count += 1
        paths = pair.write(tmp_path)
        expected, found = botocore_result(*paths), read_by_postern(*paths)
        if found != expected:
            differing.append(f"{pair.name}\n{difference(expected, found)}\nconfig: {pair.config!r}\ncredentials: {pair.credentials!r}")
    assert count >= 200
    assert not differing, f"{len(differing)} of {count} pairs differ\n\n" + "\n\n".join(differing[:10])


def test_the_generator_makes_many_outcomes(tmp_path):
    """Otherwise agreement proves little."""
    made = list(pairs(SEED))
    assert len(made) == len({pair.name for pair in made if not pair.name.startswith("by chance") and " + " not in pair.name}) + 230
    by_chance = [pair for pair in made if pair.name.startswith("by chance")]
    assert len(by_chance) == 200 and made == list(pairs(SEED)) and by_chance != [p for p in pairs(SEED + 1) if p.name.startswith("by chance")]
    results = [botocore_result(*pair.write(tmp_path)) for pair in made]
    errors = [result for result in results if "error" in result]
    profiles = [result["profiles"] for result in results if "profiles" in result]
    assert len({json.dumps(result, sort_keys=True) for result in results}) > 200
    assert 0.15 < len(errors) / len(results) < 0.6
    assert sum(any(isinstance(value, dict) for values in each.values() for value in values.values()) for each in profiles) > 30
    assert sum(len(each) > 2 for each in profiles) > 30
    # Both files matter, and the special cases do not all end the same way.
    assert sum(pair.config is not None and pair.credentials is not None for pair in made) > 150
    assert len(CONFIGS) > 100 and len(CREDENTIALS) > 15
