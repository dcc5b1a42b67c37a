"""JA4 of public captures is what FoxIO's own program says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.api import observe

JA4 = re.compile(r"^ *ja4: ([tqd]\S+)$", re.MULTILINE)


def expected(shared: Path) -> dict[str, set[str]]:
    """By capture, the fingerprints in the output of FoxIO's Rust program, which is the one that reads all carriers."""
    outputs = sorted((shared / "corpus" / "expected" / "ja4" / "rust").glob("*.snap"))
    return {path.stem: set(JA4.findall(path.read_text(encoding="utf-8"))) for path in outputs}


def capture(shared: Path, name: str) -> Path:
    """The corpus's file of FoxIO's capture of this name."""
    (found,) = (shared / "corpus").glob(f"*/ja4--{name}")
    return found


def test_fingerprints_are_those_of_foxio(shared: Path) -> None:
    """For each capture with an expected output, the set of JA4 is the same, neither more nor less."""
    wanted = expected(shared)
    if not wanted:
        pytest.skip("no expected outputs of JA4")
    assert sum(map(len, wanted.values())) > 5
    made = {name: set(observe([str(capture(shared, name))]).tls.ja4.tolist()) - {""} for name in wanted}
    assert made == wanted
