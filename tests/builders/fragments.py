"""A packet in fragments: in order or not, overlapping, twice, with holes."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from hypothesis import strategies as st

from tests.builders import frames as fr


class Datagram(NamedTuple):
    """What is to be cut: the payload of IP between two addresses."""

    src: str
    dst: str
    proto: int
    body: bytes
    ident: int = 7

    def fragment(self, low, high, *, more=None, body=None):
        """The IP packet with octets `low` to `high` of the body; without `more` it is the last one where it ends."""
        octets = (self.body if body is None else body)[low:high]
        more = high < len(self.body) if more is None else more
        if ":" in self.src:
            return fr.ipv6(self.src, self.dst, self.proto, octets, fragment=(self.ident, low, more))
        return fr.ipv4(self.src, self.dst, self.proto, octets, ident=self.ident, offset=low, more=more)

    def cut(self, *places):
        """All fragments in order, cut at these multiples of 8 octets."""
        return [self.fragment(low, high) for low, high in pairwise((0, *places, len(self.body)))]


def udp(payload, *, six=False, ident=7, ports=(40000, 9)):
    """A datagram to be cut."""
    hosts = ("fd00::1", "fd00::2") if six else ("10.0.0.1", "10.0.0.2")
    return Datagram(*hosts, fr.UDP, fr.udp(*ports, payload), ident)


@st.composite
def pieces(draw):
    """(datagram, fragments in any order): every octet is in exactly one of them."""
    one = udp(draw(st.binary(min_size=20, max_size=200)), six=draw(st.booleans()))
    last = (len(one.body) - 1) // 8
    places = sorted(draw(st.sets(st.integers(1, last), min_size=1, max_size=6)))
    return one, draw(st.permutations(one.cut(*(8 * place for place in places))))


EXTENSIONS = {60: bytes([fr.UDP, 0]) + b"\0" * 6, 51: bytes([fr.UDP, 1]) + b"\0" * 10}
"""Destination options and AH, before UDP."""


@st.composite
def heaps(draw, protocols=(fr.UDP, fr.UDP, fr.TCP, 47)):
    """Fragments of several datagrams in one heap: some missing, some twice, some that overlap or lie."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        one = udp(draw(st.binary(min_size=20, max_size=120)), six=draw(st.booleans()), ident=draw(st.integers(1, 2)))
        proto = draw(st.sampled_from(protocols))
        one = one._replace(proto=proto, body=EXTENSIONS.get(proto, b"") + one.body)
        length = len(one.body)
        lie = one.body[:12] + bytes([number]) * (length - 12)
        for _ in range(draw(st.integers(1, 5))):
            low = 8 * draw(st.integers(0, length // 8))
            high = min(low + draw(st.sampled_from((8, 16, 24, 13, 200))), length)
            body = draw(st.sampled_from((one.body, lie)))
            more = draw(st.sampled_from((None, None, None, True, False)))
            made.append(one.fragment(low, high, more=more, body=body))
    return draw(st.permutations(made))
