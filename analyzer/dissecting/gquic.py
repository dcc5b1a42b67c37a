"""Google's QUIC before it took TLS: the client's hello (CHLO), which stands in clear up to Q046 and names the server.

Source: "QUIC Wire Layout Specification" and "QUIC Crypto" (2016), draft-hamilton-early-deployment-quic: public header,
STREAM frames, tag-value messages. Q044 to Q046 have the long header of the QUIC drafts of 2018 (invariants draft 03).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzer.conversations import Message
from analyzer.dissecting.dissected import printable
from analyzer.dissecting.quicframes import GOOGLE_SIZES, NO_ENTROPY_FROM, read_google_frames
from analyzer.dissecting.quicpackets import read_versions
from analyzer.dissecting.quicstream import GOOGLE_HELLO, GOOGLE_TAGS, CryptoStream

# Public flags with the version bit and a connection id of 8 octets; the id; the version.
PUBLIC = re.compile(rb"[\x09\x0d\x19\x1d\x29\x2d\x39\x3d].{8}Q0[2-4][0-9]", re.DOTALL)
LONG_HEADER = re.compile(rb"[\xc0-\xff]Q04[4-6]", re.DOTALL)
NEGOTIATION = re.compile(rb"[\x09\x0d].{8}(?:[QT]0[0-9][0-9]){1,64}", re.DOTALL)
HASH = 12  # octets in front of what is not encrypted
FEC_GROUP = 2  # private flag: one more octet follows
SIDE_FROM = 37
FNV_BASIS, FNV_PRIME, FNV_MASK = 0x6C62272E07BB014262B821756295C58D, (1 << 88) + 0x13B, (1 << 128) - 1
MAX_HASHED = 4  # packets of one flow; a CHLO takes one or two
MAX_PACKET = 1500  # octets; the specification's largest is 1,452
MAX_NAME = 255
MAX_AGENT = 256


class Opening(NamedTuple):
    """Where hash and frames of a clear packet begin; `number_octets` is the size of its packet number."""

    version: int
    hash_at: int
    at: int
    number_octets: int


class Hello(NamedTuple):
    """What a CHLO tells: the server's name (tag SNI) and the client's program (tag UAID), empty where it has none."""

    server_name: str
    user_agent: str


class Clear(NamedTuple):
    """What the first datagrams of a flow tell in clear.

    version     as on the wire, 0 where no packet shows one
    began       the version that the client began with
    offered     versions of a Version Negotiation
    packets     packets of the client that carry a part of its hello
    stream      its stream 1
    """

    version: int
    began: int
    offered: tuple[int, ...]
    packets: int
    stream: CryptoStream


def is_clear(octets: bytes) -> bool:
    """Whether a datagram opens with the header of a version up to Q046."""
    return PUBLIC.match(octets) is not None or LONG_HEADER.match(octets) is not None


def is_negotiation(octets: bytes) -> bool:
    """Whether a datagram is a server's Version Negotiation: a public header and nothing but versions."""
    return NEGOTIATION.fullmatch(octets) is not None


def read_opening(octets: bytes) -> Opening | None:
    """The header of a packet in clear; None where it is no such packet."""
    if PUBLIC.match(octets):
        size = GOOGLE_SIZES[octets[0] >> 4 & 3]
        version = int.from_bytes(octets[9:13], "big")
        hash_at = 13 + size
        at = hash_at + HASH
        if number_of(version) < NO_ENTROPY_FROM:
            flags = octets[at] if at < len(octets) else 0
            at += 2 if flags & FEC_GROUP else 1
        return Opening(version, hash_at, at, size)
    if LONG_HEADER.match(octets) and len(octets) > 6:
        ids = sum(length + 3 if length else 0 for length in (octets[5] >> 4, octets[5] & 15))
        size = (octets[0] & 3) + 1
        hash_at = 6 + ids + size
        return Opening(int.from_bytes(octets[1:5], "big"), hash_at, hash_at + HASH, size)
    return None


def is_client(octets: bytes, opening: Opening) -> bool:
    """Whether a packet is in clear and a client's, by its hash: FNV-1a of 128 bits over header and frames.

    From Q037 on the sender's side is hashed too; before, a server's packets pass as well.
    """
    total = FNV_BASIS
    side = b"Client" if number_of(opening.version) >= SIDE_FROM else b""
    for octet in octets[: opening.hash_at] + octets[opening.hash_at + HASH :] + side:
        total = ((total ^ octet) * FNV_PRIME) & FNV_MASK
    return total.to_bytes(16, "little")[:HASH] == octets[opening.hash_at : opening.hash_at + HASH]


def number_of(version: int) -> int:
    """43 for Q043."""
    return 10 * ((version >> 8 & 0xFF) - 0x30) + (version & 0xFF) - 0x30


class Part(NamedTuple):
    """A packet in clear, which carries (offset, octets) of stream 1; `turn` counts the datagrams from 0."""

    turn: int
    message: Message
    opening: Opening
    crypto: tuple[tuple[int, bytes], ...]


class _Reading:
    """The datagrams of a flow on their way to what they tell."""

    def __init__(self) -> None:
        self.stream = CryptoStream()
        self.version = self.began = self.packets = self.hashed = 0
        self.offered: tuple[int, ...] = ()
        self.from_orig = True
        self.early: list[Part] = []

    def take(self, turn: int, message: Message) -> None:
        """Read one datagram."""
        if is_negotiation(message.octets):
            self.offered = self.offered or read_versions(message.octets[9:])
            self.from_orig = self.from_orig if self.packets else not message.from_orig
            return
        opening = read_opening(message.octets)
        if opening is None:
            return
        payload = message.octets[opening.at :]
        frames = read_google_frames(payload, number_of(opening.version), opening.number_octets)
        part = Part(turn, message, opening, frames.crypto)
        if any(offset == 0 and octets[:4] == GOOGLE_HELLO for offset, octets in part.crypto):
            self._begin(part)
        elif part.crypto and self.packets:
            self._go_on(part)
        elif part.crypto:
            self.early.append(part)
        self.version = self.version or opening.version
        if message.from_orig == self.from_orig:
            self.began = self.began or opening.version

    def _begin(self, part: Part) -> None:
        """Take the packet that begins a hello, and those that had overtaken it."""
        if not self._is_whole(part):
            return
        if part.opening.version != self.version or not self.packets:
            self.stream, self.packets = CryptoStream(), 0  # the client begins, or begins anew
            self.version, self.from_orig = part.opening.version, part.message.from_orig
        self._add(part)
        early, self.early = self.early, []
        for one in early:
            self._go_on(one)

    def _go_on(self, part: Part) -> None:
        """Take a packet of the client that goes on with its hello."""
        known = part.message.from_orig == self.from_orig and part.opening.version == self.version
        if known and self._is_whole(part):
            self._add(part)

    def _is_whole(self, part: Part) -> bool:
        """Whether the hash is right; it costs much, so that few packets are looked at."""
        if self.hashed == MAX_HASHED or len(part.message.octets) > MAX_PACKET:
            return False
        self.hashed += 1
        return is_client(part.message.octets, part.opening)

    def _add(self, part: Part) -> None:
        self.packets += 1
        for offset, octets in part.crypto:
            self.stream.add(offset, octets, part.turn)


def read_clear(messages: tuple[Message, ...]) -> Clear:
    """What datagrams in clear tell; the side whose packets carry a CHLO is the client."""
    reading = _Reading()
    for turn, message in enumerate(messages):
        reading.take(turn, message)
    return Clear(reading.version, reading.began, reading.offered, reading.packets, reading.stream)


def read_hello(octets: bytes) -> Hello:
    """The tags of a CHLO, as far as its octets are there."""
    tags = int.from_bytes(octets[4:6], "little")
    if octets[:4] != GOOGLE_HELLO or tags > GOOGLE_TAGS:
        return Hello("", "")
    values = 8 + 8 * tags
    known: dict[bytes, bytes] = {}
    begin = values
    for at in range(8, values, 8):
        end = values + int.from_bytes(octets[at + 4 : at + 8], "little")
        if begin <= end <= len(octets):
            known.setdefault(octets[at : at + 4], octets[begin:end])
        begin = end
    return Hello(_host(known.get(b"SNI\0", b"")), printable(known.get(b"UAID", b""), MAX_AGENT))


def _host(octets: bytes) -> str:
    """A host name in lower case without a final dot; empty where these octets are none."""
    name = octets.removesuffix(b".")
    fits = 0 < len(name) <= MAX_NAME and all(0x20 < octet < 0x7F for octet in name)
    return name.decode("ascii").lower() if fits else ""
