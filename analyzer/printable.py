"""Any text becomes text that a terminal only shows: what would move, hide, recolour or reorder it is spelled out."""

from __future__ import annotations

import re

MAX_CHARACTERS = 2_000
"""Longer text is cut: nothing that a person reads in one go is longer."""

INVISIBLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks of which nothing is seen (Default_Ignorable_Code_Point, UAX #44); `str.isprintable` passes them."""


def printable(text: str, *, whole: bool = False) -> str:
    r"""The text on one line, with visible escapes (\x1b, \u202e) in place of all that does not print.

    Control characters (ECMA-48), bidirectional controls (UAX #9), invisible format characters, line separators, spaces
    other than the common one, unassigned and private characters: what `str.isprintable` calls so; and INVISIBLE. ASCII
    that prints stays as it is. Long text is cut, unless it is wanted whole.
    """
    if len(text) > MAX_CHARACTERS and not whole:
        text = text[:MAX_CHARACTERS] + "…"
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escape(character) for character in text)
    return text if text.isascii() else INVISIBLE.sub(lambda found: _escape(found.group()), text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
