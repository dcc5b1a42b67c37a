"""OpenVPN by its first control packets, over TCP and UDP (OpenVPN wire protocol, draft openvpn-rfc sections 3 to 6)."""

from __future__ import annotations

import itertools

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, UDP, Dissected

SERVICE = "openvpn"
MAX_PACKETS = 16
MAX_PACKET = 16384  # jumbo frames fit; text read as a length does not

# Opcode in the upper five bits, key id in the lower three.
CLIENT_RESETS = frozenset({0x38, 0x50})  # P_CONTROL_HARD_RESET_CLIENT_V2 and _V3 (tls-crypt-v2), key id 0
SERVER_RESET = 0x40  # P_CONTROL_HARD_RESET_SERVER_V2, key id 0
OPCODES = frozenset({3, 4, 5, 6, 7, 8, 9, 10, 11})
DATA_V1, DATA_V2 = 6, 9

SESSION = 8  # octets of a session id
PLAIN = 1 + SESSION  # opcode and session id: what always stands in clear
HMACS = (16, 20, 28, 32, 48, 64)  # tls-auth: MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
CRYPT_TAG = 32  # tls-crypt: HMAC-SHA-256
REPLAY = 8  # packet id (4) and time (4)
WRAPPED_KEY = (290, 1024 + 290)  # tls-crypt-v2: least and most octets of the key that follows a V3 reset
EARLY_NEGOTIATION = frozenset({0, 0x0F00, 0x0A01})  # upper half of a packet id: 2.6 and its betas ask early with it
OLDEST = 1_000_000_000  # s since 1970: OpenVPN is younger than 2001
EARLY_FLAGS = 6  # octets of the type-length-value that a server may add to its reset


def dissect(talk: Conversation) -> Dissected | None:
    """Service openvpn: payload by a hard reset of either side, partial by data packets that count on."""
    if talk.proto == TCP:
        orig, resp = read_packets(talk.orig.octets), read_packets(talk.resp.octets)
        foreign = bool(talk.orig.octets and not orig) or bool(talk.resp.octets and not resp)
    elif talk.proto == UDP:
        first = talk.messages[:MAX_PACKETS]
        orig = [message.octets for message in first if message.from_orig and message.octets]
        resp = [message.octets for message in first if not message.from_orig and message.octets]
        foreign = False
    else:
        return None
    known = [packet[0] >> 3 in OPCODES for packet in (*orig, *resp)]
    if not known or not all(known):
        return None
    if (orig and _opens(orig[0], resp)) or (resp and _opens(resp[0], orig)):
        return Dissected(SERVICE, PARTIAL if foreign else PAYLOAD)
    counted = not foreign and (_counts_on(orig) or _counts_on(resp))
    return Dissected(SERVICE, PARTIAL) if counted else None


def _opens(packet: bytes, others: list[bytes]) -> bool:
    """Whether a packet is a client's reset that the other side does not send too; alone, any reset."""
    if others:
        return packet[0] in CLIENT_RESETS and others[0][0] not in CLIENT_RESETS and is_reset(packet)
    return is_reset(packet)


def read_packets(octets: bytes) -> list[bytes]:
    """The packets of a TCP stream, each behind its length (2, big-endian); none where one is no OpenVPN packet."""
    packets: list[bytes] = []
    at = 0
    while len(octets) - at > 2 and len(packets) < MAX_PACKETS:
        length = int.from_bytes(octets[at : at + 2], "big")
        if not PLAIN <= length <= MAX_PACKET or octets[at + 2] >> 3 not in OPCODES:
            return []
        packets.append(octets[at + 2 : at + 2 + length])
        at += 2 + length
    return packets


def is_reset(packet: bytes) -> bool:
    """Whether a packet is a hard reset, in clear, under tls-auth, tls-crypt or tls-crypt-v2.

    What is behind the session id depends on the key that the site uses, so the length decides, and the fields that
    stand in clear must hold what a first packet holds.
    """
    if packet[0] in CLIENT_RESETS:
        acks: tuple[int, ...] = (0,)
    elif packet[0] == SERVER_RESET:
        acks = (1, 0)
    else:
        return False
    if packet.count(0, 1, PLAIN) >= 3:
        return False  # a session id is random; the header of a DNS message is not
    return any(_fits(packet, 5 + acked * (4 + SESSION), acked) for acked in acks)


def _fits(packet: bytes, tail: int, acked: int) -> bool:
    """Whether a reset whose count of acknowledgements, their ids and own id take `tail` octets has this form."""
    zeros = bytes([acked]) + b"\0\0\0\0"  # one acknowledged packet: id 0; none: the packet's own id 0
    length = len(packet)
    flags = EARLY_FLAGS if packet[0] == SERVER_RESET else 0
    if length in {PLAIN + tail, PLAIN + tail + flags} and packet[PLAIN : PLAIN + 5] == zeros:
        return True
    crypt = PLAIN + REPLAY + CRYPT_TAG + tail
    if length in {crypt, crypt + flags} and _is_first(packet, PLAIN):
        return True
    low, high = (crypt + size for size in WRAPPED_KEY)
    if packet[0] == 0x50 and low <= length <= high and _is_first(packet, PLAIN):
        return True
    for hmac in HMACS:
        at = PLAIN + hmac
        if length == at + REPLAY + tail and _is_first(packet, at):
            return packet[at + REPLAY : at + REPLAY + 5] == zeros
    return False


def _is_first(packet: bytes, at: int) -> bool:
    """Whether a replay packet id is one of the first of a session, and its time one that the protocol has seen."""
    number, time = int.from_bytes(packet[at : at + 4], "big"), int.from_bytes(packet[at + 4 : at + 8], "big")
    return number >> 16 in EARLY_NEGOTIATION and 0 < number & 0xFFFF <= 16 and time > OLDEST


def _counts_on(packets: list[bytes]) -> bool:
    """Whether three data packets of one peer follow each other with packet ids that count on (P_DATA_V2, AEAD)."""
    data = [packet for packet in packets if packet[0] >> 3 == DATA_V2 and len(packet) > 24]
    if len(data) < 3 or len({packet[:4] for packet in data}) != 1:
        return False
    ids = [int.from_bytes(packet[4:8], "big") for packet in data]
    return all(0 < after - before <= 16 for before, after in itertools.pairwise(ids))
