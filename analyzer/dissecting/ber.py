"""Tags and lengths of the Basic Encoding Rules, as far as protocols here need them (X.690, 8.1.2 and 8.1.3)."""

from __future__ import annotations

from typing import NamedTuple

MAX_LENGTH_OCTETS = 4


class Element(NamedTuple):
    """A tag of one octet, and where its contents begin and, by their length, end (perhaps past what is there)."""

    tag: int
    begin: int
    end: int


def read(octets: bytes, at: int = 0) -> Element | None:
    """The element at an offset; None where its head is cut, or in the forms of several tags or no length."""
    if len(octets) - at < 2 or octets[at] & 0x1F == 0x1F:
        return None
    length = octets[at + 1]
    if length < 0x80:
        return Element(octets[at], at + 2, at + 2 + length)
    count = length & 0x7F
    if not 0 < count <= MAX_LENGTH_OCTETS or len(octets) - at < 2 + count:
        return None
    begin = at + 2 + count
    return Element(octets[at], begin, begin + int.from_bytes(octets[at + 2 : begin], "big"))


def children(octets: bytes, begin: int, end: int, limit: int = 16) -> list[Element]:
    """The elements that fill a stretch of octets, `limit` at most; none where one of them leaves it."""
    found: list[Element] = []
    at = begin
    while at < end and len(found) < limit:
        element = read(octets, at)
        if element is None or element.end > end:
            return []
        found.append(element)
        at = element.end
    return found
