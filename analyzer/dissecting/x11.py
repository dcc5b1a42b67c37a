"""X11 by the setup of a connection (X Window System Protocol, release 7.7, section 8), and XDMCP (X.Org, XDMCP 1.1)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, UDP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "x11"
LOGIN = "xdmcp"
ORDERS = {0x6C: "little", 0x42: "big"}  # "l", "B"
SETUP = 12
LOGIN_PORT = 177
OPCODES = range(1, 14)


def dissect(talk: Conversation) -> Dissected | None:
    """Service x11: payload by a setup and its answer, partial by one alone; xdmcp by its own length on its port."""
    if talk.proto == UDP:
        on_port = LOGIN_PORT in {talk.orig_p, talk.resp_p}
        return Dissected(LOGIN, PAYLOAD) if on_port and agree(talk, is_login) else None
    if agree(talk, is_setup, is_answer) == PAYLOAD:
        return Dissected(SERVICE, PAYLOAD)
    alone = not talk.resp.octets or not talk.orig.octets
    return Dissected(SERVICE, PARTIAL) if alone and is_setup(talk.orig.octets or talk.resp.octets) else None


def is_setup(octets: bytes) -> bool:
    """Whether a stream opens with protocol version 11 and the name of an authorization; the data is not kept."""
    if len(octets) < SETUP or octets[0] not in ORDERS or octets[1]:
        return False
    order = ORDERS[octets[0]]
    major, minor, name, data, unused = (_number(octets[at : at + 2], order) for at in range(2, SETUP, 2))
    padded = SETUP + name + -name % 4 + data + -data % 4
    return (
        (major, minor, unused) == (11, 0, 0)
        and max(name, data) < 256
        and octets[10:12] == b"\0\0"
        and (len(octets) >= padded)
    )


def is_answer(octets: bytes) -> bool:
    """Whether a stream opens with the answer to a setup: failed, accepted, or more authentication wanted."""
    return len(octets) >= 8 and octets[0] <= 2 and (octets[2:6] in {b"\x0b\0\0\0", b"\0\x0b\0\0"} or octets[0] == 2)


def is_login(octets: bytes) -> bool:
    """Whether a datagram is an XDMCP packet to its last octet."""
    length = _number(octets[4:6], "big")
    return octets[:2] == b"\0\1" and _number(octets[2:4], "big") in OPCODES and len(octets) == 6 + length


def _number(octets: bytes, order: str) -> int:
    return int.from_bytes(octets, "little" if order == "little" else "big")
