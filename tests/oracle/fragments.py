"""Fragments that wait for the rest of their datagram, in plain Python (RFC 791 section 3.2, RFC 8200 section 4.5)."""

from __future__ import annotations

from typing import NamedTuple

from tests.oracle.pieces import Piece

PLACES = 64
MOST = 65535
PATIENCE_NS = 60 * 1_000_000_000
"""RFC 8200 section 4.5: what is not whole 60 s after the first fragment that came is given up."""


class Fragment(NamedTuple):
    """Where a piece belongs in its datagram, in octets."""

    ident: int
    offset: int
    more: bool


class Datagram:
    """What was seen of one datagram."""

    def __init__(self, ts_ns):
        self.ts_ns = ts_ns
        self.packet = self.proto = None
        self.frames = self.frame_octets = self.ip_octets = 0
        self.first = None
        self.end = None
        self.kept = MOST
        self.octets = {}
        self.claimed = set()

    def add(self, packet, fragment, piece):
        """Add a fragment; of octets that come twice, the first ones stay."""
        self.packet = packet
        self.frames += packet.frames
        self.frame_octets += packet.frame_octets
        self.ip_octets += packet.ip_octets
        if fragment.offset == 0 and self.first is None:
            self.first, self.proto = piece, packet.proto
        if not piece.whole:
            self.kept = min(self.kept, fragment.offset + len(piece.octets))
        if fragment.more:  # offsets count units of 8 octets: nothing can be joined to the rest of one
            piece = piece.first(piece.wire // 8 * 8)
        elif self.end is None:
            self.end = fragment.offset + piece.wire
        for place, octet in enumerate(piece.octets, fragment.offset):
            if place not in self.claimed:
                self.octets[place] = octet
        self.claimed.update(range(fragment.offset, fragment.offset + piece.wire))

    def beginning(self):
        """What is known of as much as the first fragment had, None where that was not seen."""
        if self.first is None:
            return None
        octets = bytes(self.octets.get(place, octet) for place, octet in enumerate(self.first.octets[: self.kept]))
        return Piece(octets, self.first.wire)

    def whole(self):
        """The datagram's payload, as far as it was captured; None while something is missing."""
        if self.end is None or not self.claimed.issuperset(range(self.end)):
            return None
        return Piece(bytes(self.octets[place] for place in range(min(self.end, self.kept))), self.end)


class Waiting:
    """All datagrams that are not whole yet."""

    def __init__(self):
        self.datagrams = {}
        self.seen = 0

    def add(self, packet, fragment, piece):
        """(datagram, its payload or None, the datagram that had to go or None)."""
        key = (packet.src, packet.dst, fragment.ident, packet.proto if packet.version == 4 else None)
        gone = None
        if key in self.datagrams and packet.ts_ns - self.datagrams[key].ts_ns > PATIENCE_NS:
            gone = self.datagrams.pop(key)
        if key not in self.datagrams:
            if len(self.datagrams) == PLACES:
                gone = self.datagrams.pop(next(iter(self.datagrams)))
            self.datagrams[key] = Datagram(packet.ts_ns)
        datagram = self.datagrams[key]
        datagram.add(packet, fragment, piece)
        whole = datagram.whole()
        if whole is not None:
            del self.datagrams[key]
        return datagram, whole, gone

    def rest(self):
        """All that still wait, in the order in which they were begun."""
        left, self.datagrams = list(self.datagrams.values()), {}
        return left
