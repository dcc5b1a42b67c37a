"""A program of the user's is told of findings, without a shell, within limits."""

from __future__ import annotations

import json
import sys
import threading

import pytest

from analyzer.errors import AnalyzerError
from analyzer.watching import hook as module
from analyzer.watching.hook import Hook

WRITE = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


def command(*words):
    return " ".join(f"'{word}'" for word in words)


def test_each_finding_is_read_from_standard_input(tmp_path):
    """As a line of JSON in ASCII; words of a capture reach no shell and are no arguments."""
    told = tmp_path / "told"
    code = WRITE.replace("'", '"')
    hook = Hook(command(sys.executable, "-c", code, told))
    findings = [{"title": "$(touch /tmp/x); `id`\u202e"}, {"title": "other"}]
    for finding in findings:
        hook.tell(finding)
    hook.close(20)
    assert [json.loads(line) for line in told.read_text().splitlines()] == findings
    assert told.read_text().isascii()
    assert (hook.trouble, hook.skipped) == ("", 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "took longer than 0.5 s"),
    ],
)
def test_how_it_fails_is_told(words, said):
    """And the capture goes on."""
    hook = Hook(command(*words), limit_s=0.5)
    hook.tell({})
    hook.close(20)
    assert said in hook.trouble


def test_a_program_that_is_taken_away_is_told(tmp_path):
    """It was there in the beginning."""
    program = tmp_path / "program"
    program.touch(0o700)
    hook = Hook(command(program))
    program.unlink()
    hook.tell({})
    hook.close(20)
    assert hook.trouble == f"{program}: no such file or directory"


def test_a_slow_program_does_not_hold_anything_up(monkeypatch):
    """What it is not told of is counted."""
    gate = threading.Event()
    monkeypatch.setattr(Hook, "_run", lambda self, told: gate.wait(20))
    hook = Hook("true")
    for number in range(module.WAITING + 50):
        hook.tell({"id": number})
    assert 40 <= hook.skipped <= 50
    gate.set()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "names no program"), ("a 'b", "no closing quotation"), ("/nowhere/at x", "/nowhere/at: no such program")],
)
def test_a_command_that_is_none(text, said):
    """One line."""
    with pytest.raises(AnalyzerError, match=said):
        Hook(text)


def test_what_takes_too_long_at_the_end_is_counted(monkeypatch):
    """Those that wait have their time; for the others it was not run."""
    gate = threading.Event()
    monkeypatch.setattr(Hook, "_run", lambda self, told: gate.wait(20))
    hook = Hook("true")
    for number in range(5):
        hook.tell({"id": number})
    assert hook.close(0.3) == 4
    gate.set()
    assert hook.close(20) == 0
