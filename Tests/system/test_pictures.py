"""The drawings in docs/images: they are what the script writes, and can be read."""

import itertools
import json
import pathlib
import subprocess

import pytest

from harness.browser import Browser

ROOT = pathlib.Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
DRAWINGS = ["flow-dark.svg", "flow-light.svg"]
# Where each text is, in pixels of the window.
LOOK = """JSON.stringify([...document.querySelectorAll("text")].map((each) => {
    const {left, right, top, bottom} = each.getBoundingClientRect();
    return {said: each.textContent, left, right, top, bottom};
}))"""


def test_the_drawings_are_what_the_script_writes(tmp_path):
    """`scripts/pictures` writes them anew."""
    subprocess.run([ROOT / "scripts/pictures", tmp_path], check=True, timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in IMAGES.glob("*.svg")) == DRAWINGS
    for name in DRAWINGS:
        assert (tmp_path / name).read_bytes() == (IMAGES / name).read_bytes(), f"scripts/pictures writes another {name}"


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_text_of_a_drawing_lies_on_another_or_is_cut(name):
    with Browser() as browser:
        browser.view(1000, 600)
        browser.open((IMAGES / name).as_uri())
        texts = json.loads(browser.run(LOOK))
        width, height = browser.run("document.documentElement.width.baseVal.value"), browser.run("document.documentElement.height.baseVal.value")
    assert len(texts) > 10
    for each in texts:
        assert 0 <= each["left"] and each["right"] <= width and 0 <= each["top"] and each["bottom"] <= height, each
    for a, b in itertools.combinations(texts, 2):
        apart = a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] + 3 or b["bottom"] <= a["top"] + 3
        assert apart, (a["said"], b["said"])


def test_the_screenshots_are_small():
    for path in IMAGES.glob("*.png"):
        assert path.stat().st_size <= 150_000, path
