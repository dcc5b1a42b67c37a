"""A program is run within limits: it may hang, flood, stay silent or die, and leaves nothing running."""

from __future__ import annotations

import sys
import time

import pytest

from analyzer.errors import SourceError
from analyzer.inspecting.child import LINE_OCTETS, SAID_OCTETS, Child


def child(code, limit_s=20):
    """Python that runs this code."""
    words = [sys.executable, "-c", f"import os, sys, time; write = sys.stdout.write; {code}"]
    return Child(words, of="a.pcap", limit_s=limit_s, environment={})


def test_lines_come_as_they_were_written():
    """Each line without its end, the last one too where it has none; then the exit code and what was said."""
    with child("write('one\\n\\ntwo'); sys.stderr.write('why\\n'); sys.exit(3)") as run:
        assert list(run.lines()) == [b"one", b"", b"two"]
        assert (run.code, run.said) == (3, "why\n")


def drained(code, limit_s=20):
    """What a program leaves when all its lines are read: nothing but its exit code."""
    with child(code, limit_s) as run:
        for _ in run.lines():
            pass
    return run.code


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "[write('line\\n') for _ in iter(int, 1)]",
        "[sys.stderr.write('line\\n') for _ in iter(int, 1)]",
        "sys.stdout.close(); os.close(2); time.sleep(60)",
    ],
    ids=["silent", "lines", "errors", "closed"],
)
def test_a_program_that_does_not_end_is_ended(code):
    """Silent or flooding, it is over soon after its time, and that is told in one line."""
    begun = time.monotonic()
    with pytest.raises(SourceError, match=r"^a\.pcap: python\S* did not end within 0\.5 s$"):
        drained(code, limit_s=0.5)
    assert time.monotonic() - begun < 10


def test_a_line_without_end_is_refused():
    """A line that outgrows its bound is no line."""
    with pytest.raises(SourceError, match=f"wrote a line of more than {LINE_OCTETS} octets"):
        drained("[write('x' * 65536) for _ in iter(int, 1)]")


def test_much_on_standard_error_is_forgotten():
    """Only the first octets of what is said stay."""
    with child("sys.stderr.write('x' * 1000000); write('done')") as run:
        assert list(run.lines()) == [b"done"]
        assert run.said == "x" * SAID_OCTETS


def test_what_it_started_ends_with_it(tmp_path):
    """A child of the child does not outlive the context: the file that it writes to grows no more."""
    path = tmp_path / "beats"
    beat = f"[(open({str(path)!r}, 'a').write('x'), time.sleep(0.01)) for _ in range(3000)]"
    with child(f"p = os.fork(); {beat} if not p else print('on', flush=True); time.sleep(60)") as run:
        assert next(run.lines()) == b"on"
        while not path.exists():
            time.sleep(0.01)
    octets = path.stat().st_size
    time.sleep(0.2)
    assert path.stat().st_size == octets


def test_a_program_that_is_not_there_is_told():
    """One line names it."""
    with pytest.raises(SourceError, match=r"^a\.pcap: \S*nowhere cannot be run \(no such file or directory\)$"):
        Child(["./nowhere"], of="a.pcap", limit_s=1, environment={})
