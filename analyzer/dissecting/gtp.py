"""GTP, the tunnels of mobile networks, on its ports by its exact length (3GPP TS 29.281, 29.060, 29.274, 32.295)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "gtp"
PORTS = {2152: "gtp-u", 2123: "gtp-c", 3386: "gtp-prime"}
USER_TYPES = frozenset({1, 2, 26, 31, 253, 254, 255})  # echo, error indication, extension headers, end marker, data


def dissect(talk: Conversation) -> Dissected | None:
    """Service gtp-u, gtp-c or gtp-prime by the first datagram on the port of that name."""
    service = PORTS.get(talk.resp_p) or PORTS.get(talk.orig_p)
    if not service or not talk.messages:
        return None
    octets = talk.messages[0].octets
    if len(octets) < 6:
        return None
    version, length = octets[0] >> 5, int.from_bytes(octets[2:4], "big")
    if service == "gtp-u":
        fits = version == 1 and octets[0] & 0x18 == 0x10 and octets[1] in USER_TYPES and length == len(octets) - 8
    elif service == "gtp-c":
        whole = length == len(octets) - (4 if version == 2 else 8) or (version == 2 and octets[0] & 0x10)
        fits = version in {1, 2} and octets[1] > 0 and bool(whole) and length >= 4
    else:
        fits = version <= 2 and octets[0] & 0x10 == 0 and length in {len(octets) - 6, len(octets) - 20}
    return Dissected(service, PAYLOAD) if fits else None
