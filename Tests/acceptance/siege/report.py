"""What an attack tells, and which goals it met."""

from dataclasses import dataclass, field

MB = 1_000_000


@dataclass
class Report:
    """Prints as it goes, so that an attack that is cut short has told what it saw."""

    missed: list[str] = field(default_factory=list)

    def title(self, text: str):
        print(f"\n{text}", flush=True)

    def say(self, text: str):
        print(f"  {text}", flush=True)

    def goal(self, said: str, target: str, met: bool):
        print(f"  {said}; goal {target}: {'met' if met else 'MISSED'}", flush=True)
        if not met:
            self.missed.append(said)


def mb(count: float) -> str:
    return f"{count / MB:.1f} MB"
