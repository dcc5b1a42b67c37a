"""Any text becomes a name or a remark as a device takes it: of its letters, as short as it asks, unlike others."""

from __future__ import annotations

import hashlib
import re

from analyzer.printable import printable

DIGITS = 12
"""Hexadecimal digits of the digest that tells names apart which had to be changed."""

LOUD = re.compile(r"[^A-Za-z0-9 .,:()/_+=*@-]")
"""What no remark needs, and some command line reads as more than text: quotes, `$`, `?`, `!`, `#`, `;`, lines."""


def named(text: str, limit: int, wrong: str = r"[^A-Za-z0-9_.-]", fill: str = "-") -> str:
    """The text as a name of at most `limit` letters, none of them one that `wrong` matches; it begins with a letter.

    A name that had to be changed ends with a digest of the text, so that two texts never become one name.
    """
    word = re.sub(wrong, fill, text)
    if not re.match(r"[A-Za-z]", word):
        word = f"x{word}"
    if word == text and len(word) <= limit:
        return word
    return f"{word[: limit - DIGITS - 1]}{fill}{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


def remark(text: str, limit: int) -> str:
    """The text on one line, without a letter that a device's command line gives a meaning, cut to `limit`."""
    return LOUD.sub("_", printable(text))[:limit].strip()
