"""Pictures of a live capture become a screen that stays in place, and keys move about in it."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from analyzer.exporting import livechanges, livepanels, livescreen
from analyzer.exporting.livepanels import Turned
from analyzer.exporting.livescreen import FINDINGS, PANELS, Looking
from analyzer.findings import Outcome
from analyzer.watching.picture import Picture

SIGNS = str.maketrans(
    {
        "✓": "+",
        "✗": "X",
        "·": "-",
        "…": "~",
        "▸": ">",
        "▌": "|",
        "─": "-",
        "█": "#",
        "░": ".",
        "↑": "^",
        "↓": "v",
        "←": "<",
        "→": ">",
        "“": '"',
        "”": '"',
        "↔": "-",
        **dict(zip("▁▂▃▄▅▆▇", "._-:=+*", strict=True)),
    }
)
"""What the screen's own signs become, one for one, where the terminal's encoding lacks them."""

PAGE = 10
END = 1_000_000
MOVES = {"up": -1, "down": 1, "pgup": -PAGE, "pgdn": PAGE, "home": -END, "end": END, "k": -1, "j": 1}
ASIDE = {"tab": 1, "right": 1, "backtab": -1, "left": -1}


def fits(file: TextIO) -> bool:
    """Whether a stream is a terminal on which a cursor can be moved."""
    console = Console(file=file)
    return console.is_terminal and not console.is_dumb_terminal


class View:
    """A screen of its own on a terminal, until it is closed or the program ends; OSError where it cannot be written."""

    def __init__(self, file: TextIO, interface: str, *, keyless: bool = False, later: bool = False) -> None:
        """Takes over the terminal; the screen before comes back in the end.

        keyless  no keys can be pressed
        later    not before the first frame: who sends them, as ssh, may have to ask for a password before
        """
        self._console = Console(file=file, highlight=False, markup=False, emoji=False, legacy_windows=False)
        self._encoding = getattr(file, "encoding", None) or "utf-8"
        self._interface = interface
        self._looking = Looking(keyless=keyless)
        self._shown: Picture | None = None
        self._newest: Picture | None = None
        self._size = self._console.size
        self._live = Live(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._drawn,
        )
        atexit.register(self.close)
        if not later:
            self._live.start(refresh=True)

    def update(self, picture: Picture) -> None:
        """Shows a picture; while it pauses, keeps it for later."""
        self._turn(picture)
        self._newest = picture
        if not self._looking.paused:
            self._shown = picture
            self._looking.rates.append(picture.bps)
        if picture.since_ns:
            self._live.start()
        self._paint()

    def key(self, char: str) -> bool:
        """What a key does, named as `keys.Keys` names it; "" follows the terminal's size. False: the end is wanted."""
        if char in ("q", "Q"):
            return False
        if not char:
            if self._console.size != self._size:
                self._paint()
            return True
        self._pressed(char)
        self._paint()
        return True

    def close(self) -> None:
        """Gives the terminal back; once more does nothing."""
        atexit.unregister(self.close)
        self._live.stop()

    def _pressed(self, char: str) -> None:
        looking, page = self._looking, self._looking.page
        does: dict[str, Callable[[], None]] = {
            " ": self._pause,
            "p": self._pause,
            "s": lambda: looking.swapped.symmetric_difference_update({looking.panel} if not page else ()),
            "f": lambda: self._open("" if page == FINDINGS else FINDINGS, newest=True),
            "enter": lambda: self._open("" if page else FINDINGS, newest=looking.panel != FINDINGS),
            "esc": lambda: self._open(""),
            "?": lambda: self._open("" if page == "help" else "help"),
            "h": lambda: self._open("" if page == "help" else "help"),
        }
        if char in does:
            does[char]()
        elif char in MOVES:
            self._move(MOVES[char])
        elif char in ASIDE:
            self._aside(ASIDE[char])

    def _pause(self) -> None:
        self._looking.paused = not self._looking.paused
        self._shown = self._newest

    def _open(self, page: str, *, newest: bool = False) -> None:
        """Opens a page, or goes back to the panels."""
        if page == FINDINGS and (self._shown is None or not self._shown.findings):
            return
        if page == FINDINGS and newest and self._shown is not None:
            self._looking.mark = livechanges.key(self._shown.findings[0])
        self._looking.page = page
        self._looking.tops.pop(f"{page} page", None)

    def _move(self, by: int) -> None:
        looking = self._looking
        if looking.panel == FINDINGS and not looking.page:
            if self._shown is not None:
                looking.move(self._shown, by)
            return
        place = f"{looking.page} page" if looking.page else looking.panel
        looking.tops[place] = max(looking.tops.get(place, 0) + by, 0)

    def _aside(self, by: int) -> None:
        """The next panel; on the page of a finding, the next finding."""
        looking = self._looking
        if looking.page == FINDINGS and self._shown is not None:
            looking.move(self._shown, by)
            looking.tops.pop(f"{FINDINGS} page", None)
        elif not looking.page:
            looking.panel = PANELS[(PANELS.index(looking.panel) + by) % len(PANELS)]

    def _turn(self, picture: Picture) -> None:
        """Remembers when a rule turned; the first judging is no turn."""
        if self._newest is None or self._newest.result is None:
            return
        for turn in livechanges.turns(self._newest, picture):
            was = Turned(picture.now_ns, turn.before or Outcome.NOT_OBSERVED)
            self._looking.turned[turn.rule.pack, turn.rule.rule] = was

    def _paint(self) -> None:
        self._size = self._console.size
        if self._live.is_started:
            self._live.refresh()

    def _drawn(self) -> RenderableType:
        width, height = self._size
        if self._shown is None:
            told = livepanels.source(self._interface).plain.encode("ascii", "backslashreplace").decode()
            return Text(f"{told}: nothing to show yet")
        lines = livescreen.screen(self._shown, self._looking, width, height)
        for line in lines:
            line.no_wrap, line.overflow = True, "crop"
            if not self._encoding.lower().startswith("utf"):
                told = line.plain.translate(SIGNS)
                line.plain = told.encode(self._encoding, "replace").decode(self._encoding)
        return Group(*lines)
