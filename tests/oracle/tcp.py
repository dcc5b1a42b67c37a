"""Both ends of a TCP connection, in plain Python: Zeek's states and letters, and which octets of the streams were seen.

Source: Zeek's documentation of conn.log, and the behaviour of its TCP analyzer where the documentation is silent
(which states an end goes through, and when exactly a letter is written).
"""

from __future__ import annotations

import re

FIN, SYN, RST, ACK = 1, 2, 4, 16
WINDOW = 1 << 30
OVERTAKEN_NS = 3_000_000

INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = (
    "inactive", "syn sent", "syn-ack sent", "partial", "established", "closed", "reset",
)  # fmt: skip


def apart(one, other):
    """`one` minus `other` as sequence numbers: from -2^31 up to 2^31 (RFC 9293 section 3.4)."""
    return (one - other + (1 << 31)) % (1 << 32) - (1 << 31)


class End:
    """One end: its state in Zeek's sense, and its stream by positions, 0 being the octet after the SYN."""

    def __init__(self, upper):
        self.upper = upper
        self.state = self.before = INACTIVE
        self.written = set()
        self.last_of = {}
        self.tallies = {}
        self.start = self.last = 0
        self.fins = self.rsts = self.syns = self.synacks = 0
        self.isns = []
        self.base = None
        self.seen = []
        self.again = 0
        self.top = self.acked_to = 0
        self.segments = []
        self.spoke = self.forgot = False
        self.last_ns = None
        self.overtaken = 0

    def go(self, state):
        """Change the state, and remember the one before."""
        if state != self.state:
            self.before, self.state = self.state, state

    def place(self, seq):
        """Position in the stream of a sequence number: the one nearest to the stream's end so far."""
        return self.top + apart(seq, (self.base + self.top) % (1 << 32))

    def holes(self, low, high):
        """Positions from `low` to `high` that were never seen, as (begin, end)."""
        found, at = [], low
        for begin, end in self.seen:
            if begin > at:
                found.append((at, min(begin, high)))
            at = max(at, end)
            if at >= high:
                break
        if at < high:
            found.append((at, high))
        return [(begin, end) for begin, end in found if end > begin]

    def missing(self):
        """Octets that the other end acknowledged and that were never seen."""
        return sum(end - begin for begin, end in self.holes(0, self.acked_to))


class Connection:
    """Both ends of one connection; feed it the packets in order."""

    def __init__(self, flipped):
        self.orig, self.resp = End(True), End(False)
        self.history = "^" if flipped else ""

    def feed(self, packet, from_orig):
        """Account for one segment."""
        me, peer = (self.orig, self.resp) if from_orig else (self.resp, self.orig)
        if packet.lean:
            return
        self.letters(packet, me, peer)
        self.advance(packet, me, peer)
        self.change_state(packet, me, peer)
        self.account(packet, me, peer)

    # Zeek's letters

    def write(self, me, letter):
        """Append a letter to the history."""
        self.history += letter.upper() if me.upper else letter

    def once(self, me, letter):
        """Write a letter that is written once at most."""
        if letter not in me.written:
            me.written.add(letter)
            self.write(me, letter)
            return True
        return False

    def repeated(self, me, kind, letter, seq):
        """Written again only where the sequence number is another one than the last time."""
        if kind in me.written:
            if me.last_of[kind] != seq:
                self.write(me, letter)
        else:
            me.written.add(kind)
            self.write(me, letter)
        me.last_of[kind] = seq

    def tally(self, me, letter):
        """Written the 1st, 10th, 100th … time."""
        me.tallies[letter] = me.tallies.get(letter, 0) + 1
        if re.fullmatch("10*", str(me.tallies[letter])):
            self.write(me, letter)

    def letters(self, packet, me, peer):
        """Write the letters that a segment's flags earn."""
        flags = packet.flags
        some = [flag for flag in (SYN, FIN, RST) if flags & flag]
        if len(some) > 1:
            self.once(me, "i" if flags & FIN and flags & RST else "q")
        elif flags & SYN:
            self.repeated(me, SYN, "h" if flags & ACK else "s", packet.seq)
        elif flags & FIN:
            self.repeated(me, FIN, "f", (packet.seq + packet.payload_octets) % (1 << 32))
        elif flags & RST:
            self.repeated(me, RST, "r", packet.seq)
        elif packet.payload_octets:
            self.once(me, "d")
        elif flags & ACK:
            self.once(me, "a")
        if packet.window == 0 and not flags & RST and peer.state != CLOSED and me.state != RESET:
            self.tally(me, "w")

    def advance(self, packet, me, peer):
        """Zeek's last sequence number of this end; a segment with payload that does not move it on was sent before."""
        flags, length = packet.flags, packet.payload_octets
        after = packet.seq + (0 if flags & RST else length) + bool(flags & SYN) + bool(flags & FIN)
        if me.state == INACTIVE:
            me.start = packet.seq if flags & SYN else packet.seq - 1
            me.last = after if flags & SYN else packet.seq
        elif flags & SYN and me.state in {SYN_SENT, SYN_ACK_SENT, ESTABLISHED, PARTIAL}:
            me.start, me.last = packet.seq, after
        if flags & ACK and peer.state == INACTIVE:
            peer.start = peer.last = packet.ack - 1
        forward = apart(after, me.last)
        if flags & (SYN | RST) and abs(forward) > 1 << 20:
            return
        if flags & FIN and apart(me.last, me.start) == 1:
            me.last = after
        elif me.state == RESET:
            return
        elif forward > 0:
            me.last = after
        elif length:
            self.tally(me, "t")

    # Zeek's states

    def change_state(self, packet, me, peer):
        """Move on the sender's state."""
        flags = packet.flags
        if me.state == INACTIVE:
            self.leave_inactive(packet, me, peer)
        elif me.state in {SYN_SENT, SYN_ACK_SENT}:
            if flags & FIN:
                me.go(CLOSED)
            if flags & RST:
                me.go(RESET)
        elif me.state in {ESTABLISHED, PARTIAL}:
            self.leave_open(flags, me, peer)
        elif me.state == CLOSED and flags & RST and peer.state != CLOSED:
            me.go(RESET)

    @staticmethod
    def leave_open(flags, me, peer):
        """The state after a segment of an end that is open, or was seen midway."""
        if flags & (SYN | ACK) == SYN and me.state == PARTIAL and peer.state == INACTIVE:
            me.go(SYN_SENT)
        if flags & RST:
            me.go(RESET)
        elif flags & FIN:
            me.go(CLOSED)
            if peer.state == RESET and peer.before == CLOSED:
                peer.go(CLOSED)

    def leave_inactive(self, packet, me, peer):
        """The state after the first segment of an end."""
        flags = packet.flags
        if flags & SYN:
            if me is self.orig:
                me.go(SYN_ACK_SENT if flags & ACK else SYN_SENT)
            else:
                if peer.state == SYN_SENT:
                    peer.go(ESTABLISHED)
                me.go(ESTABLISHED)
        if flags & FIN:
            me.go(CLOSED)
        if flags & RST:
            me.go(RESET)
        if me.state != INACTIVE:
            return
        if me is self.resp and not packet.payload_octets and self.orig.state == SYN_SENT:
            return
        me.go(ESTABLISHED if flags & ACK and peer.state == ESTABLISHED else PARTIAL)

    def state(self):
        """Zeek's conn_state."""
        one, two = self.orig, self.resp
        idle = {INACTIVE, PARTIAL}
        if two.state == RESET:
            if one.state in {SYN_SENT, SYN_ACK_SENT} or (one.state == RESET and not one.top and not two.top):
                return "REJ"
            return "RSTRH" if one.state in idle else "RSTR"
        if one.state == RESET:
            if two.state not in idle:
                return "RSTO"
            return "RSTOS0" if re.fullmatch(r"\^?S[^HAFGIQ]*R.*", self.history) else "OTH"
        if one.state == CLOSED and two.state == CLOSED:
            return "SF"
        if one.state == CLOSED:
            return "SH" if two.state in idle else "S2"
        if two.state == CLOSED:
            return "SHR" if one.state in idle else "S3"
        if one.state == SYN_SENT and two.state == INACTIVE:
            return "S0"
        return "S1" if one.state == two.state == ESTABLISHED else "OTH"

    # the streams

    def account(self, packet, me, peer):
        """Note what a segment carries and acknowledges."""
        flags = packet.flags
        if flags & SYN:
            self.open(packet, me)
        begin = (packet.seq + bool(flags & SYN)) % (1 << 32)
        if me.base is None and (packet.payload_octets or not flags & RST):
            me.base = begin
        if packet.payload_octets:
            low = me.place(begin)
            me.spoke = True
            if abs(low - me.top) < WINDOW:
                high = low + packet.payload_octets
                # what lies before the stream's begin, as it is known so far, is not followed
                fresh = self.cover(me, max(low, 0), high) if high > 0 else 0
                filled = fresh - max(high - max(low, me.top), 0)
                soon = me.last_ns is not None and packet.ts_ns - me.last_ns < OVERTAKEN_NS
                me.overtaken += low < me.top and filled > 0 and soon
                me.again += packet.payload_octets - fresh if low >= 0 else 0
                me.top = max(me.top, high)
            if packet.payload and low + len(packet.payload) > 0:
                me.segments.append((low, packet.ts_ns, packet.number, packet.payload))
        me.fins += bool(flags & FIN)
        me.rsts += bool(flags & RST)
        if flags & ACK and not flags & RST:
            self.acknowledge(packet.ack, peer)

    def open(self, packet, me):
        """A SYN begins the stream anew, unless its number is one of the last two that were seen."""
        me.synacks += bool(packet.flags & ACK)
        me.syns += not packet.flags & ACK
        if packet.seq in me.isns:
            return
        first = not me.isns
        me.isns = [*me.isns, packet.seq][-2:]
        if packet.flags & (FIN | RST):
            return
        begin = (packet.seq + 1) % (1 << 32)
        moved = apart(me.base, begin) if me.base is not None else 0
        me.segments = [(low + moved, *rest) for low, *rest in me.segments]
        if me.base is not None and me.spoke and first and 0 <= moved < 1 << 20:
            me.seen = [(low + moved, high + moved) for low, high in me.seen]
            me.top += moved
            me.acked_to += moved
        else:
            me.top = me.acked_to = 0
            me.forgot = me.forgot or bool(me.segments)
            me.seen = []
        me.base = begin

    @staticmethod
    def cover(me, low, high):
        """Note that positions `low` to `high` were seen; returns how many of them for the first time."""
        before = sum(end - begin for begin, end in me.seen)
        spans = sorted([*me.seen, (low, high)])
        me.seen = [spans[0]]
        for begin, end in spans[1:]:
            if begin <= me.seen[-1][1]:
                me.seen[-1] = (me.seen[-1][0], max(end, me.seen[-1][1]))
            else:
                me.seen.append((begin, end))
        return sum(end - begin for begin, end in me.seen) - before

    def acknowledge(self, ack, peer):
        """Note how far the peer's stream was received; holes before that are gaps."""
        if peer.base is None:
            peer.base = ack
            return
        to = peer.place(ack)
        to -= bool(peer.fins) and to == peer.top + 1
        if to - peer.top >= WINDOW or to <= peer.acked_to:
            return
        if self.is_open(self.orig) and self.is_open(self.resp):
            for _ in peer.holes(peer.acked_to, to):
                self.tally(peer, "g")
        peer.acked_to = to
        peer.top = max(peer.top, to)

    @staticmethod
    def is_open(end):
        """Established, or closed after that without a reset: only then are gaps reliable."""
        return end.state == ESTABLISHED or (end.state == CLOSED and end.before == ESTABLISHED)


def stream(end, limit):
    """(octets, [(offset, ts_ns, frame)]): what came of a stream in order and without gap, `limit` octets at most."""
    octets, marks = b"", []
    for _, (low, ts_ns, frame, payload) in sorted(enumerate(end.segments), key=lambda part: (part[1][0], part[0])):
        if low > len(octets) or len(octets) >= limit:
            break
        fresh = payload[len(octets) - low :][: limit - len(octets)]
        if fresh:
            marks.append((len(octets), ts_ns, frame))
            octets += fresh
    return octets, marks
