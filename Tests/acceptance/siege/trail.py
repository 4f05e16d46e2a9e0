"""The lines of an audit log, compared with the tickets that clients received."""

import json
from collections import Counter

from .report import Report


class Trail:
    def __init__(self, data: bytes):
        self.records, self.cut = [], []
        *whole, rest = data.split(b"\n")
        for line in whole:
            try:
                record = json.loads(line)
                self.records.append(record if isinstance(record, dict) else {})
            except ValueError:
                # An empty line is no record and was none.
                self.cut += [line] if line else []
        self.cut += [rest] if rest else []
        self.tickets = Counter(record["ticket"] for record in self.records if record.get("event") == "ticket")

    def of(self, event: str) -> list[dict]:
        return [record for record in self.records if record.get("event") == event]

    def missing(self, tickets: list[str]) -> list[str]:
        return [ticket for ticket in tickets if ticket not in self.tickets]

    @property
    def doubled(self) -> list[str]:
        return [ticket for ticket, count in self.tickets.items() if count > 1]


def compare(report: Report, trail: Trail, tickets: list[str], *, most_cut: int = 0):
    """Judges that every ticket has its whole line, once."""
    missing = trail.missing(tickets)
    report.say(f"{len(trail.records):,} lines, {sum(trail.tickets.values()) - len(tickets) + len(missing):,} of them of tickets that no client received")
    report.goal(f"tickets received {len(tickets):,}, without a whole line {len(missing):,}", "some and none", bool(tickets) and not missing)
    report.goal(f"lines that were cut off: {len(trail.cut)}", f"at most {most_cut}" if most_cut else "none", len(trail.cut) <= most_cut)
    report.goal(f"tickets with two lines: {len(trail.doubled)}", "none", not trail.doubled)
