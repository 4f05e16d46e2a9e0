"""300,000 hostile requests: the test of Tests/system, with more of them and what memory grew by."""

import pathlib
import re
import subprocess
import sys

from siege.scene import Options

REQUESTS, GROWTH = 300_000, 12
SYSTEM = pathlib.Path(__file__).resolve().parent.parent / "system"


def attack(options: Options):
    if not options.wants("hostile requests"):
        return
    report, count = options.report, options.many(REQUESTS)
    report.title(f"hostile: {count:,} hostile requests")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--requests", str(count),
                           SYSTEM / "test_hostile.py", "-k", "a_hundred_thousand"],
                          cwd=SYSTEM, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800)
    line = next((line for line in done.stdout.splitlines() if "RSS" in line), "")
    report.say(line or done.stdout[-1500:])
    if found := re.search(r"RSS (\d+) → (\d+) MiB", line):
        report.goal(f"grown by {int(found[2]) - int(found[1])} MiB after the first quarter", f"under {GROWTH} MiB", int(found[2]) - int(found[1]) < GROWTH)
    report.goal("the test passes", "yes", done.returncode == 0)
