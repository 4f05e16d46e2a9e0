"""Disturbs what a service writes to one file; `disturbance.c` says how."""

import pathlib

from harness.clock import compile_preloaded

SOURCE = pathlib.Path(__file__).with_name("disturbance.c")
NONE, STALL, LOSE, CUT, DOUBLE = "-", "s", "l", "c", "d"


class Disturbance:
    def __init__(self, folder: pathlib.Path, disturbed: pathlib.Path):
        self.library, self.disturbed, self.file = compile_preloaded(SOURCE, folder), disturbed, folder / "disturbance"
        self.file.write_text(NONE)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "POSTERN_TEST_FILE": str(self.disturbed), "POSTERN_TEST_DISTURBANCE": str(self.file)}

    @property
    def letter(self) -> str:
        return self.file.read_text()

    @letter.setter
    def letter(self, value: str):
        # In place: the service has this file mapped.
        with open(self.file, "r+") as file:
            file.write(value)
