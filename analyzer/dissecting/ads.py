"""Beckhoff ADS: AMS packets over TCP 48898 and UDP 48899 (Beckhoff Information System, TE1000: AMS/TCP, AMS header)."""

from __future__ import annotations

import struct

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "ads"
# Reserved 0 and length; then target and source (net id of six octets and port each), command, state, length of data.
PACKET = struct.Struct("<HI6sH6sHHHI")
HEADER = 32  # AMS header with error code and invoke id
COMMANDS = range(10)
STATES = frozenset({0x04, 0x05, 0x44, 0x45})  # ADS command, with the answer's bit; 0x40: by UDP
DISCOVERY = b"\x03\x66\x14\x71\x00\x00\x00\x00"
DISCOVERY_COMMANDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9})
DISCOVERY_HEAD = 24  # magic, zero, command (3 octets of number, one of the answer's bit), net id, port, number of tags


def dissect(talk: Conversation) -> Dissected | None:
    """Service ads by packets whose two lengths agree, or by a search for routers and its answer."""
    certainty = agree(talk, is_packet if talk.proto == TCP else is_discovery, alone=PAYLOAD)
    return Dissected(SERVICE, PAYLOAD) if certainty else None


def is_packet(octets: bytes) -> bool:
    """Whether a stream opens with an AMS/TCP packet: command, state and both lengths as they must be."""
    if octets[:2] != b"\0\0" or len(octets) < PACKET.size:
        return False
    _, length, _, _, _, _, command, state, data = PACKET.unpack_from(octets)
    after = octets[6 + length : 8 + length]
    return length == HEADER + data and command in COMMANDS and state in STATES and b"\0\0".startswith(after)


def is_discovery(octets: bytes) -> bool:
    """Whether a datagram opens like the search for routers that TwinCAT sends."""
    if not octets.startswith(DISCOVERY) or len(octets) < DISCOVERY_HEAD:
        return False
    return octets[8] in DISCOVERY_COMMANDS and octets[9:11] == b"\0\0" and octets[11] in {0x00, 0x80}
