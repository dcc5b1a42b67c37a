"""The pictures of the documents show what the program shows now, and nothing of where they were made."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

DRAWN = ("check.svg", "live.svg", "upload.svg")
MOST = {".svg": 150_000, ".png": 200_000}


def test_the_drawn_ones_are_what_is_made_now(root, tmp_path):
    """`make pictures` would change nothing in them."""
    names = [name.removesuffix(".svg") for name in DRAWN]
    program = [sys.executable, root / "captures" / "pictures.py", *names, "--out", tmp_path]
    subprocess.run(program, check=True, capture_output=True, cwd=tmp_path)
    for name in DRAWN:
        made = (tmp_path / name).read_text(encoding="utf-8")
        assert made == (root / "captures" / "pictures" / name).read_text(encoding="utf-8"), name


def test_the_report_is_drawn(needs_program, root, tmp_path):
    """Chromium makes a picture of the report, of the same size as the shipped one."""
    needs_program("chromium")
    program = [sys.executable, root / "captures" / "pictures.py", "report", "--out", tmp_path]
    subprocess.run(program, check=True, capture_output=True, cwd=tmp_path)
    size = slice(16, 24)  # width and height in the IHDR chunk (PNG, section 11.2.1)
    made, kept = ((folder / "report.png").read_bytes() for folder in (tmp_path, root / "captures" / "pictures"))
    assert made[:8] == kept[:8] == b"\x89PNG\r\n\x1a\n"
    assert made[size] == kept[size]


@pytest.mark.parametrize("name", [*DRAWN, "report.png"])
def test_they_are_small(root, name):
    path = root / "captures" / "pictures" / name
    assert path.stat().st_size < MOST[path.suffix]


@pytest.mark.parametrize("name", DRAWN)
def test_they_load_nothing_and_name_no_place(root, name):
    """No address but those of XML's own names, and no path of the machine that made them."""
    text = (root / "captures" / "pictures" / name).read_text(encoding="utf-8")
    names = r"http://(www\.w3\.org|purl\.org|creativecommons\.org)/"
    assert not re.search(r"https?://", re.sub(names, "", text))
    assert not re.search(r"/(home|tmp|work|root|Users)/", text)
