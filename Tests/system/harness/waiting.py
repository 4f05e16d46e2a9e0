"""Waiting for what a service does by itself: by asking again until a deadline, never by a fixed sleep."""

import time
from collections.abc import Callable


def until(what: str, condition: Callable, seconds: float = 5, every: float = 0.05):
    """The first answer of `condition` that counts as true. An AssertionError is asked again too; the last one is told."""
    end = time.monotonic() + seconds
    while True:
        last = None
        try:
            if found := condition():
                return found
        except AssertionError as failed:
            last = failed
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds:g} s: {what}" + (f" (at last: {last})" if last else ""))
        time.sleep(every)


def seconds_until(what: str, condition: Callable, seconds: float = 5, every: float = 0.05) -> float:
    """How long that took."""
    began = time.monotonic()
    until(what, condition, seconds, every)
    return time.monotonic() - began
