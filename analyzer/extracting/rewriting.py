"""A frame becomes one of the same length with other addresses, and a payload that somebody else decides on.

What is not read here stands for nothing: it is zeroed. Checksums change as their packets do (RFC 1624), so that a right
one is right, a wrong one wrong, and one that was left to the card still is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from analyzer.extracting.disguise import Disguise

ETHERNET, SLL, SLL2 = 1, 113, 276
RAW = {101: 0, 12: 0, 14: 0, 228: 4, 229: 6}
LOOPBACK = (0, 108)
IP4, IP6, ARP, PPPOE, TAGS, MPLS = 0x0800, 0x86DD, 0x0806, 0x8864, (0x8100, 0x88A8, 0x9100), (0x8847, 0x8848)
ICMP, IGMP, INNER4, TCP, UDP, INNER6, GRE, ICMP6 = 1, 2, 4, 6, 17, 41, 47, 58
EXTENSIONS = (0, 43, 60)
FRAGMENT = 44
TEB = 0x6558
ERSPAN2, ERSPAN3 = 0x88BE, 0x22EB
VXLAN, GENEVE = 4789, 6081
VXLAN_FLAGS = (0x08, 0x0C, 0x88, 0x8C)
"""That there is a network's number; with a group's policy and the inner protocol, or without."""

OPTIONS = (2, 3, 4, 5, 8)
"""Of TCP: its segments' size, window scale, selective acknowledgements and timestamps."""

MOST_LAYERS = 16
SPAN = 0xFFFF


class Carried(NamedTuple):
    """A TCP segment or a datagram: its ends as packets have them, and what it carries of which stream."""

    proto: int
    src: bytes
    sport: int
    dst: bytes
    dport: int
    seq: int
    syn: bool
    octets: bytes


Payload = Callable[[Carried], bytes]
"""What is to stand for a payload, of the same length."""


def _sum(octets: bytes) -> int:
    """The one's complement sum (RFC 1071)."""
    return int.from_bytes(octets + bytes(len(octets) % 2), "big") % SPAN


class Rewriter:
    """Rewrites frames, one at a time."""

    def __init__(self, disguise: Disguise, payload: Payload) -> None:
        self._disguise = disguise
        self._payload = payload
        self._old = b""
        self._new = bytearray()
        self._left = 0

    def frame(self, link_type: int, octets: bytes) -> bytes:
        """The frame in disguise; empty where its link type is not known, since then nothing can be told apart."""
        self._old, self._new, self._left = octets, bytearray(len(octets)), MOST_LAYERS
        end = len(octets)
        if link_type == ETHERNET:
            self._ethernet(0, end)
        elif link_type in RAW:
            self._ip(0, end)
        elif link_type in LOOPBACK:
            self._keep(0, 4)
            self._ip(4, end)
        elif link_type == SLL:
            self._keep(0, 6)
            self._link_address(6, self._word(4))
            self._keep(14, 16)
            self._typed(self._word(14), 16, end)
        elif link_type == SLL2:
            self._keep(0, 12)
            self._link_address(12, octets[11] if end > 11 else 0)
            self._typed(self._word(0), 20, end)
        else:
            return b""
        return bytes(self._new)

    def _keep(self, at: int, end: int) -> None:
        self._new[at : min(end, len(self._old))] = self._old[at:end]

    def _word(self, at: int) -> int:
        return int.from_bytes(self._old[at : at + 2], "big")

    def _mac(self, at: int) -> None:
        if len(self._old) >= at + 6:
            self._new[at : at + 6] = self._disguise.mac(self._old[at : at + 6])

    def _address(self, at: int, octets: int) -> None:
        if len(self._old) >= at + octets:
            self._new[at : at + octets] = self._disguise.address(self._old[at : at + octets])

    def _link_address(self, at: int, octets: int) -> None:
        """A sender's address by its length: a MAC, that of a tunnel over IPv4, or else none."""
        if octets == 6:
            self._mac(at)
        elif octets == 4:
            self._address(at, 4)

    def _ethernet(self, at: int, end: int) -> None:
        if end - at < 14:
            return
        self._mac(at)
        self._mac(at + 6)
        self._keep(at + 12, at + 14)
        self._typed(self._word(at + 12), at + 14, end)

    def _typed(self, kind: int, at: int, end: int) -> None:
        """What follows an EtherType."""
        self._left -= 1
        if self._left < 0 or at >= end:
            return
        if kind in TAGS:
            self._keep(at, min(at + 4, end))
            self._typed(self._word(at + 2), at + 4, end)
        elif kind in (IP4, IP6):
            self._ip(at, end)
        elif kind == TEB:
            self._ethernet(at, end)
        elif kind == ARP:
            self._arp(at, end)
        elif kind == PPPOE:
            self._keep(at, min(at + 8, end))
            self._ip(at + 8, end if self._word(at + 6) in (0x21, 0x57) else 0)
        elif kind in MPLS:
            self._labelled(at, end)

    def _labelled(self, at: int, end: int) -> None:
        """Labels down to the last one (RFC 3032), and IP behind it."""
        for _ in range(min(MOST_LAYERS, (end - at) // 4)):
            self._keep(at, at + 4)
            at += 4
            if self._old[at - 2] & 1:
                self._ip(at, end)
                return

    def _arp(self, at: int, end: int) -> None:
        if end - at < 28 or self._old[at : at + 6] != b"\x00\x01\x08\x00\x06\x04":
            return
        self._keep(at, at + 8)
        for place in (8, 18):
            self._mac(at + place)
            self._address(at + place + 6, 4)

    def _ip(self, at: int, end: int) -> None:
        self._left -= 1
        if self._left < 0 or at >= end:
            return
        version = self._old[at] >> 4
        if version == 4 and end - at >= 20:
            self._four(at, end)
        elif version == 6 and end - at >= 40:
            self._six(at, end)

    def _four(self, at: int, end: int) -> None:
        head = (self._old[at] & 15) * 4
        if head < 20 or end - at < head:
            return
        self._keep(at, at + 20)
        self._address(at + 12, 4)
        self._address(at + 16, 4)
        self._new[at + 20 : at + head] = b"\x01" * (head - 20)  # options may hold addresses: NOP (RFC 791)
        total = self._word(at + 2)
        end = min(end, at + max(total, head)) if total else end
        fragment = self._word(at + 6) & 0x3FFF
        if not fragment & 0x1FFF:
            self._carried(self._old[at + 9], at + head, end, (at + 12, 4), whole=not fragment)
        self._summed(at + 10, at, at + head)

    def _six(self, at: int, end: int) -> None:
        self._keep(at, at + 8)
        self._address(at + 8, 16)
        self._address(at + 24, 16)
        length = self._word(at + 4)
        end = min(end, at + 40 + length) if length else end
        proto, here, whole = self._old[at + 6], at + 40, True
        while proto in (*EXTENSIONS, FRAGMENT) and end - here >= 8:
            if proto == FRAGMENT:
                self._keep(here, here + 8)
                if self._word(here + 2) & 0xFFF8:
                    return
                whole = whole and not self._word(here + 2) & 1
                octets = 8
            else:
                octets = (self._old[here + 1] + 1) * 8
                self._keep(here, here + 2)
                if proto != 43:
                    self._padding(here + 2, min(here + octets, end))
            proto, here = self._old[here], here + octets
        self._carried(proto, here, end, (at + 8, 16), whole=whole)

    def _padding(self, at: int, end: int) -> None:
        """Options of IPv6 as padding (RFC 8200 section 4.2), but for the alert of routers."""
        if self._old[at : at + 4] == b"\x05\x02\x00\x00":
            self._keep(at, at + 4)
            at += 4
        if 2 <= end - at <= 257:
            self._new[at : at + 2] = bytes([1, end - at - 2])

    def _carried(self, proto: int, at: int, end: int, ends: tuple[int, int], *, whole: bool) -> None:
        """What an IP packet carries; `ends` is where its addresses are, and of how many octets."""
        if at >= end:
            return
        if proto in (TCP, UDP):
            self._transport(proto, at, end, ends, whole=whole)
        elif proto in (INNER4, INNER6):
            self._ip(at, end)
        elif proto == GRE:
            self._gre(at, end)
        elif proto == ICMP:
            self._icmp(at, end)
        elif proto == ICMP6:
            self._icmp6(at, end, ends)
        elif proto == IGMP and end - at >= 8:
            self._keep(at, at + 4)
            self._address(at + 4, 4)
            self._summed(at + 2, at, end)

    def _gre(self, at: int, end: int) -> None:
        """RFC 2784 and RFC 2890; another version, or source routes, are not kept."""
        if end - at < 4 or self._word(at) & 0x4FFF:
            return
        head = 4 + 4 * (self._old[at] >> 7) + 4 * (self._old[at] >> 5 & 1) + 4 * (self._old[at] >> 4 & 1)
        self._keep(at, min(at + head, end))
        kind = self._word(at + 2)
        if kind in (ERSPAN2, ERSPAN3):
            numbered = self._old[at] >> 4 & 1
            octets = (
                0 if not numbered else 8 if kind == ERSPAN2 else 12 + 8 * (self._old[min(at + head + 11, end - 1)] & 1)
            )
            self._keep(at + head, min(at + head + octets, end))
            self._ethernet(at + head + octets, end)
        else:
            self._typed(kind, at + head, end)

    def _transport(self, proto: int, at: int, end: int, ends: tuple[int, int], *, whole: bool) -> None:
        old, least = self._old, 20 if proto == TCP else 8
        if end - at < least:  # a quote of so many octets
            self._keep(at, min(at + 8, end))
            self._summed_with(at + 16 if proto == TCP else at + 6, at, end, ends, proto)
            return
        head = max((old[at + 12] >> 4) * 4, 20) if proto == TCP else 8
        head = min(head, end - at)
        self._keep(at, at + least)
        self._options(at + least, at + head)
        place, octets = ends
        src, dst = old[place : place + octets], old[place + octets : place + 2 * octets]
        body = at + head
        if proto == UDP and whole and (inner := self._tunnelled(self._word(at + 2), body, end)):
            self._typed(*inner, end)
        elif whole:
            seq = int.from_bytes(old[at + 4 : at + 8], "big") if proto == TCP else 0
            syn = proto == TCP and bool(old[at + 13] & 2)
            self._new[body:end] = self._payload(
                Carried(proto, src, self._word(at), dst, self._word(at + 2), seq, syn, old[body:end])
            )
        self._summed_with(at + 16 if proto == TCP else at + 6, at, end, ends, proto)

    def _tunnelled(self, port: int, at: int, end: int) -> tuple[int, int] | None:
        """The EtherType of what a datagram to a port carries in a tunnel, and where it is (RFC 7348, RFC 8926)."""
        if end - at <= 22:
            return None
        kind = TEB if port == VXLAN and self._old[at] in VXLAN_FLAGS else self._word(at + 2) if port == GENEVE else 0
        if kind not in (TEB, IP4, IP6) or (port == GENEVE and self._old[at] & 0xC0):
            return None
        self._keep(at, at + 8)
        return kind, at + 8 + ((self._old[at] & 0x3F) * 4 if port == GENEVE else 0)

    def _options(self, at: int, end: int) -> None:
        """Options of TCP that sizes and times are told by; others may hold addresses and keys: NOP (RFC 9293)."""
        self._new[at:end] = b"\x01" * (end - at)
        while at < end and self._old[at]:
            octets = 1 if self._old[at] == 1 else self._old[at + 1] if at + 1 < end else 0
            if not octets or at + octets > end:
                return
            if self._old[at] in OPTIONS:
                self._keep(at, at + octets)
            at += octets
        self._new[at:end] = bytes(end - at)

    def _icmp(self, at: int, end: int) -> None:
        self._keep(at, min(at + 8, end))
        if end - at < 8:
            return
        if self._old[at] in (3, 4, 5, 11, 12):
            if self._old[at] == 5:
                self._address(at + 4, 4)
            self._quoted(at + 8, end)
        self._summed(at + 2, at, end)

    def _quoted(self, at: int, end: int) -> None:
        """The packet that an error is about: its headers only."""
        payload, self._payload = self._payload, lambda carried: bytes(len(carried.octets))
        self._ip(at, end)
        self._payload = payload

    def _icmp6(self, at: int, end: int, ends: tuple[int, int]) -> None:
        kind = self._old[at]
        self._keep(at, min(at + 8, end))
        if kind in (1, 2, 3, 4):
            self._quoted(at + 8, end)
        elif kind in (130, 131, 132):
            self._address(at + 8, 16)
        elif kind in (133, 134, 135, 136, 137):
            held = {133: 0, 134: 8, 135: 16, 136: 16, 137: 32}[kind]
            if kind == 134:
                self._keep(at + 8, min(at + 16, end))
            for place in range(0, held - 15, 16):
                self._address(at + 8 + place, 16)
            self._told(at + 8 + held, end)
        self._summed_with(at + 2, at, end, ends, ICMP6)

    def _told(self, at: int, end: int) -> None:
        """Options of neighbour discovery (RFC 4861 section 4.6): link addresses are others, the rest is not kept."""
        while end - at >= 8 and (octets := self._old[at + 1] * 8):
            self._keep(at, at + 2)
            if self._old[at] in (1, 2):
                self._mac(at + 2)
            at += octets

    def _summed(self, place: int, at: int, end: int) -> None:
        """A checksum over so many octets."""
        self._summed_over(place, (self._old[at:end], bytes(self._new[at:end])), 0)

    def _summed_with(self, place: int, at: int, end: int, ends: tuple[int, int], proto: int) -> None:
        """A checksum over the addresses as well (RFC 9293 section 3.1, RFC 768, RFC 8200 section 8.1)."""
        held = slice(ends[0], ends[0] + 2 * ends[1])
        old, new = self._old[held], bytes(self._new[held])
        partial = (_sum(old) + proto + end - at) % SPAN
        if place + 2 > end or (proto == UDP and not self._word(place)):
            return
        if self._word(place) % SPAN == partial != 0:
            self._new[place : place + 2] = ((_sum(new) + proto + end - at) % SPAN).to_bytes(2, "big")
            return
        self._summed_over(place, (self._old[at:end], bytes(self._new[at:end])), _sum(old) - _sum(new), proto == UDP)

    def _summed_over(self, place: int, changed: tuple[bytes, bytes], more: int, never_zero: bool = False) -> None:
        if place + 2 > len(self._old):
            return
        made = (self._word(place) + _sum(changed[0]) - _sum(changed[1]) + more) % SPAN
        if self._word(place) == SPAN and not made:
            made = SPAN
        self._new[place : place + 2] = (made or (SPAN if never_zero else 0)).to_bytes(2, "big")
