"""What is concluded of each sample capture is what was read and approved before: tests/golden/NAME/.

`make golden` writes these folders anew; the difference is read before it is committed.
"""

from __future__ import annotations

import difflib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzer.cli import main

GOLDEN = Path(__file__).resolve().parent
ROOT = GOLDEN.parent.parent
CAPTURES = sorted(path for path in (ROOT / "captures").iterdir() if ".pcap" in path.name)
KEPT = ("flows.csv", "result.json")  # the other tables stand in result.json
SHOWN = 40  # lines of a difference


def name_of(capture: Path) -> str:
    """A capture's name without its suffixes."""
    return capture.name.split(".")[0]


def made_of(capture: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files of a result that are kept: by name, their contents. Paths in them begin at the project's folder."""
    monkeypatch.chdir(ROOT)
    words = ["check", f"captures/{capture.name}", "--out", str(folder), "--csv", "-q"]
    site = capture.with_name(f"{name_of(capture)}.site.yaml")
    if site.exists():
        words += ["--site", f"captures/{site.name}"]
    done = CliRunner().invoke(main, words, prog_name="analyzer")
    assert done.exit_code in (0, 1), done.output
    made = {name: (folder / name).read_text(encoding="utf-8") for name in KEPT}
    told = json.loads(made["result.json"])
    for row in (*told["rules"], *told["findings"], *told["checklist"]):
        del row["cite"]["quote"]  # tests/test_documents.py finds every quote in the document's text
    made["result.json"] = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    return made


@pytest.mark.parametrize("capture", CAPTURES, ids=name_of)
def test_sample_captures_are_judged_as_before(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """Tables and conclusions of a sample capture are, line by line, those that were approved."""
    folder = GOLDEN / name_of(capture)
    made = made_of(capture, tmp_path / "out", monkeypatch)
    if pytestconfig.getoption("--write-golden"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in made.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert set(made) == {path.name for path in folder.iterdir()}
    for name, text in made.items():
        approved = (folder / name).read_text(encoding="utf-8")
        changed = list(difflib.unified_diff(approved.splitlines(), text.splitlines(), "approved", "made", lineterm=""))
        assert not changed, "\n".join([name, *changed[:SHOWN]])


def test_no_approved_result_is_left_over() -> None:
    """Each folder here belongs to a sample capture."""
    assert {path.name for path in GOLDEN.iterdir() if path.is_dir()} - {"__pycache__"} == set(map(name_of, CAPTURES))
