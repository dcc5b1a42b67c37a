"""ONC RPC, and NFS, the port mapper and VXI-11 by program (RFC 5531 sections 9 to 11, IANA RPC numbers)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "oncrpc"
# Port mapper, NFS, its mounts, locks, status and quotas; test instruments (VXI-11).
PROGRAMS = {
    100000: "portmap",
    100003: "nfs",
    100005: "nfs",
    100011: "nfs",
    100021: "nfs",
    100024: "nfs",
    395183: "vxi-11",
}
LAST = 0x80  # upper bit of a record mark: the fragment is the record's last
CALL, REPLY = 0, 1
KINDS = frozenset({b"\0\0\0\0", b"\0\0\0\1"})
FLAVORS = frozenset({0, 1, 2, 3, 6})  # none, system, short, Diffie-Hellman, GSS
MAX_PROGRAM = 0x60000000  # above: reserved
MAX_CREDENTIALS = 400


def dissect(talk: Conversation) -> Dissected | None:
    """The service of the program that is called: payload by a call, oncrpc in part by replies alone."""
    mark = 4 if talk.proto == TCP else 0
    if not mark and talk.messages and talk.messages[0].octets[4:8] not in KINDS:
        return None
    calls = [octets for octets in _opening(talk) if _program(octets, mark)]
    if not agree(talk, lambda octets: _program(octets, mark), lambda octets: _is_reply(octets, mark)):
        return None
    if not calls:
        return Dissected(SERVICE, PARTIAL) if mark else None
    return Dissected(PROGRAMS.get(_program(calls[0], mark), SERVICE), PAYLOAD)


def _opening(talk: Conversation) -> tuple[bytes, ...]:
    if talk.proto == TCP:
        return talk.orig.octets, talk.resp.octets
    return tuple(message.octets for message in talk.messages[:4])


def _program(octets: bytes, mark: int) -> int:
    """The program that a call is for, 0 where it is none: RPC version 2, a low program, version and procedure."""
    if len(octets) < mark + 40 or (mark and octets[0] != LAST):
        return 0
    kind, version, program, of_program, procedure, flavor, credentials = (
        int.from_bytes(octets[at : at + 4], "big") for at in range(mark + 4, mark + 32, 4)
    )
    if (kind, version) != (CALL, 2) or flavor not in FLAVORS or credentials > MAX_CREDENTIALS:
        return 0
    return program if program < MAX_PROGRAM and 0 < of_program < 64 and procedure < 256 else 0


def _is_reply(octets: bytes, mark: int) -> bool:
    if len(octets) < mark + 20 or (mark and octets[0] != LAST):
        return False
    kind, state, flavor = (int.from_bytes(octets[at : at + 4], "big") for at in range(mark + 4, mark + 16, 4))
    return kind == REPLY and (state == 1 or (state == 0 and flavor in FLAVORS))
