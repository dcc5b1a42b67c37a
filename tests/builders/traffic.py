"""Random traffic that is nasty on purpose: every way in which segments, datagrams and errors reach a capture.

A number makes a capture: the same number gives the same one.
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from tests.builders import frames as fr
from tests.builders.captures import MICROSECONDS, NANOSECONDS, Shot, enhanced, interface, pcap, pcapng, section
from tests.builders.hellos import client_hello, server_flight, tls_record

START_NS = 1_772_359_200_000_000_000
HOSTS = {4: ["10.0.0.1", "10.0.0.2", "192.0.2.7", "10.0.0.10"], 6: ["fd00::1", "fd00::2", "2001:db8::ffff:ffff:1"]}
PORTS = (53, 80, 443, 502, 5353, 40000, 40001, 50000, 7422, 123)
SMALL = 30  # octets of most payloads


def words(random: Random, most: int = SMALL) -> bytes:
    """A payload: rubbish, or the beginning of something known."""
    if random.random() < 0.2:
        known = (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", client_hello("a.example"), b"INFO {}\r\n", question())
        return random.choice(known)
    return random.randbytes(random.randrange(most))


def question(name: bytes = b"\x01a\x07example\x00", number: int = 7, flags: int = 0x0100) -> bytes:
    """A DNS query for A, or with other flags the answer without records."""
    return number.to_bytes(2, "big") + flags.to_bytes(2, "big") + b"\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1"


class Talk:
    """Two ends that exchange something, one packet after the other."""

    def __init__(self, random: Random) -> None:
        self.random = random
        hosts = HOSTS[random.choice((4, 4, 6))]
        self.ends = (random.choice(hosts), random.choice(hosts))
        self.ports = tuple(random.sample(PORTS, 2))
        self.vlans = random.choice(((), (), ((0x8100, 5),), ((0x88A8, 100), (0x8100, 7)), ((0x9100, 4095),)))

    def packet(self, side: int, proto: int, body: bytes) -> list[tuple[int, bytes]]:
        """(side, octets) of the IP packet, or its fragments, that carries `body` from `side`."""
        random, src, dst = self.random, self.ends[side], self.ends[1 - side]
        ttl, ident = random.choice((64, 128, 255, 1)), random.randrange(1 << 16)
        if len(body) >= 16 and random.random() < 0.06:
            cut = 8 * random.randrange(1, len(body) // 8)
            if ":" in src:
                parts = [(body[:cut], (ident, 0, 1)), (body[cut:], (ident, cut, 0))]
                made = [fr.ipv6(src, dst, proto, part, ttl=ttl, fragment=where) for part, where in parts]
            else:
                first = fr.ipv4(src, dst, proto, body[:cut], ttl=ttl, ident=ident, more=True)
                made = [first, fr.ipv4(src, dst, proto, body[cut:], ttl=ttl, ident=ident, offset=cut)]
            if random.random() < 0.2:
                made.reverse()
            return [(side, packet) for packet in made[: random.choice((1, 2, 2, 2))]]
        if ":" in src and random.random() < 0.2:
            chain = random.sample([(0, b"\0" * 6), (60, b"\0" * 14), (43, b"\0" * 6), (51, b"\0" * 22)], 2)
            return [(side, fr.ipv6(src, dst, proto, body, ttl=ttl, extensions=chain))]
        extra = {} if ":" in src or random.random() < 0.9 else {"options": b"\1" * 4}
        if ":" not in src and random.random() < 0.03:
            extra["total"] = random.choice((0, 19, 40, 60000))
        return [(side, fr.ip(src, dst, proto, body, ttl=ttl, **extra))]


class TcpTalk(Talk):
    """A TCP connection that may lose, repeat, reorder, overlap, reset, reopen."""

    def __init__(self, random: Random, *, chaos: float) -> None:
        super().__init__(random)
        self.chaos = chaos
        near = random.random() < 0.3  # sequence numbers about to wrap
        self.isn = [(1 << 32) - random.randrange(200) if near else random.randrange(1 << 32) for _ in range(2)]
        self.streams = [self.stream(0), self.stream(1)]
        self.at = [0, 0]

    def stream(self, side: int) -> bytes:
        """What one side has to say: a hello, a request, or rubbish."""
        random = self.random
        kind = random.random()
        if kind < 0.35:
            hello = client_hello("machine.example", padding=random.choice((0, 0, 2000)))
            return tls_record(22, hello[5:]) if random.random() < 0.5 else hello if side == 0 else server_flight()
        if kind < 0.5:
            return words(random) + server_flight()
        return b"".join(words(random) for _ in range(random.randrange(8)))

    def segment(self, side: int, flags: int, low: int, high: int, **more: int) -> list[tuple[int, bytes]]:
        """Octets `low` to `high` of a side's stream, which acknowledges what the other one has sent."""
        flags |= self.random.choice((0, 0, fr.PSH))
        seq = self.isn[side] + 1 + low - bool(flags & fr.SYN)
        ack = self.isn[1 - side] + 1 + self.at[1 - side] + more.get("ack", 0) if flags & fr.ACK else 0
        window = 0 if self.random.random() < 0.05 else 8192
        payload = self.streams[side][low:high]
        options = self.random.choice((b"", b"", b"\1" * 8))
        body = fr.tcp(
            self.ports[side], self.ports[1 - side], seq=seq, ack=ack, flags=flags, window=window, payload=payload,
            options=options,
        )  # fmt: skip
        return self.packet(side, fr.TCP, body)

    def opening(self) -> list[tuple[int, bytes]]:
        """SYN, SYN-ACK, ACK, with repetitions, new attempts, simultaneous opens, or nothing at all."""
        random, sent = self.random, []
        if random.random() < 0.15:
            return sent
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            sent += self.segment(0, fr.SYN, 0, random.choice((0, 0, 0, 3)))
            if random.random() < self.chaos * 0.3:
                self.isn[0] += random.choice((1000, 1 << 21, 1 << 31))
        if random.random() < 0.1:
            sent += self.segment(1, fr.SYN, 0, 0)
        if random.random() < 0.85:
            for _ in range(random.choice((1, 1, 1, 2))):
                sent += self.segment(1, fr.SYN | fr.ACK, 0, 0)
        elif random.random() < 0.5 and self.chaos:  # without chaos nobody talks on after a reset
            sent += self.segment(1, fr.RST | fr.ACK, 0, 0)
        if random.random() < 0.9:
            sent += self.segment(0, fr.ACK, 0, 0)
        return sent

    def data(self) -> list[tuple[int, bytes]]:
        """Segments of both sides, with what goes wrong on the way."""
        random, sent = self.random, []
        for _ in range(random.randrange(14)):
            side = random.randrange(2)
            low = self.at[side]
            high = min(low + random.choice((1, 5, 20, 90, 1400)), len(self.streams[side]))
            if random.random() < self.chaos:
                low = max(low + random.randrange(-40, 60), 0)
                high = max(low, min(low + random.randrange(80), len(self.streams[side])))
            else:
                self.at[side] = max(high, self.at[side])
            flags = fr.ACK
            if random.random() < self.chaos * 0.1:
                flags = random.choice((0, fr.ACK | fr.FIN, fr.RST, fr.SYN, fr.SYN | fr.FIN, fr.FIN | fr.RST, 63))
            jump = random.choice((0, 1, 50, 1 << 29, 1 << 30, -3)) if random.random() < self.chaos * 0.2 else 0
            made = self.segment(side, flags, low, high, ack=jump)
            if random.random() > self.chaos * 0.2:
                sent += made * random.choice((1, 1, 1, 1, 2))
        return sent

    def closing(self) -> list[tuple[int, bytes]]:
        """FINs or resets, or none."""
        random, sent = self.random, []
        for side in random.choice(((), (0,), (0, 1), (1, 0), (1,))):
            flags = random.choice((fr.FIN | fr.ACK, fr.FIN | fr.ACK, fr.RST, fr.RST | fr.ACK))
            sent += self.segment(side, flags, self.at[side], self.at[side])
            self.at[side] += bool(flags & fr.FIN)
        if sent and random.random() < 0.7:
            sent += self.segment(1, fr.ACK, self.at[1], self.at[1])
        return sent

    def packets(self) -> list[tuple[int, bytes]]:
        """All that the connection sends, disordered by as much as there is chaos."""
        sent = self.opening() + self.data() + self.closing()
        if self.random.random() < 0.2:
            self.isn = [self.random.randrange(1 << 32) for _ in range(2)]
            self.at = [0, 0]
            opening = self.opening()
            sent += opening + self.data() if opening or self.chaos else []
        for at in range(len(sent) - 1):
            if self.random.random() < self.chaos * 0.3:
                sent[at], sent[at + 1] = sent[at + 1], sent[at]
        return sent


class UdpTalk(Talk):
    """Datagrams: DNS, rubbish, wrong lengths."""

    def packets(self) -> list[tuple[int, bytes]]:
        """All datagrams."""
        random, sent = self.random, []
        for _ in range(random.randrange(1, 22)):
            side = random.randrange(2)
            payload = words(random)
            if 53 in self.ports or 5353 in self.ports:
                flags = random.choice((0x0100, 0x8180, 0x8183, 0x8580, 0xF000))
                payload = random.choice((payload, question(number=random.randrange(3), flags=flags)))
            length = random.choice((None, None, None, None, 0, 8, 7, 12, 5000))
            sent += self.packet(side, fr.UDP, fr.udp(self.ports[side], self.ports[1 - side], payload, length))
        return sent


class IcmpTalk(Talk):
    """Echoes, neighbour discovery, and errors that quote what others sent."""

    def packets(self, quoted: list[bytes]) -> list[tuple[int, bytes]]:
        """Requests, answers, errors."""
        random, sent = self.random, []
        six = ":" in self.ends[0]
        for _ in range(random.randrange(1, 6)):
            side = random.randrange(2)
            kinds = (128, 129, 133, 134, 135, 136, 1, 2, 3, 4, 200) if six else (8, 0, 13, 14, 3, 3, 11, 5, 12, 9, 40)
            quote = random.choice(quoted)[: random.choice((20, 28, 48, 60, 200))] if quoted else b""
            body = fr.icmp(random.choice(kinds), random.choice((0, 1, 3, 13)), payload=quote)
            proto = fr.ICMPV6 if six else fr.ICMP
            sent += self.packet(side, proto, body[: random.choice((200, 200, 200, 1, 9))])
        return sent


class OtherTalk(Talk):
    """SCTP, GRE and protocols that nobody knows."""

    def packets(self) -> list[tuple[int, bytes]]:
        """A few packets."""
        proto = self.random.choice((132, 47, 50, 2, 255))
        return [
            one
            for _ in range(3)
            for one in self.packet(self.random.randrange(2), proto, self.random.randbytes(self.random.randrange(30)))
        ]


def shots(number: int, *, link: int = fr.ETHERNET, chaos: float = 0.5) -> list[Shot]:
    """The frames of the capture `number` on a link; with chaos 0 nothing is lost, repeated or out of order."""
    random = Random(number)
    talks = [
        random.choice((TcpTalk, TcpTalk, TcpTalk, UdpTalk, UdpTalk, OtherTalk if chaos else UdpTalk))
        for _ in range(random.randrange(1, 6))
    ]
    lists: list[tuple[Talk, list[tuple[int, bytes]]]] = []
    for kind in talks:
        talk = TcpTalk(random, chaos=chaos) if kind is TcpTalk else kind(random)
        if not chaos and any(set(talk.ports) == set(other.ports) for other, _ in lists):
            continue  # two that share their ends are no orderly traffic
        lists.append((talk, talk.packets()))
    errors = IcmpTalk(random)
    lists.append((errors, errors.packets([packet for _, packets in lists for _, packet in packets])))
    made, ts_ns = [], START_NS
    while any(packets for _, packets in lists):
        talk, packets = random.choice([one for one in lists if one[1]])
        for _ in range(min(random.randrange(1, 5), len(packets))):
            side, packet = packets.pop(0)
            frame = fr.linked(packet, link, source=side, vlans=talk.vlans, big=random.random() < 0.5)
            ts_ns += step(random, chaos)
            made.append(shortened(random, Shot(max(ts_ns, 0), frame), chaos))
    return made


def step(random: Random, chaos: float) -> int:
    """Time to the next frame in ns, whole µs: mostly little, at times hours, at times backwards."""
    if random.random() < chaos * 0.06:
        return random.choice((-5_000_000, -3_000_000_000, 301_000_000_000, 7_441_000_000_000, 60_000_000_000))
    return random.choice((0, 10_000, 1_000_000, 400_000_000))


def shortened(random: Random, shot: Shot, chaos: float) -> Shot:
    """The frame as it is, or cut off by a snaplen or by damage, or padded."""
    if random.random() > chaos * 0.1:
        return shot
    cut = random.randrange(len(shot.octets) + 1)
    return random.choice(
        (
            Shot(shot.ts_ns, shot.octets[:cut], len(shot.octets)),
            Shot(shot.ts_ns, shot.octets[:cut]),
            Shot(shot.ts_ns, shot.octets + b"\0" * 9),
            Shot(shot.ts_ns, shot.octets, max(len(shot.octets) - 3, 0)),
        )
    )


def capture(number: int, *, link: int | None = None, chaos: float = 0.5) -> bytes:
    """The capture file `number`: any link, any container, either byte order, any resolution of time."""
    random = Random(-1 - number)
    link = random.choice(fr.LINKS) if link is None else link
    made = shots(number, link=link, chaos=chaos)
    order = random.choice("<>")
    kind = random.randrange(5)
    if kind == 0:
        return pcap(made, order=order, magic=MICROSECONDS, link=link)
    if kind == 1:
        return pcap(made, order=order, magic=NANOSECONDS, link=link)
    if kind == 2:
        return pcap(made, order=order, link=link | 1 << 26 | 2 << 28)  # each frame ends in an FCS of 4 octets
    if kind == 3:
        return pcapng(made, order=order, link=link)
    return resolved(made, order, link, random.choice((3, 6, 9, 0x80 | 10, 0x80 | 20, 0x80 | 30)))


def resolved(made: list[Shot], order: str, link: int, resolution: int) -> bytes:
    """A pcapng file of two interfaces, the second of which counts time by `if_tsresol`."""
    second = 1 << (resolution & 127) if resolution & 128 else 10**resolution
    options = ((9, bytes([resolution])),)
    blocks = [section(order), interface(order, link), interface(order, link, options=options)]
    for number, shot in enumerate(made):
        ticks = shot.ts_ns * second // 1_000_000_000 if number % 2 else shot.ts_ns // 1000
        blocks.append(enhanced(shot, order, number % 2, ticks))
    return b"".join(blocks)


numbers = st.integers(0, (1 << 32) - 1)
