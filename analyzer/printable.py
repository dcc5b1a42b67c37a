"""Any text becomes text that a terminal only shows: what would move, hide, recolour or reorder it is spelled out."""

from __future__ import annotations

MAX_CHARACTERS = 2_000
"""Longer text is cut: nothing that a person reads in one go is longer."""


def printable(text: str, *, whole: bool = False) -> str:
    r"""The text on one line, with visible escapes (\x1b, \u202e) in place of all that does not print.

    Control characters (ECMA-48), bidirectional controls (UAX #9), invisible format characters, line separators, spaces
    other than the common one, unassigned and private characters: what `str.isprintable` calls so. ASCII that prints
    stays as it is. Long text is cut, unless it is wanted whole.
    """
    if len(text) > MAX_CHARACTERS and not whole:
        text = text[:MAX_CHARACTERS] + "…"
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
