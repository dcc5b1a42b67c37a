"""Decoded packets become flows, in plain Python: a dictionary of biflows (RFC 5103)."""

from __future__ import annotations

import base64
import collections
import hashlib
import ipaddress
import struct

from analyzer.settings import SERVER_PORTS
from tests.oracle.headers import ICMP, ICMPV6, TCP, UDP
from tests.oracle.tcp import ACK, FIN, RST, SYN, Connection

UDP_IDLE_NS = 300 * 1_000_000_000
TCP_IDLE_NS = 7440 * 1_000_000_000

PRIVATE = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
NAMES = 4
"""Tunnels around a flow that are named."""

PAIRED = {
    1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10},
    58: {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 139: 140, 140: 139,
         144: 145, 145: 144},
}  # fmt: skip
"""ICMP types that ask and answer, as Community ID pairs them."""


def is_server(port):
    return 0 < port < 1024 or port in SERVER_PORTS


class Side:
    """What one end of a flow sent."""

    def __init__(self):
        self.packets = self.octets = self.frame_octets = self.payload = 0
        self.first_frame = self.data_frame = 0
        self.mac = ""
        self.ttl = self.ttl_low = self.ttl_high = 0
        self.last_ns = self.ident = self.mss = -1
        self.last_frame = self.print = self.again = 0
        self.again_at = None


class Flow:
    """One biflow; `orig` and `resp` are (address, port)."""

    def __init__(self, number, packet):
        self.number = number
        self.proto, self.version, self.vlan = packet.proto, packet.version, packet.vlan
        self.tunnel, self.carries = ">".join(packet.tunnel[:NAMES]), ""
        ports = (packet.src_port, packet.dst_port)
        source, target = (packet.src, ports[0]), (packet.dst, ports[1])
        answer = begins_as_answer(packet)
        self.orig, self.resp = (target, source) if answer else (source, target)
        if packet.proto in {ICMP, ICMPV6}:
            self.orig, self.resp = (self.orig[0], ports[0]), (self.resp[0], ports[1])
        self.flipped = answer
        self.start_ns = self.end_ns = packet.ts_ns
        self.first_frame = packet.number
        self.last_frame = 0
        self.sides = (Side(), Side())
        self.tcp = Connection(answer) if packet.proto == TCP else None
        self.udp_history = "^" if answer else ""
        self.messages = []
        self.rst_frame = self.fin_frame = 0
        self.rst = None
        self.rst_from_orig = False
        self.rst_delay = -1
        self.syn_ns = self.synack_ns = None
        self.syn_rtt = self.ack_rtt = -1
        self.attempts = 0
        self.syn_seen = self.synack_seen = False

    def is_from_orig(self, packet):
        """Whether the originator sent the packet."""
        if packet.proto in {ICMP, ICMPV6} and packet.src == packet.dst:
            return not packet.reply
        if packet.proto in {ICMP, ICMPV6}:
            return packet.src == self.orig[0]
        return (packet.src, packet.src_port) == self.orig

    def over(self, packet):
        """Whether the packet begins another flow between the same ends."""
        silence = packet.ts_ns - self.end_ns
        if packet.proto != TCP:
            return silence > UDP_IDLE_NS
        if silence > TCP_IDLE_NS:
            return True
        if packet.flags & (SYN | RST | FIN) != SYN:
            return False
        answers = packet.flags & ACK
        mine = self.tcp.orig if self.is_from_orig(packet) else self.tcp.resp
        side = self.sides[0 if mine is self.tcp.orig else 1]
        if (mine.synacks if answers else mine.syns) and packet.seq in mine.isns:
            return False
        if not mine.isns and mine.base is not None and (packet.seq + 1) % (1 << 32) == mine.base:
            return False
        closed = self.rst_frame or self.fin_frame
        if answers:
            return bool(closed and side.data_frame)
        opened = self.synack_seen or closed
        return bool(opened) or side.packets > mine.syns

    def feed(self, packet):
        """Account for one packet."""
        from_orig = self.is_from_orig(packet)
        side = self.sides[0 if from_orig else 1]
        if not side.packets:
            side.first_frame, side.mac, side.ttl = packet.number, packet.src_mac, packet.ttl
            if packet.proto == UDP:
                self.udp_history += "D" if from_orig else "d"
        side.first_frame = min(side.first_frame, packet.number)
        side.packets += packet.frames
        side.octets += packet.ip_octets
        side.frame_octets += packet.frame_octets
        side.payload += packet.payload_octets
        if packet.payload_octets and not side.data_frame and packet.proto in {TCP, UDP}:
            side.data_frame = packet.number
            side.print = print_of(packet)
        if packet.proto != TCP or not packet.flags & RST:
            side.ident = packet.ident if packet.version == 4 else -1
            side.ttl_low = min(side.ttl_low or 255, packet.ttl)
            side.ttl_high = max(side.ttl_high, packet.ttl)
        self.start_ns, self.end_ns = min(self.start_ns, packet.ts_ns), max(self.end_ns, packet.ts_ns)
        self.first_frame = min(self.first_frame, packet.number)
        self.last_frame = max(self.last_frame, packet.number)
        self.carries = self.carries or packet.carries
        if self.proto == TCP:
            self.feed_tcp(packet, from_orig)
        elif packet.payload and not packet.carries:
            self.messages.append((packet.ts_ns, packet.number, from_orig, packet.payload))
        side.last_ns, side.last_frame = packet.ts_ns, max(side.last_frame, packet.number)
        if self.tcp:
            (self.tcp.orig if from_orig else self.tcp.resp).last_ns = packet.ts_ns

    def feed_tcp(self, packet, from_orig):
        """Account for a TCP segment."""
        flags = packet.flags
        if packet.lean:
            return
        self.note_opening(packet, from_orig)
        if flags & FIN and not self.fin_frame:
            self.fin_frame = packet.number
        if flags & RST and not self.rst_frame:
            self.note_reset(packet, from_orig)
        side, other = self.sides if from_orig else self.sides[::-1]
        if flags & SYN and side.mss < 0:
            side.mss = mss_of(packet.transport)
        end = self.tcp.orig if from_orig else self.tcp.resp
        before, opened = end.again, end.syns + end.synacks
        self.tcp.feed(packet, from_orig)
        if end.again != before or (flags & SYN and opened):
            side.again = side.again + 1 if side.again_at == other.packets else 1
            side.again_at = other.packets

    def note_opening(self, packet, from_orig):
        """Keep the times of the handshake, and count attempts."""
        flags = packet.flags
        if flags & SYN and flags & ACK:
            self.synack_seen = True
            if self.synack_ns is None:
                self.synack_ns = packet.ts_ns
                self.syn_rtt = max(packet.ts_ns - self.syn_ns, 0) if self.syn_ns is not None else -1
        elif flags & SYN and from_orig:
            self.syn_seen = True
            self.attempts += packet.seq not in self.tcp.orig.isns
            if self.synack_ns is None:
                self.syn_ns = packet.ts_ns
        elif from_orig and flags & ACK and not flags & RST and self.synack_ns is not None and self.ack_rtt < 0:
            self.ack_rtt = max(packet.ts_ns - self.synack_ns, 0)

    def note_reset(self, packet, from_orig):
        """Keep what the first RST is like."""
        self.rst_frame = packet.number
        self.rst, self.rst_from_orig = packet, from_orig
        heard = self.sides[1 if from_orig else 0].last_ns
        self.rst_delay = packet.ts_ns - heard if heard >= 0 else -1

    def conn_state(self):
        """Zeek's conn_state."""
        if self.tcp:
            return self.tcp.state()
        if self.proto != UDP:
            return ""
        return {(True, True): "SF", (True, False): "S0", (False, True): "SHR"}[tuple(s.packets > 0 for s in self.sides)]

    def history(self):
        """Zeek's history."""
        return self.tcp.history if self.tcp else self.udp_history if self.proto == UDP else "^" if self.flipped else ""


def checksum_of(packet):
    """Whether a checksum is right, wrong, or the sum of the pseudo header alone; None for one not computed."""
    header = (packet.transport[12] >> 4) * 4 if packet.proto == TCP and len(packet.transport) > 12 else 8
    length, at = header + packet.payload_octets, 16 if packet.proto == TCP else 6
    octets = packet.transport[:length]
    if packet.lean or len(octets) < length or length < 8:
        return None
    held = int.from_bytes(octets[at : at + 2], "big")
    if packet.proto == UDP and not held:
        return None
    ends = b"".join(ipaddress.ip_address(address).packed for address in (packet.src, packet.dst))
    pseudo = sum_of(ends) + length + packet.proto
    if folded(pseudo + sum_of(octets)) == 0xFFFF:
        return "right"
    return "partial" if folded(pseudo) == held else "wrong"


def sum_of(octets):
    """The sum of 16 bit words."""
    octets += b"\0" * (len(octets) % 2)
    return sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))


def folded(total):
    """A sum with its carries added in."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def print_of(packet):
    """The hash of a payload's first octets (splitmix64's constant, 64 bit)."""
    octets = b"" if packet.carries else packet.payload[:64]
    whole = len(octets) // 8 * 8
    words = [int.from_bytes(octets[at : at + 8], "big") for at in range(0, whole, 8)] + list(octets[whole:])
    value = packet.payload_octets
    for word in words:
        value = (value ^ word) * 0x9E3779B97F4A7C15 % (1 << 64)
        signed = value - (value >> 63 << 64)
        value = (value ^ (signed >> 29 & 0x7FFFFFFFF)) % (1 << 64)
    return (value - (value >> 63 << 64)) or 1


def mss_of(transport):
    """The MSS option of a SYN, -1 without one."""
    options = transport[20 : (transport[12] >> 4) * 4]
    at = 0
    while at < len(options) and options[at]:
        if options[at] == 1:
            at += 1
            continue
        if at + 2 > len(options) or options[at + 1] < 2:
            break
        if options[at : at + 2] == b"\x02\x04" and at + 4 <= len(options):
            return int.from_bytes(options[at + 2 : at + 4], "big")
        at += options[at + 1]
    return -1


def twins_of(flows):
    """Per flow the one that it is once more on the other side of a NAT, -1 for none."""
    found, kept = [-1] * len(flows), set()
    for proto, apart in ((TCP, 1_000_000_000), (UDP, 100_000_000)):
        keys = {}
        for flow in sorted(flows, key=lambda flow: (flow.start_ns, flow.number)):
            if flow.proto == proto and (flow.tcp.orig.syns if flow.tcp else flow.sides[0].print):
                keys.setdefault(flow.tcp.orig.isns[-1] if flow.tcp else flow.sides[0].print, []).append(flow)
        pairs = [
            (step, key, at, held[at], held[at + step])
            for key, held in keys.items()
            for step in (1, 2, 3)
            for at in range(len(held) - step)
        ]
        for _, _, _, one, other in sorted(pairs, key=lambda pair: pair[:3]):
            free = found[one.number] < 0 and found[other.number] < 0 and not {one.number, other.number} & kept
            near = other.start_ns - one.start_ns <= apart
            if free and near and translated(one, other) and told_alike(one, other):
                inside = private_ends(other) > private_ends(one)
                stays, goes = (other, one) if inside else (one, other)
                found[goes.number] = stays.number
                kept.add(stays.number)
    return found


def translated(one, other):
    """Whether one end is the same, the other one's address is not, and one hop lies between."""
    there = one.sides[0].ttl - other.sides[0].ttl
    back = other.sides[1].ttl - one.sides[1].ttl
    if abs(there) != 1 or (one.sides[1].ttl and other.sides[1].ttl and there != back):
        return False
    return (one.resp == other.resp and one.orig[0] != other.orig[0]) or (
        one.orig == other.orig and one.resp[0] != other.resp[0]
    )


def told_alike(one, other):
    """Whether the responder said the same, where it was heard on both sides."""
    if one.tcp:
        heard = one.tcp.resp.synacks and other.tcp.resp.synacks
        return not heard or one.tcp.resp.isns[-1] == other.tcp.resp.isns[-1]
    prints = one.sides[1].print, other.sides[1].print
    return not all(prints) or prints[0] == prints[1]


def private_ends(flow):
    """How many ends have private addresses."""
    return sum(any(ipaddress.ip_address(end[0]) in net for net in PRIVATE if net.version == flow.version)
               for end in (flow.orig, flow.resp))  # fmt: skip


def begins_as_answer(packet):
    """Whether its sender is the responder: a SYN-ACK's is; midway, the end whose port is a server's."""
    if packet.proto in {ICMP, ICMPV6}:
        return packet.reply
    if packet.proto == TCP and packet.flags & SYN:
        return bool(packet.flags & ACK)
    if packet.proto in {TCP, UDP}:
        return is_server(packet.src_port) and not is_server(packet.dst_port)
    return False


class Table:
    """All flows in the order of their first frames."""

    def __init__(self):
        self.flows = []
        self.open = {}
        self.sent = {}
        self.counts = collections.Counter()

    def feed(self, packet):
        """Account for one packet."""
        flow = self.flow_of(packet)
        mine, peer = flow.sides if flow.is_from_orig(packet) else flow.sides[::-1]
        if (
            packet.proto == TCP
            and not packet.lean
            and packet.payload_octets > max(1460, peer.mss if peer.mss > 0 else 9176)
        ):
            self.counts["super"] += 1
        if mine.packets + packet.frames <= 4 and packet.frames == 1 and packet.proto in {TCP, UDP}:
            self.counts[checksum_of(packet)] += 1
        flow.feed(packet)
        sent = self.sent.setdefault((flow.number, packet.ts_ns // 1_000_000_000), [0, 0])
        sent[0 if flow.is_from_orig(packet) else 1] += packet.ip_octets
        return flow

    def flow_of(self, packet):
        """The packet's flow, begun where there was none."""
        flow = self.open.get(key_of(packet))
        if flow is None or flow.over(packet):
            flow = Flow(len(self.flows), packet)
            self.flows.append(flow)
            self.open[key_of(packet)] = flow
        return flow

    def find(self, packet):
        """The number of the flow that a quoted packet is of, -1 for none."""
        flow = self.open.get(key_of(packet))
        return flow.number if flow else -1


def key_of(packet):
    if packet.proto in {ICMP, ICMPV6}:
        return packet.proto, frozenset([packet.src, packet.dst]), packet.src_port, packet.dst_port
    return packet.proto, frozenset([(packet.src, packet.src_port), (packet.dst, packet.dst_port)])


def community_id(proto, orig, resp):
    """Community ID v1 with seed 0 of a flow between two (address, port)."""
    one, two = ((ipaddress.ip_address(address).packed, port) for address, port in (orig, resp))
    if proto in PAIRED:
        if one[1] in PAIRED[proto]:
            two = (two[0], PAIRED[proto][one[1]])
            one, two = min(one, two), max(one, two)
    else:
        one, two = min(one, two), max(one, two)
    octets = b"\0\0" + one[0] + two[0] + bytes([proto, 0])
    if proto in {1, 6, 17, 58, 132}:
        octets += struct.pack(">HH", one[1], two[1])
    return "1:" + base64.b64encode(hashlib.sha1(octets).digest()).decode()
