"""Hosts, datagrams and TCP connections become frames as a tap on the site's switch sees them, and a record of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw
from staging.recording import Frame

BROADCAST = "ff:ff:ff:ff:ff:ff"
HEADER, LEAST = 14, 60  # Ethernet, without the frame check sequence
MSS = 1460
INITIAL_WINDOW, WINDOW = 10, 64  # segments under way: RFC 6928, and what a sender here grows to
SCALE = 7
TICK = 65_536
"""Within a dialogue moments lie whole ticks (ns) apart, so that compression finds their low octets alike."""
MS = 15 * TICK  # 0.98 ms


@dataclass(frozen=True)
class Host:
    """A host: where its frames come from on the switch, its TTL there, and how far away it is (ns, there and back)."""

    name: str
    address: str
    mac: str
    ttl: int = 64
    rtt_ns: int = 5 * TICK
    segment_ns: int = TICK  # from one full frame to the next
    site: bool = True


@dataclass
class Flow:
    """One flow, who opened it, and what is right to say of it; no purpose where no rule of the pack is about it."""

    proto: str
    orig: Host
    orig_p: int
    resp: Host
    resp_p: int
    service: str
    purpose: str
    because: str


@dataclass(frozen=True)
class Sent:
    """One IP packet as it was written: its flow, whether the originator sent it, and its octets in three lengths."""

    time_ns: int
    flow: Flow
    forth: bool
    ip: int
    frame: int
    payload: int


@dataclass
class Wire:
    """All frames written so far, in no order, and what each of the IP packets in them is."""

    frames: list[Frame] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    def put(self, at_ns: int, flow: Flow, layer: Packet, payload: bytes, *, forth: bool) -> None:
        """Write one packet of a flow. Its identification is 0, as RFC 6864 allows what is not to be fragmented."""
        source, target = (flow.orig, flow.resp) if forth else (flow.resp, flow.orig)
        packet = IP(src=source.address, dst=target.address, ttl=source.ttl, id=0, flags="DF") / layer
        octets = bytes(Ether(src=source.mac, dst=target.mac) / packet / Raw(payload))
        length = len(octets) - HEADER
        octets = octets.ljust(LEAST, b"\0")
        self.frames.append(Frame(0, at_ns, octets))
        self.sent.append(Sent(at_ns, flow, forth, length, len(octets), len(payload)))

    def resolve(self, at_ns: int, asker: Host, asked: Host) -> None:
        """Ask for a neighbour's hardware address, and have it answered (RFC 826)."""
        ends = {"psrc": asker.address, "pdst": asked.address}
        back = {"psrc": asked.address, "pdst": asker.address, "hwsrc": asked.mac, "hwdst": asker.mac}
        request = Ether(src=asker.mac, dst=BROADCAST) / ARP(op=1, hwsrc=asker.mac, **ends)
        reply = Ether(src=asked.mac, dst=asker.mac) / ARP(op=2, **back)
        for time_ns, frame in ((at_ns, request), (at_ns + 3 * TICK, reply)):
            self.frames.append(Frame(0, time_ns, bytes(frame).ljust(LEAST, b"\0")))

    def exchange(self, at_ns: int, flow: Flow, question: bytes, answer: bytes) -> int:
        """Send a datagram and have it answered; when the answer came."""
        self.flows.append(flow)
        there = at_ns + flow.resp.rtt_ns
        self.put(at_ns, flow, UDP(sport=flow.orig_p, dport=flow.resp_p), question, forth=True)
        self.put(there, flow, UDP(sport=flow.resp_p, dport=flow.orig_p), answer, forth=False)
        return there


class Connection:
    """A TCP connection, from its SYN on; times are those of the tap, which lies beside the originator."""

    def __init__(self, wire: Wire, flow: Flow, chance: Random, *, ack_each: int = 2) -> None:
        self.wire, self.flow, self.ack_each = wire, flow, ack_each
        self.next = {True: chance.getrandbits(32), False: chance.getrandbits(32)}  # by forth
        wire.flows.append(flow)

    def open(self, at_ns: int) -> int:
        """Shake hands; when that was done."""
        options = [("MSS", MSS), ("NOP", None), ("WScale", SCALE), ("SAckOK", b"")]
        there = at_ns + self.flow.resp.rtt_ns
        self._put(at_ns, "S", forth=True, window=64240, options=options)
        self._put(there, "SA", forth=False, window=65535, options=options)
        self._put(there + TICK, "A", forth=True)
        return there + 2 * TICK

    def say(self, at_ns: int, octets: bytes, *, forth: bool, acked: bool = True) -> int:
        """Send octets in full segments, in rounds of a window that grows; when the last of them was there.

        acked  the receiver acknowledges them by segments of their own: it has nothing to say itself
        """
        local = self.flow.orig.segment_ns if forth else self.flow.resp.segment_ns
        back_ns = self.flow.resp.rtt_ns if forth else TICK
        pieces = [octets[at : at + MSS] for at in range(0, len(octets), MSS)]
        done = at_ns
        for first, number in _rounds(len(pieces)):
            for index in range(number):
                done = at_ns + index * local
                last = first + index == len(pieces) - 1
                self._put(done, "PA" if last else "A", pieces[first + index], forth=forth)
                self.next[forth] = (self.next[forth] + len(pieces[first + index])) % 2**32
                due = (first + index + 1) % self.ack_each == 0 or index == number - 1
                if acked and due:
                    self._put(done + back_ns, "A", forth=not forth)
            at_ns = max(at_ns + self.flow.resp.rtt_ns, done) + 2 * local
        return done + (back_ns if forth else 0)

    def ask(self, at_ns: int, question: bytes, answer: bytes, think_ns: int = MS) -> int:
        """Send a question that the answer acknowledges; when the answer was there."""
        return self.say(
            self.say(at_ns, question, forth=True, acked=len(question) > 2 * MSS) + think_ns, answer, forth=False
        )

    def close(self, at_ns: int) -> None:
        """Close it from the originator's side, the responder at once from its own."""
        there = at_ns + self.flow.resp.rtt_ns
        for time_ns, forth in ((at_ns, True), (there, False)):
            self._put(time_ns, "FA", forth=forth)
            self.next[forth] = (self.next[forth] + 1) % 2**32
        self._put(there + TICK, "A", forth=True)

    def _put(  # noqa: PLR0913 - a segment has what a segment has
        self,
        at_ns: int,
        flags: str,
        octets: bytes = b"",
        *,
        forth: bool,
        window: int = 501,
        options: list[tuple[str, object]] | None = None,
    ) -> None:
        ports = (self.flow.orig_p, self.flow.resp_p) if forth else (self.flow.resp_p, self.flow.orig_p)
        ack = self.next[not forth] if "A" in flags else 0
        head = {"seq": self.next[forth], "ack": ack, "flags": flags, "window": window, "options": options or []}
        self.wire.put(at_ns, self.flow, TCP(sport=ports[0], dport=ports[1], **head), octets, forth=forth)
        if "S" in flags:
            self.next[forth] = (self.next[forth] + 1) % 2**32


def _rounds(segments: int) -> Iterator[tuple[int, int]]:
    """Rounds of segments: the first one's number, and how many (RFC 5681: twice as many each time)."""
    first, window = 0, INITIAL_WINDOW
    while first < segments:
        number = min(window, segments - first)
        yield first, number
        first, window = first + number, min(window * 2, WINDOW)
