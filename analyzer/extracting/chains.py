"""Certificates that nobody vouches for become ones with other names; their keys, dates and shape stay.

Source: RFC 5280 sections 4.1 and 4.2.1.6, X.690 section 8.1, RFC 5246 section 7.4.2.
"""

from __future__ import annotations

from analyzer.extracting.disguise import Disguise
from analyzer.judging.interceptors import product_of
from analyzer.judging.vouching import load, read_leaf

OCTET_STRING, WIDE, SEQUENCE = 0x04, 0x1E, 0x30
TEXTS = frozenset({0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x81, 0x86})
NAME, ADDRESS = 0x82, 0x87
DEEPEST = 24


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
    _walk(made, (0, len(made)), disguise, kept)
    return bytes(made)


def _product(der: bytes) -> str:
    """The product whose issuer a certificate names."""
    leaf = read_leaf(("", "", (), 0, 0, der))
    return product_of(leaf) if leaf else ""


def _texts(der: bytes) -> frozenset[bytes]:
    """The texts of a certificate's issuer."""
    leaf = read_leaf(("", "", (), 0, 0, der))
    return frozenset(text.encode("utf-8", "replace") for _, text in leaf.fields) if leaf else frozenset()


def _walk(made: bytearray, span: tuple[int, int], disguise: Disguise, kept: frozenset[bytes], deep: int = 0) -> None:
    """Other texts in all that DER holds between two places; what is not DER stays."""
    at, end = span
    while deep < DEEPEST and at + 2 <= end:
        tag, begin, length = made[at], at + 2, made[at + 1]
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(made[at + 2 : begin], "big")
        at = begin + length
        if at > end:
            return
        held = bytes(made[begin:at])
        if tag & 0x20 or (tag == OCTET_STRING and _is_whole(held)):
            _walk(made, (begin, at), disguise, kept, deep + 1)
        elif held not in kept:
            made[begin:at] = _value(tag, held, disguise)


def _is_whole(held: bytes) -> bool:
    """Whether an octet string holds a sequence or a text, as extensions do."""
    if len(held) < 2 or held[0] not in (SEQUENCE, WIDE, *TEXTS):
        return False
    more = held[1] & 0x7F if held[1] & 0x80 else 0
    return 2 + more + (int.from_bytes(held[2 : 2 + more], "big") if more else held[1]) == len(held)


def _value(tag: int, held: bytes, disguise: Disguise) -> bytes:
    """What stands for a value."""
    if tag == NAME and held.isascii():
        return disguise.name(held)
    if tag in TEXTS:
        return disguise.name(held) if b"." in held and b" " not in held and b"/" not in held else disguise.words(held)
    if tag == WIDE:
        return b"\0x" * (len(held) // 2) + bytes(len(held) % 2)
    return disguise.address(held) if tag == ADDRESS and len(held) in (4, 16) else held
