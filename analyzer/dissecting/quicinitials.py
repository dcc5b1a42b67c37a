"""The Initial packets of a flow are opened, and each attempt at a connection gets the two streams of its handshake.

An attempt is what the destination id of a client's first Initial, in one version, gives the keys for. A client that
goes on after a Retry or a Version Negotiation makes another; so does a server that answers in a version that the client
understands (RFC 9368 section 2.3: keys of the new version, of the same id). Source: RFC 9000 sections 7.2 and 12.2;
RFC 9001 section 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer.conversations import Message
from analyzer.dissecting.gquic import number_of
from analyzer.dissecting.quicframes import read_frames, read_google_frames
from analyzer.dissecting.quickeys import Keys, initial_keys, open_packet
from analyzer.dissecting.quicpackets import GOOGLE_WITH_KEYS, INITIAL, Packet
from analyzer.dissecting.quicstream import CryptoStream

MAX_ATTEMPTS = 4
MAX_KEYS = 8  # derived for one flow: each id is hostile input, and costs seven HMACs
MIN_FIRST_ID = 8  # octets (RFC 9000 section 7.2); after a Retry it is any number, and a token is there
MAX_TRIES = 96  # of a key on a packet, for one flow: what is opened with the wrong one costs as much
CLIENT, SERVER = 0, 1


class Received(NamedTuple):
    """A packet of a flow's datagrams; `turn` counts the datagrams from 0."""

    turn: int
    message: Message
    packet: Packet


@dataclass
class Attempt:
    """One attempt at a connection; streams, alerts (alert or -1, its turn) and largest packet numbers by side."""

    version: int
    first_id: bytes
    from_orig: bool
    keys: tuple[Keys, Keys]
    initials: int = 0
    streams: tuple[CryptoStream, CryptoStream] = field(default_factory=lambda: (CryptoStream(), CryptoStream()))
    alerts: list[tuple[int, int]] = field(default_factory=lambda: [(-1, 0), (-1, 0)])
    largest: list[int] = field(default_factory=lambda: [-1, -1])

    def open(self, received: Received) -> bool:
        """Take the frames of a packet; False where these are not its keys."""
        turn, message, packet = received
        side = CLIENT if message.from_orig == self.from_orig else SERVER
        opened = open_packet(self.keys[side], message.octets, packet, self.largest[side])
        if opened is None:
            return False
        number, payload = opened
        self.largest[side] = max(self.largest[side], number)
        self.initials += side == CLIENT
        google = packet.version in GOOGLE_WITH_KEYS
        frames = read_google_frames(payload, number_of(packet.version), 4) if google else read_frames(payload)
        for offset, octets in frames.crypto:
            self.streams[side].add(offset, octets, turn)
        if frames.alert >= 0 > self.alerts[side][0]:
            self.alerts[side] = frames.alert, turn
        return True


class Opener:
    """Opens packet after packet with the keys of the attempts so far, or with those of a new one."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self._keys: dict[tuple[int, bytes], tuple[Keys, Keys] | None] = {}
        self._tries = MAX_TRIES

    def open_all(self, packets: list[Received]) -> None:
        """Open what can be: first in the order of arrival, then the rest with the keys that were found by then."""
        initials = [one for one in packets if one.packet.kind == INITIAL]
        closed = [one for one in initials if not self._open_known(one) and not self._open_first(one)]
        for one in closed:
            if not self._open_known(one):
                self._open_other_version(one)

    def _open_known(self, one: Received) -> bool:
        return any(attempt.version == one.packet.version and self._try(attempt, one) for attempt in self.attempts)

    def _try(self, attempt: Attempt, one: Received) -> bool:
        self._tries -= 1
        return self._tries >= 0 and attempt.open(one)

    def _open_first(self, one: Received) -> bool:
        """Whether it is a client's first Initial, which its own destination id opens."""
        to = one.packet.to
        if len(to) < MIN_FIRST_ID and not one.packet.token:
            return False
        return self._begin(one, to, from_orig=one.message.from_orig)

    def _open_other_version(self, one: Received) -> bool:
        others = {(old.first_id, old.from_orig) for old in self.attempts if old.version != one.packet.version}
        return any(self._begin(one, first_id, from_orig=from_orig) for first_id, from_orig in sorted(others))

    def _begin(self, one: Received, first_id: bytes, *, from_orig: bool) -> bool:
        """Whether the packet opens with the keys of that id; an attempt begins with it then."""
        version = one.packet.version
        known = (version, first_id)
        if known not in self._keys:
            if len(self._keys) >= MAX_KEYS or len(self.attempts) >= MAX_ATTEMPTS:
                return False
            self._keys[known] = initial_keys(version, first_id)
        keys = self._keys[known]
        if keys is None or len(self.attempts) >= MAX_ATTEMPTS:
            return False
        attempt = Attempt(version, first_id, from_orig, keys)
        opened = self._try(attempt, one)
        if opened:
            self.attempts.append(attempt)
        return opened


def chosen(attempts: list[Attempt]) -> Attempt | None:
    """The attempt that went on: the first that a server answered, else the last with a whole hello, else the last."""
    answered = [one for one in attempts if one.streams[SERVER].known]
    whole = [one for one in attempts if one.streams[CLIENT].whole >= 0]
    return answered[0] if answered else next(reversed(whole or attempts), None)


def hello_of(attempt: Attempt, attempts: list[Attempt]) -> Attempt:
    """The attempt whose hello it is: its own, or one of the same id where the server went on in another version."""
    same = [one for one in attempts if one.first_id == attempt.first_id and one.from_orig == attempt.from_orig]
    whole = [one for one in (attempt, *same) if one.streams[CLIENT].whole >= 0]
    return whole[0] if whole else attempt
