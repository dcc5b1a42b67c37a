"""The live view on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import time

import pytest

from analyzer.exporting import liveview
from analyzer.exporting.liveview import View
from analyzer.findings import Outcome
from tests.builders import live

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"


class Screen(io.StringIO):
    """A terminal of a size, and what was painted last."""

    encoding = "utf-8"

    def isatty(self):
        """It is one."""
        return True

    def last(self):
        """What stands on it: what was written since the cursor last went home."""
        return self.getvalue().rpartition("\x1b[H")[2]


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "30")
    return Screen()


@pytest.fixture
def view(screen):
    made = View(screen, "eth0")
    yield made
    made.close()


def test_the_terminal_comes_back(screen):
    """The screen before and the cursor are back after close, once."""
    view = View(screen, "eth0")
    view.update(live.picture())
    assert ENTER in screen.getvalue()
    assert HIDDEN in screen.getvalue()
    view.close()
    view.close()
    assert screen.getvalue().count(LEAVE) == 1
    assert screen.getvalue().rindex(SHOWN) > screen.getvalue().rindex(HIDDEN)


def test_who_sends_the_capture_may_ask_first(screen):
    """The terminal is taken over with the first frame: until then it is ssh that asks for a password there."""
    view = View(screen, "-", keyless=True, later=True)
    view.update(live.empty())
    view.key("")
    assert screen.getvalue() == ""
    view.update(live.picture(interface="-"))
    view.close()
    assert "standard input" in screen.getvalue()
    assert "Ctrl-C" in screen.last()
    assert "pause" not in screen.last()


def test_the_screen_is_painted_on_a_picture_and_on_a_key_only(screen, view):
    """Nothing is written in between, and no painting clears the screen, which would flicker."""
    view.update(live.picture())
    before = screen.getvalue()
    assert view.key("")
    assert screen.getvalue() == before
    view.key("tab")
    assert len(screen.getvalue()) > len(before)
    assert "\x1b[2J" not in screen.getvalue()[len(before) :]


def test_quit_is_the_only_key_that_ends(view):
    """Every other one goes on, before the first picture too."""
    pressed = [" ", "p", "s", "f", "enter", "esc", "?", "h", "up", "down", "pgup", "pgdn", "home", "end", "j", "k"]
    for picture in (None, live.empty(), live.picture(), live.many()):
        if picture is not None:
            view.update(picture)
        for key in [*pressed, "tab", "left", "right", "backtab", "x", "é", "", *pressed * 2]:
            assert view.key(key)
        assert not view.key("q")


def test_a_pause_holds_the_picture(screen, view):
    """Until it ends, when the newest is shown."""
    view.update(live.picture(60))
    view.key(" ")
    view.update(live.picture(75))
    assert "10:01:00 UTC" in screen.last()
    assert "PAUSED" in screen.last()
    view.key("p")
    assert "10:01:15 UTC" in screen.last()
    assert "PAUSED" not in screen.last()


def test_keys_sort_and_move(screen, view):
    """Of the panel that is looked at."""
    view.update(live.many())
    view.key("s")
    assert "by section" in screen.last()
    view.key("tab")
    view.key("s")
    assert "worst first" in screen.last()
    view.key("right")
    view.key("s")
    assert "by name" in screen.last()
    view.key("end")
    assert "-31 of 31" in screen.last()


def test_findings_open_and_close(screen, view):
    """Enter opens the marked one, f the newest; escape goes back."""
    view.update(live.many())
    view.key("tab")
    view.key("down")
    view.key("enter")
    assert "FINDING 2 OF 30" in screen.last()
    view.key("right")
    assert "FINDING 3 OF 30" in screen.last()
    view.key("esc")
    assert "REQUIREMENTS" in screen.last()
    view.key("f")
    assert "FINDING 1 OF 30" in screen.last()
    view.key("f")
    assert "REQUIREMENTS" in screen.last()


def test_a_rule_that_turns_is_marked_until_it_is_old(screen, view):
    """From the second judging on; also when it turned during a pause."""
    view.update(live.picture(60))
    assert "▸" not in screen.last()
    view.key(" ")
    view.update(live.picture(61, result=live.judged(mm_domain_4=Outcome.HOLDS)))
    view.key(" ")
    assert "not observed until 0 s ago" in screen.last()
    view.update(live.picture(200, result=live.judged(mm_domain_4=Outcome.HOLDS)))
    assert "▸" not in screen.last()


def test_nothing_hostile_reaches_the_terminal(screen, view):
    """Escape sequences of a capture are spelled out; what is written are the view's own."""
    view.update(live.hostile())
    for key in ("tab", "enter", "esc", "?"):
        view.key(key)
    for part in ("\x1b]0;", "\x1b[2J", "\x07", "\u202e", "\u2066", "\x9b"):
        assert part not in screen.getvalue()


def test_a_terminal_without_unicode_gets_signs_that_it_has(screen):
    """One for one, so that columns stay."""
    screen.encoding = "ascii"
    view = View(screen, "eth0")
    view.update(live.many())
    view.close()
    assert screen.getvalue().isascii()
    assert "X fails" in screen.getvalue()
    assert "####" in screen.getvalue()


def test_only_a_terminal_with_a_cursor_fits(screen, monkeypatch):
    """No pipe, no dumb terminal."""
    assert liveview.fits(screen)
    assert not liveview.fits(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not liveview.fits(screen)


SCRIPT = """
    import sys, time
    from analyzer.exporting.keys import Keys
    from analyzer.exporting.liveview import View
    from tests.builders import live
    view = View(sys.stdout, "eth0")
    keys = Keys().__enter__()
    view.update(live.picture())
    print(file=sys.stderr)
    {ends}
"""


@pytest.mark.parametrize("ends", ["1 / 0", "sys.exit(3)", "time.sleep(60)", "pass"])
def test_the_terminal_comes_back_however_it_ends(ends, root):
    """By an exception, an exit, an interrupt, or the end of the program: modes and screen are as before."""
    main, child = pty.openpty()
    before = termios.tcgetattr(child)
    script = textwrap.dedent(SCRIPT).format(ends=ends)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=child, stdout=child, stderr=subprocess.PIPE, cwd=root,
        env={**os.environ, "TERM": "xterm"},
    ) as run:  # fmt: skip
        assert run.stderr is not None
        run.stderr.readline()
        if "sleep" in ends:
            time.sleep(0.1)
            run.send_signal(signal.SIGINT)
        run.stderr.read()
    assert termios.tcgetattr(child) == before
    told = b""
    while select.select([main], [], [], 0)[0]:
        told += os.read(main, 65536)
    assert told.count(ENTER.encode()) == told.count(LEAVE.encode()) == 1
    os.close(main)
    os.close(child)


FOLLOW = """
    import sys
    from analyzer.exporting.keys import Keys
    from analyzer.exporting.liveview import View
    from tests.builders import live
    view = View(sys.stdout, "eth0")
    view.update(live.many())
    with Keys() as keys:
        while view.key(keys.read(0.02)):
            pass
    view.close()
"""


def sized(terminal, columns, lines):
    """Gives a terminal another size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def painted(main, part):
    """What a terminal shows until some part of it has come; fails where it does not come."""
    told = ""
    while part not in told and part not in STYLE.sub("", told):
        assert select.select([main], [], [], 20)[0], f"never painted: {part}"
        told += os.read(main, 65536).decode(errors="replace")
    return STYLE.sub("", told)


def test_the_screen_follows_the_size_and_keys_of_a_real_terminal(root):
    """Made smaller, it shows one panel, made wider, two columns; keys arrive as they are pressed."""
    main, child = pty.openpty()
    sized(child, 80, 24)
    script = textwrap.dedent(FOLLOW)
    without = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=child, stdout=child, stderr=child, cwd=root,
        env={**without, "TERM": "xterm", "NO_COLOR": "1"},
    ) as run, contextlib.ExitStack() as ends:  # fmt: skip
        ends.callback(run.kill)
        assert "FINDINGS" in painted(main, "q quit")
        sized(child, 40, 10)
        small = painted(main, "spc pause")
        assert "FINDINGS" not in small
        os.write(main, b"\t")
        painted(main, "FINDINGS")
        sized(child, 160, 50)
        wide = painted(main, "enter finding")
        assert any("REQUIREMENTS" in line and "FINDINGS" in line for line in wide.splitlines())
        os.write(main, b"\x1b[B\r")
        painted(main, "FINDING 2 OF 30")
        os.write(main, b"q")
        painted(main, LEAVE)
        assert run.wait(20) == 0
    os.close(main)
    os.close(child)
