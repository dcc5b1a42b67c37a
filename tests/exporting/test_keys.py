"""Keys of a terminal."""

from __future__ import annotations

import os
import pty
import sys
import termios
import time

import pytest

from analyzer.exporting.keys import Keys


@pytest.fixture
def terminal(monkeypatch):
    """A terminal as standard input; the end at which one types."""
    main, child = pty.openpty()
    with os.fdopen(child, "r") as stdin, os.fdopen(main, "r+b", buffering=0) as typed:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield typed


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (b"q", ["q"]),
        (b" s?", [" ", "s", "?"]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", ["up", "down", "right", "left"]),
        (b"\x1bOA\x1bOH\x1bOF", ["up", "home", "end"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1b[Z", ["pgup", "pgdn", "home", "end", "backtab"]),
        (b"\t\r", ["tab", "enter"]),
        (b"\x1b", ["esc"]),
        ("é".encode(), ["é"]),
        (b"\x1b[99;99xq", ["", "q"]),
        (b"\xff\x01q", ["", "q"]),
        (b"\x1aq", ["", "q"]),
    ],
)
def test_keys_have_names(terminal, typed, names):
    """One at a time, without a line's end; what has no name is nothing, and does not disturb what follows."""
    with Keys() as keys:
        terminal.write(typed)
        assert [keys.read(0.2) for _ in names] == names


def test_no_key_is_waited_for_as_long_as_asked(terminal):
    """Then there is none."""
    with Keys() as keys:
        begin = time.monotonic()
        assert keys.read(0.1) == ""
        assert 0.09 < time.monotonic() - begin < 2


def test_the_mode_comes_back(terminal):
    """After the context, and after an exception in it; within it neither lines nor echo nor a stop by Ctrl-Z."""
    before = termios.tcgetattr(sys.stdin.fileno())
    with Keys():
        within = termios.tcgetattr(sys.stdin.fileno())
        assert not within[3] & (termios.ICANON | termios.ECHO)
        assert within[3] & termios.ISIG
        assert within[6][termios.VSUSP] == b"\x00"
    assert termios.tcgetattr(sys.stdin.fileno()) == before
    with pytest.raises(ZeroDivisionError), Keys():
        raise ZeroDivisionError
    assert termios.tcgetattr(sys.stdin.fileno()) == before


def test_standard_input_that_carries_the_capture_is_left_alone(terminal):
    """Not a key is read, nor a mode changed."""
    before = termios.tcgetattr(sys.stdin.fileno())
    with Keys(taken=True) as keys:
        assert termios.tcgetattr(sys.stdin.fileno()) == before
        terminal.write(b"q\n")
        assert keys.read(0.05) == ""
    assert sys.stdin.readline() == "q\n"


def test_what_is_no_terminal_has_no_keys(tmp_path, monkeypatch):
    """A file, a closed stream, none at all."""
    (tmp_path / "typed").write_text("q")
    with (tmp_path / "typed").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        with Keys() as keys:
            assert keys.read(0.01) == ""
    with Keys() as keys:
        assert keys.read(0.01) == ""
    monkeypatch.setattr(sys, "stdin", None)
    with Keys() as keys:
        assert keys.read(0.01) == ""


def test_a_terminal_that_hangs_up_ends_the_keys(monkeypatch):
    """No exception, and no busy loop."""
    main, child = pty.openpty()
    with os.fdopen(child, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with Keys() as keys:
            os.close(main)
            assert keys.read(0.05) == ""
            assert keys.read(0.05) == ""
