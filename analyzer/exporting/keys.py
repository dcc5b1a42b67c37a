"""Keys that are pressed become their names, one at a time, without waiting for a line to end."""

from __future__ import annotations

import atexit
import codecs
import contextlib
import os
import select
import sys
import termios
import time
import tty
from types import TracebackType
from typing import Any, Self

ESC = "\x1b"
ESCAPE_S = 0.05
"""What follows an escape character within so long is part of a key's sequence; a lone one is the key itself."""

NAMES = {
    "\r": "enter", "\n": "enter", "\t": "tab", ESC: "esc", "\x7f": "backspace",
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
    "[5~": "pgup", "[6~": "pgdn", "[H": "home", "[F": "end", "[1~": "home", "[4~": "end", "OH": "home", "OF": "end",
    "[Z": "backtab",
}  # fmt: skip
"""Of ECMA-48 and xterm's control sequences."""


class Keys:
    """Keys from a terminal while in use as a context; none where standard input is none, or carries the capture.

    The terminal is as it was when the context ends, or the program.
    """

    def __init__(self, *, taken: bool = False) -> None:
        """`taken`: standard input carries the capture."""
        self._number = -1 if taken else _terminal()
        self._before: list[Any] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")

    @property
    def there(self) -> bool:
        """Whether there is a terminal that keys come from."""
        return self._number >= 0

    def __enter__(self) -> Self:
        if self._number >= 0:
            try:
                self._before = termios.tcgetattr(self._number)
            except termios.error:
                self._number = -1
                return self
            atexit.register(self.close)
            tty.setcbreak(self._number, termios.TCSADRAIN)
            mode = termios.tcgetattr(self._number)
            mode[6][termios.VSUSP] = os.fpathconf(self._number, "PC_VDISABLE").to_bytes()
            termios.tcsetattr(self._number, termios.TCSADRAIN, mode)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the terminal back its mode; once more does nothing."""
        atexit.unregister(self.close)
        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(termios.error):  # the terminal hung up
                termios.tcsetattr(self._number, termios.TCSADRAIN, before)

    def read(self, timeout_s: float) -> str:
        """A key: its character, or a name (up, down, left, right, pgup, pgdn, home, end, tab, backtab, enter, esc).

        Empty where none was pressed in so many seconds, or one that has no name.
        """
        if self._before is None:
            time.sleep(timeout_s)
            return ""
        first = self._next(timeout_s)
        if first != ESC:
            return NAMES.get(first, first if first.isprintable() else "")
        rest = ""
        while more := self._next(ESCAPE_S):
            rest += more
            if len(rest) > 1 and (more.isalpha() or more == "~"):
                break
        return NAMES.get(rest or ESC, "")

    def _next(self, timeout_s: float) -> str:
        """One character; empty where none comes in time."""
        until = time.monotonic() + timeout_s
        while select.select([self._number], [], [], max(until - time.monotonic(), 0))[0]:
            octet = os.read(self._number, 1)
            if not octet:
                self.close()
                return ""
            if character := self._decoder.decode(octet):
                return character
        return ""


def _terminal() -> int:
    """Standard input, where it is a terminal; -1 else."""
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        return -1
    return sys.stdin.fileno()
