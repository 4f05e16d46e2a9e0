"""Hostile requests: the tests of Tests/system, with more requests and what memory grew by."""

import pathlib
import re
import subprocess
import sys

from siege.scene import Options

SYSTEM = pathlib.Path(__file__).resolve().parent.parent / "system"
# Name → requests, the goal for what memory grows by in MiB, file and test.
VARIANTS = {
    "hostile requests": (300_000, 12, "test_hostile.py", "a_hundred_thousand"),
    "hostile uploads": (100_000, 12, "test_hostile_uploads.py", "every_ticket"),
}


def attack(options: Options):
    report = options.report
    for name, (requests, growth, file, test) in VARIANTS.items():
        if not options.wants(name):
            continue
        count = options.many(requests)
        report.title(f"hostile: {count:,} {name}, seed {options.seed}")
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--requests", str(count), "--seed", str(options.seed),
                               SYSTEM / file, "-k", test],
                              cwd=SYSTEM, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800)
        figures = re.search(r"^\d+ requests in .*RSS (\d+) → (\d+) MiB.*(\n\d+ .*)*", done.stdout, re.M)
        for line in (figures[0] if figures else done.stdout[-3000:]).splitlines():
            report.say(line)
        if figures:
            grown = int(figures[2]) - int(figures[1])
            report.goal(f"grown by {grown} MiB after the first quarter", f"under {growth} MiB", grown < growth)
        report.goal("the test passes", "yes", done.returncode == 0)
        if figures and done.returncode:
            for line in done.stdout[-3000:].splitlines():
                report.say(line)
