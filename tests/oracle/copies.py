"""Packets that came a moment ago, in plain Python: what of a packet no hop changes, and when it was last seen."""

from __future__ import annotations

import collections

from tests.oracle.headers import TCP
from tests.oracle.tcp import FIN, SYN

WINDOW_NS = 10_000_000
TCP_SAMPLED, SAMPLED = 32, 40
ALL, MIRRORED = 4096, 128


class Seen:
    """A packet that was seen: its TTL, when, and whether the copy of a bare one came."""

    def __init__(self, packet):
        self.ttl, self.ts_ns, self.taken = packet.ttl, packet.ts_ns, False


class Copies:
    """All packets seen so far; per flow which `share` of the last ones that were no bare ones were copies."""

    def __init__(self):
        self.seen = {}
        self.share = collections.Counter()
        self.frames = self.octets = 0

    def is_copy(self, packet, fragment=None):
        """Whether the packet is a copy; if not, it is remembered."""
        held = self.seen.setdefault(key_of(packet, fragment), [])
        bare = (
            fragment is None and packet.proto == TCP and not packet.payload_octets and packet.ident == 0
            and not packet.flags & (SYN | FIN)
        )  # fmt: skip
        flow = packet.proto, frozenset([(packet.src, packet.src_port), (packet.dst, packet.dst_port)])
        for one in held:
            if abs(packet.ts_ns - one.ts_ns) > WINDOW_NS or abs(packet.ttl - one.ttl) > 1:
                continue
            if not bare:
                self.share[flow] += (ALL - self.share[flow]) >> 4
                return True
            if self.share[flow] > MIRRORED and not one.taken:
                one.taken = True
                return True
            one.taken, one.ts_ns = False, packet.ts_ns
            return False
        if not bare:
            self.share[flow] -= self.share[flow] >> 4
        held.append(Seen(packet))
        return False

    def count(self, packet):
        """Count the frames of a copy."""
        self.frames += packet.frames
        self.octets += packet.frame_octets


def key_of(packet, fragment):
    """What copies share and other packets do not."""
    octets = packet.transport
    sample = (octets[:TCP_SAMPLED],) if packet.proto == TCP else (octets[:SAMPLED], octets[-8:])
    wire = packet.payload_octets if fragment is None else fragment
    return packet.src, packet.dst, packet.proto, packet.ident, packet.ip_octets, wire, sample
