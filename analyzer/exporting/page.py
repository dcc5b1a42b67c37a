"""Words become lines of a given width: hanging indents and columns, in colour or plain, never a control character."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from analyzer.printable import printable

PIPE_WIDTH = 100
NARROWEST, WIDEST = 40, 160
LEAST = 20
"""Columns that wrapped text needs; where fewer are left, it goes below its label, indented by INDENT."""

INDENT = 4

ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "X",
        "·": "-",
        "“": '"',
        "”": '"',
        "…": "...",
        "↔": "<>",
        **dict(zip("▁▂▃▄▅▆▇█", "._-:=+*#", strict=True)),
    }
)
"""What the page's own signs become where the stream cannot carry them."""


def words(text: str, style: str = "") -> Text:
    """Text from a capture, a pack or a site file, made harmless, in one style."""
    return Text(printable(text), style=style)


def one_line(quote: str) -> str:
    """A quote that may run over several lines of its document, as one."""
    return " ".join(quote.split())


def counted(number: int, word: str) -> str:
    """A number with its word, in the plural where that is due: 12 345 packets."""
    return f"{number:,}".replace(",", " ") + f" {word}{'' if number == 1 else 's'}"


def several(parts: Sequence[str], most: int) -> str:
    """Words with commas between them, and how many are left out."""
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def fitted(rows: Iterable[Sequence[Text]], most: Sequence[int] = ()) -> tuple[int, ...]:
    """The width of each column but the last: what its widest cell needs, at most what `most` grants (0: anything)."""
    columns = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)][:-1]
    limits = [*most, *[0] * len(columns)]
    return tuple(min(width, limit) if limit else width for width, limit in zip(columns, limits, strict=False))


class _Lines(Console):
    """A console that leaves it to the program what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Raises the BrokenPipeError that is being handled."""
        raise  # noqa: PLE0704 - called by rich within its except clause


class Page:
    """A stream with a width, written line by line."""

    def __init__(self, stream: TextIO) -> None:
        terminal = stream.isatty()
        told = os.environ.get("COLUMNS", "")
        width = int(told) if told.isascii() and told.isdigit() and len(told) < 5 else 0
        self._console = _Lines(
            file=stream,
            width=None if terminal and not width else width or PIPE_WIDTH,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        self.width = min(max(self._console.width, NARROWEST), WIDEST)
        encoding = getattr(stream, "encoding", None) or "utf-8"
        self._unicode = encoding.lower().startswith("utf")

    def blank(self) -> None:
        """An empty line."""
        self._console.file.write("\n")

    def heading(self, title: str, said: str = "") -> None:
        """A heading with an empty line before it."""
        self.blank()
        self.hang(Text(title.upper(), "bold"), words(said, "dim"), at=len(title) + 2)

    def line(self, text: Text, indent: int = 0) -> None:
        """Text from `indent` on, wrapped."""
        self.hang(Text(""), text, at=indent)

    def hang(self, label: Text, body: Text, *, at: int, indent: int = 0) -> None:
        """A label at `indent` and a body wrapped at `at`; where the label is too long, the body goes below it."""
        first = Text(" " * indent).append_text(label)
        below = first.cell_len > at > 0 or self.width - at < LEAST
        at = min(at, indent + INDENT) if self.width - at < LEAST else at
        lines = self._wrapped(body, self.width - at)
        if below and label.plain:
            for part in self._wrapped(label, self.width - indent):
                self._put(Text(" " * indent).append_text(part))
        elif lines:
            self._put(first.append(" " * (at - first.cell_len)).append_text(lines.pop(0)))
        else:
            self._put(first)
        for part in lines:
            self._put(Text(" " * at).append_text(part))

    def rows(self, rows: Sequence[Sequence[Text]], widths: Sequence[int] = (), *, indent: int = 2) -> None:
        """Rows in columns two apart; the last is wrapped, the others are cut at their widths with an ellipsis."""
        wide = widths or fitted(rows)
        for row in rows:
            label = Text("")
            for cell, width in zip(row[:-1], wide, strict=False):
                shown = cell.copy()
                shown.truncate(width, overflow="ellipsis", pad=True)
                label.append_text(shown).append("  ")
            self.hang(label, row[-1], at=indent + label.cell_len, indent=indent)

    def sheet(self, title: Text, told: Iterable[tuple[str, str]], *, at: int = 14) -> None:
        """A title, and below it texts that are not empty, each with its label."""
        self.line(title)
        for label, text in told:
            if text:
                self.hang(Text(label, "dim"), words(text), at=at, indent=2)

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        if not text.plain:
            return []
        if text.cell_len <= width:
            return [text.copy()]
        return list(text.wrap(self._console, width, overflow="fold"))

    def _put(self, line: Text) -> None:
        line.rstrip()
        if not self._unicode:
            line.plain = line.plain.translate(ASCII) if cell_len(line.plain) else ""
        if self._console.color_system is None:
            self._console.file.write(line.plain + "\n")
        else:
            self._console.print(line, soft_wrap=True)
