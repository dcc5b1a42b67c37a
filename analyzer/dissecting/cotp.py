"""ISO transport over TCP and what it carries: S7comm, S7comm-plus and MMS (RFC 1006, ITU-T X.224, ISO 9506).

Sources: RFC 1006 section 6 (TPKT), X.224 section 13 (CR, CC, DT); S7comm as Wireshark's packet-s7comm.c documents it
(protocol id 0x32, ROSCTR, reference, lengths); S7comm-plus as packet-s7comm_plus.c does (0x72, version, length); MMS
lies on session (X.225) and presentation (X.226): CONNECT with the abstract syntax 1.0.9506.2.1, or data under it.
"""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "iso-tsap"
S7COMM, S7COMM_PLUS, MMS = "s7comm", "s7comm-plus", "mms"
HEADER = 4  # version 3, reserved 0, big-endian length of the whole packet
MAX_PACKETS = 8
CONNECT, CONFIRM, DATA = 0xE0, 0xD0, 0xF0
TSAPS = frozenset({0xC1, 0xC2})  # parameters of CR and CC: calling and called transport selector

S7_HEADERS = {1: 10, 2: 12, 3: 12, 7: 10}  # octets of a header by ROSCTR: job, ack, ack with data, user data
MMS_SYNTAX = bytes.fromhex("28ca220201")  # 1.0.9506.2.1: mms-abstract-syntax-version1
GIVE_TOKENS = b"\x01\x00\x01\x00"  # session SPDUs in front of data (X.225 section 8.3.6)
LONGEST_DATA_HEAD = 64


def dissect(talk: Conversation) -> Dissected | None:
    """The carried protocol by payload; iso-tsap by payload, of two directions, or in part where it is not known."""
    orig, resp = read_packets(talk.orig.octets), read_packets(talk.resp.octets)
    packets = [packet for packet in (*orig, *resp) if packet]
    foreign = (talk.orig.octets and not orig) or (talk.resp.octets and not resp)
    if not packets or foreign:
        return None
    for packet in packets:
        carried = _carried(packet)
        if carried:
            return Dissected(carried, PAYLOAD)
    selects = [_selects(packets) for packets in (orig, resp)]
    if any(selects):
        return Dissected(SERVICE, PAYLOAD if all(selects) else PARTIAL)
    return None


def read_packets(octets: bytes) -> list[bytes]:
    """The TPDUs of a stream; none where it does not consist of TPKT packets with TPDUs of a known kind."""
    packets: list[bytes] = []
    at = 0
    while len(octets) - at >= HEADER + 3 and len(packets) < MAX_PACKETS:
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        kind, head = octets[at + 5] & 0xF0, octets[at + 4]
        if octets[at : at + 2] != b"\x03\x00" or not length >= HEADER + 3 or not 2 <= head <= length - HEADER - 1:
            return []
        if kind not in {CONNECT, CONFIRM, DATA, 0x80, 0x70} or (kind == DATA and head != 2):
            return []
        packets.append(octets[at + HEADER : at + length])
        at += length
    return packets


def _selects(packets: list[bytes]) -> bool:
    """Whether the first TPDU opens a connection between transport selectors, as RDP's does not."""
    first = packets[0] if packets else b""
    if first[1:2] not in {b"\xe0", b"\xd0"} or len(first) != first[0] + 1 or first[6:7] > b"\x40":
        return False
    at, codes = 7, set()
    while at + 2 <= len(first):
        codes.add(first[at])
        at += 2 + first[at + 1]
    return at == len(first) and bool(codes & TSAPS)


def _carried(packet: bytes) -> str:
    """The protocol whose unit a DT carries, empty where it is not known."""
    if packet[:2] != b"\x02\xf0":
        return ""
    data = packet[3:]
    if data[:1] == b"\x32":
        return S7COMM if _is_s7(data) else ""
    if data[:1] == b"\x72" and len(data) > 4 and data[1] in {1, 2, 3, 0xFE}:
        length = int.from_bytes(data[2:4], "big")
        return S7COMM_PLUS if length in {len(data) - 4, len(data) - 8} or (len(data) > 900 and length > 0) else ""
    if data[:1] in {b"\x0d", b"\x0e"} and MMS_SYNTAX in data[:512]:
        return MMS  # CONNECT or ACCEPT
    return MMS if data.startswith(GIVE_TOKENS) and _is_mms_data(data[4:]) else ""


def _is_s7(data: bytes) -> bool:
    header = S7_HEADERS.get(data[1] if len(data) > 1 else 0, 0)
    if not header or len(data) < header or data[2:4] != b"\0\0":
        return False
    lengths = int.from_bytes(data[6:8], "big") + int.from_bytes(data[8:10], "big")
    return header + lengths == len(data)


def _is_mms_data(data: bytes) -> bool:
    """User data (X.226) in a presentation context, and an MMS PDU of the confirmed or unconfirmed kind in it."""
    head = data[:LONGEST_DATA_HEAD]
    at = head.find(b"\x02\x01\x03\xa0")  # presentation context 3, which follows ACSE's 1, single ASN.1 type
    if head[:1] != b"\x61" or at < 0:
        return False
    begin = at + 5 + (head[at + 4] & 0x7F if head[at + 4 : at + 5] > b"\x80" else 0)
    return head[begin : begin + 1] in {b"\xa0", b"\xa1", b"\xa2", b"\xa3", b"\xa4"}
