"""Certificates that nobody vouches for become ones with other names; their keys, dates and shape stay.

Source: RFC 5280 sections 4.1 and 4.2.1.6, X.690 section 8.1, RFC 5246 section 7.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.extracting.disguise import Disguise
from analyzer.judging.interceptors import product_of
from analyzer.judging.vouching import load, read_leaf

OCTET_STRING, OBJECT, WIDE, SEQUENCE = 0x04, 0x06, 0x1E, 0x30
TEXTS = frozenset({0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x81, 0x86})
NAME, ADDRESS = 0x82, 0x87
PLAIN = frozenset({0x01, 0x02, 0x03, OCTET_STRING, 0x05, OBJECT, 0x0A, 0x17, 0x18, WIDE, SEQUENCE, 0x31, *TEXTS})
"""What an extension's value may begin with."""

AUTHORITY_KEY = b"\x55\x1d\x23"
"""An extension that holds a serial number under the tag of a name."""

IDS = frozenset({b"\x55\x1d\x0e", AUTHORITY_KEY, bytes.fromhex("2b06010401d679020402")})
"""Extensions that hold what is no DER: ids of keys, and what public logs signed (RFC 6962 section 3.3)."""

DEEPEST = 24

Value = Callable[[int, bytes], bytes]
"""What stands for a value under a tag."""


def masked(octets: bytes, disguise: Disguise) -> bytes:
    """The certificates of a message, its length included; what does not fit into it is zeroed.

    An issuer's name by which a product is known stays.
    """
    made = octets[:3]
    while len(made) + 3 <= len(octets):
        at = len(made)
        begin = at + 3
        der = octets[begin : begin + int.from_bytes(octets[at:begin], "big")]
        if load(der) is None:
            break
        made += octets[at:begin] + _certificate(der, disguise)
    return made + bytes(len(octets) - len(made))


def _certificate(der: bytes, disguise: Disguise) -> bytes:
    """A certificate with other names, but for those in its issuer's that it takes to know a product."""
    product, kept = _product(der), _texts(der)
    for text in kept:
        if _product(_renamed(der, disguise, kept - {text})) == product:
            kept -= {text}
    return _renamed(der, disguise, kept)


def _renamed(der: bytes, disguise: Disguise, kept: frozenset[bytes]) -> bytes:
    """A certificate with other names, but for texts that are kept."""
    made = bytearray(der)
    _walk(made, (0, len(made)), lambda tag, held: held if held in kept else _value(tag, held, disguise))
    return bytes(made)


def _product(der: bytes) -> str:
    """The product whose issuer a certificate names."""
    leaf = read_leaf(("", "", (), 0, 0, der))
    return product_of(leaf) if leaf else ""


def _texts(der: bytes) -> frozenset[bytes]:
    """The texts of a certificate's issuer."""
    leaf = read_leaf(("", "", (), 0, 0, der))
    return frozenset(text.encode("utf-8", "replace") for _, text in leaf.fields) if leaf else frozenset()


def _walk(made: bytearray, span: tuple[int, int], value: Value, deep: int = 0, about: bytes = b"") -> None:
    """Other texts in all that DER holds between two places; an octet string that holds no DER is zeroed.

    about  the object identifier of the extension that it is in
    """
    for tag, begin, end in _elements(made, *span) if deep < DEEPEST else ():
        held = bytes(made[begin:end])
        if tag == OBJECT:
            about = held
        if tag & 0x20 or (tag == OCTET_STRING and _is_der(held)):
            _walk(made, (begin, end), value, deep + 1, about)
        elif tag == OCTET_STRING:
            made[begin:end] = held if about in IDS else bytes(len(held))
        elif tag != NAME or about != AUTHORITY_KEY:
            made[begin:end] = value(tag, held)


def _elements(octets: bytes | bytearray, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, begin and end of each element, as far as they fit."""
    while at + 2 <= end:
        tag, begin, length = octets[at], at + 2, octets[at + 1]
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(octets[at + 2 : begin], "big")
        at = begin + length
        if at > end:
            return
        yield tag, begin, at


def _is_der(held: bytes) -> bool:
    """Whether an octet string holds an element, as extensions do, and nothing that is none."""
    found = list(_elements(held, 0, len(held)))
    return len(found) == 1 and found[0][0] in PLAIN and _fills(held, 0, len(held))


def _fills(octets: bytes, at: int, end: int, deep: int = 0) -> bool:
    """Whether elements, and those in them, fill a span."""
    last = at
    for tag, begin, after in _elements(octets, at, end):
        if tag & 0x20 and (deep >= DEEPEST or not _fills(octets, begin, after, deep + 1)):
            return False
        last = after
    return last == end


def _value(tag: int, held: bytes, disguise: Disguise) -> bytes:
    """What stands for a value."""
    if tag == NAME:
        return disguise.name(held)
    if tag in TEXTS:
        return disguise.name(held) if b"." in held and b" " not in held and b"/" not in held else disguise.words(held)
    if tag == WIDE:
        return b"\0x" * (len(held) // 2) + bytes(len(held) % 2)
    return disguise.address(held) if tag == ADDRESS and len(held) in (4, 16) else held
