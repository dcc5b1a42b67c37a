"""Decoded packets become flows, in plain Python: a dictionary of biflows (RFC 5103)."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct

from analyzer.settings import SERVER_PORTS
from tests.oracle.headers import ICMP, ICMPV6, TCP, UDP
from tests.oracle.tcp import ACK, FIN, RST, SYN, Connection

UDP_IDLE_NS = 300 * 1_000_000_000
TCP_IDLE_NS = 7440 * 1_000_000_000

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
        self.ttl = 0


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
        if packet.flags & (SYN | ACK | RST | FIN) != SYN:
            return False
        mine = self.tcp.orig if self.is_from_orig(packet) else self.tcp.resp
        side = self.sides[0 if mine is self.tcp.orig else 1]
        if mine.syns and packet.seq in mine.isns:
            return False
        if not mine.isns and mine.base is not None and (packet.seq + 1) % (1 << 32) == mine.base:
            return False
        opened = self.synack_seen or self.rst_frame or self.fin_frame
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
        self.start_ns, self.end_ns = min(self.start_ns, packet.ts_ns), max(self.end_ns, packet.ts_ns)
        self.first_frame = min(self.first_frame, packet.number)
        self.last_frame = max(self.last_frame, packet.number)
        self.carries = self.carries or packet.carries
        if self.proto == TCP:
            self.feed_tcp(packet, from_orig)
        elif packet.payload and not packet.carries:
            self.messages.append((packet.ts_ns, packet.number, from_orig, packet.payload))

    def feed_tcp(self, packet, from_orig):
        """Account for a TCP segment."""
        flags = packet.flags
        if not packet.lean:
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
            if flags & FIN and not self.fin_frame:
                self.fin_frame = packet.number
            if flags & RST and not self.rst_frame:
                self.rst_frame = packet.number
        self.tcp.feed(packet, from_orig)

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

    def feed(self, packet):
        """Account for one packet."""
        flow = self.flow_of(packet)
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
