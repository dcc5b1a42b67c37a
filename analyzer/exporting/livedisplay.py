"""How a live capture is shown: a screen on a terminal, lines elsewhere, objects for programs, or not at all."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from analyzer.exporting.keys import Keys
from analyzer.exporting.livelines import Lines, json_lines
from analyzer.exporting.liveview import View, fits
from analyzer.watching.picture import Picture

KEY_S = 0.1
"""How long a key is waited for before the screen is looked at again."""

STATUS_S = 10.0
"""Objects come with each judging, and at the latest after so long."""


class Display:
    """What shows pictures, and waits meanwhile; `last` shows one when the screen is given back."""

    def __init__(
        self,
        update: Callable[[Picture], None],
        wait: Callable[[float], bool],
        last: Callable[[Picture], None] | None = None,
    ) -> None:
        self.update, self.wait, self.last = update, wait, last or update


@contextmanager
def display(kind: str, interface: str, stopped: Callable[[float], bool], *, taken: bool) -> Iterator[Display]:
    """A display of a kind: auto (a screen where standard output is a terminal, else lines), json, or none.

    stopped  waits for so many seconds, and tells whether the capture is to end
    taken    standard input carries the capture, so that there are no keys
    """

    def wait(seconds: float) -> bool:
        return not stopped(seconds)

    if kind == "none":
        yield Display(_nothing, wait)
    elif kind == "json":
        yield Display(_Objects(sys.stdout).update, wait)
    elif not fits(sys.stdout):
        yield Display(Lines(sys.stdout).update, wait)
    else:
        pressed = Keys(taken=taken)
        view = View(sys.stdout, interface, keyless=not pressed.there, later=taken)
        try:
            with pressed as keys:
                yield Display(view.update, lambda seconds: keyed(view, keys, stopped, seconds), _nothing)
        finally:
            view.close()


def _nothing(_: Picture) -> None:
    """Shows nothing."""


def keyed(view: View, keys: Keys, stopped: Callable[[float], bool], seconds: float) -> bool:
    """Act on keys for so long; False where the end is wanted."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if stopped(0) or not view.key(keys.read(min(left, KEY_S))):
            return False
    return True


class _Objects:
    """A JSON object a line."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._before: Picture | None = None
        self._told_s = 0.0

    def update(self, picture: Picture) -> None:
        """Writes what changed since the judging before."""
        same = self._before is not None and self._before.result is picture.result
        if same and time.monotonic() - self._told_s < STATUS_S:
            return
        self._told_s = time.monotonic()
        self._file.write("".join(f"{line}\n" for line in json_lines(picture, self._before)))
        self._file.flush()
        self._before = picture
