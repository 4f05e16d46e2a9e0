"""Two million requests at random over two hundred pairs of rules: what the new rules allow and the old ones do not is reported by `postern diff`.

Every witness is tried with both rule books. Some keys then count as not compared, which must be noticed."""

import re
import subprocess
import time

from harness.service import TEST_TOOL
from siege.scene import Options

PAIRS, REQUESTS = 200, 10_000
# Without one of these comparisons, something is missed. The pairs differ in nothing else.
FEW_PAIRS, FEW_REQUESTS = 20, 2000
NEEDED = ["maxSize", "contentTypes", "origins", "issuers", "apiKeys", "requireScope", "keyPrefix", "metadata", "checksum", "expiry", "deny", "rule"]


def run(pairs: int, requests: int, seed: int, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([TEST_TOOL, "diff", "--pairs", str(pairs), "--requests", str(requests), "--seed", str(seed), *arguments],
                          capture_output=True, text=True, timeout=3600)


def attack(options: Options):
    report, pairs = options.report, options.many(PAIRS)
    report.title(f"diff: {pairs * REQUESTS:,} requests over {pairs} pairs of rules")
    began = time.monotonic()
    done = run(pairs, REQUESTS, options.seed + 1)
    for line in done.stdout.splitlines()[:20]:
        report.say(line[:300])
    report.say(f"{time.monotonic() - began:.0f} s")
    failures = len(re.findall(r"^pair \d+:", done.stdout, re.MULTILINE))
    report.goal(f"widened access that was not reported, and witnesses that do not hold: {failures}", "none", done.returncode == 0)
    noticed = [key for key in NEEDED if run(FEW_PAIRS, FEW_REQUESTS, options.seed + 1, "--ignore", key).returncode == 1]
    report.goal(f"keys that are missed when they are not compared: {len(noticed)} of {len(NEEDED)}", "all", len(noticed) == len(NEEDED))
    for key in set(NEEDED) - set(noticed):
        report.say(f"not noticed: {key}")
