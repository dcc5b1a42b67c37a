"""WireGuard by the types and exact lengths of its messages, and Tailscale by the discovery messages beside them.

Sources: WireGuard whitepaper, section 5.4; tailscale/tailscale disco/disco.go (mark, sender's key, nonce, box).
"""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree, firsts

SERVICE = "wireguard"
INITIATION, RESPONSE, COOKIE, DATA = (bytes([kind, 0, 0, 0]) for kind in (1, 2, 3, 4))
LENGTHS = {INITIATION: 148, RESPONSE: 92, COOKIE: 64}
DATA_LEAST = 32  # header of 16, tag of 16; what is between is padded to 16
DISCOVERY = b"TS\xf0\x9f\x92\xac"
DISCOVERY_LEAST = 6 + 32 + 24 + 16 + 2
TAILSCALE = "tailscale"
NO_COOKIE = bytes(16)  # mac2, the last field of a handshake, where no cookie was asked for


def dissect(talk: Conversation) -> Dissected | None:
    """Service wireguard: payload by a handshake that fits together, or an initiation alone; data alone is partial.

    Service tailscale where discovery messages are among them.
    """
    if not agree(talk, is_message):
        return None
    orig, resp = firsts(talk)
    if any(octets.startswith(DISCOVERY) for octets in (*orig, *resp)):
        return Dissected(TAILSCALE, PAYLOAD)
    asked = [octets for octets in (*orig, *resp) if octets.startswith(INITIATION)]
    indices = {octets[4:8] for octets in asked}
    answered = [octets for octets in (*orig, *resp) if octets.startswith(RESPONSE)]
    if any(octets[8:12] in indices for octets in answered):
        return Dissected(SERVICE, PAYLOAD)
    if asked and all(octets.endswith(NO_COOKIE) for octets in asked):
        return Dissected(SERVICE, PAYLOAD)
    return Dissected(SERVICE, PARTIAL) if asked or answered or _counts_on(orig) or _counts_on(resp) else None


def is_message(octets: bytes) -> bool:
    """Whether a datagram has a type, three zeros and the length of its type, or is a discovery message."""
    if octets.startswith(DISCOVERY):
        return len(octets) >= DISCOVERY_LEAST
    if octets[:4] in LENGTHS:
        return len(octets) == LENGTHS[octets[:4]]
    return octets[:4] == DATA and len(octets) >= DATA_LEAST and len(octets) % 16 == 0


def _counts_on(messages: list[bytes]) -> bool:
    """Whether data of one receiver follows each other with counters that rise a little (section 5.4.6)."""
    if len(messages) < 3 or len({octets[4:8] for octets in messages}) != 1:
        return False
    counters = [int.from_bytes(octets[8:16], "little") for octets in messages]
    return counters == sorted(set(counters)) and counters[-1] - counters[0] < 64
