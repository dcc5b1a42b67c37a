"""Omron FINS over TCP and UDP (Omron W421, sections 5-3 and 7-4: FINS frames and FINS/TCP headers)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree, firsts

SERVICE = "fins"
PORT = 9600
MAX_LENGTH = 4096  # octets behind the length of a FINS/TCP header: a frame of 2,012 and its header at most
TCP_COMMANDS = range(7)
COMMAND = 12  # octets up to and with the command code
ANSWER = 14  # ... and the end code
# Section 5-1: memory areas, parameters, programs, run state, controllers, clock, messages, access, errors, files.
COMMANDS = {
    1: range(1, 6), 2: range(1, 4), 3: range(4, 9), 4: range(1, 4), 5: range(1, 3), 6: range(0x20, 0x22),
    7: range(1, 3), 9: range(0x20, 0x21), 0xC: range(1, 4), 0x21: range(1, 4), 0x22: range(1, 0x21), 0x23: range(1, 3),
    0x26: range(1, 2), 0x28: range(1, 2),
}  # fmt: skip


def dissect(talk: Conversation) -> Dissected | None:
    """Service fins: over TCP by its header; over UDP by an answer to a command, partial on its port by one alone."""
    if talk.proto == TCP:
        certainty = agree(talk, is_framed, alone=PAYLOAD)
        return Dissected(SERVICE, PAYLOAD) if certainty else None
    if not agree(talk, is_command, is_answer):
        return None
    orig, resp = firsts(talk)
    if orig and resp and _answers(*((orig[0], resp[0]) if is_command(orig[0]) else (resp[0], orig[0]))):
        return Dissected(SERVICE, PAYLOAD)
    return Dissected(SERVICE, PARTIAL) if PORT in {talk.orig_p, talk.resp_p} else None


def is_framed(octets: bytes) -> bool:
    """Whether a stream opens with a FINS/TCP header."""
    if not octets.startswith(b"FINS") or len(octets) < 16:
        return False
    length, command = (int.from_bytes(octets[at : at + 4], "big") for at in (4, 8))
    return 8 <= length <= MAX_LENGTH and command in TCP_COMMANDS and octets[12:15] == b"\0\0\0"


def is_command(octets: bytes) -> bool:
    """Whether a datagram is a command frame."""
    return len(octets) >= COMMAND and octets[0] in {0x80, 0x81} and _has_frame(octets)


def is_answer(octets: bytes) -> bool:
    """Whether a datagram is a response frame."""
    return len(octets) >= ANSWER and octets[0] in {0xC0, 0xC1} and _has_frame(octets)


def _has_frame(octets: bytes) -> bool:
    """Reserved zero, few gateways, network addresses to 127, a known command."""
    fits = octets[1] == 0 and octets[2] <= 7 and octets[3] < 0x80 and octets[6] < 0x80
    return fits and octets[11] in COMMANDS.get(octets[10], ())


def _answers(command: bytes, answer: bytes) -> bool:
    """Whether a response has the addresses of the command the other way round, its id and its code."""
    swapped = command[6:9] + command[3:6] + command[9:12]
    return answer[3:12] == swapped or (answer[9:12] == command[9:12] and answer[3:6] == command[6:9])
