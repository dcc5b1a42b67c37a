"""A frame becomes packets, in plain Python: its own, those of the tunnels that it went through, and whole datagrams."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from tests.oracle import ethertypes, headers, links, tunnels
from tests.oracle.copies import Copies
from tests.oracle.ethertypes import IPV4, IPV6
from tests.oracle.fragments import MOST, Waiting
from tests.oracle.pieces import CutError, EncryptedError, NoPacketError, NotIpError, Piece, UnknownLinkError, Wrapping

IP, OTHER, SHORT, UNKNOWN, ENCRYPTED = "ip", "other", "short", "unknown", "encrypted"
WHY = {CutError: SHORT, NotIpError: OTHER, UnknownLinkError: UNKNOWN, EncryptedError: ENCRYPTED}


class Unwrapping:
    """All frames on their way to packets; `packets` are to be accounted for in their order."""

    def __init__(self):
        self.waiting = Waiting()
        self.stray = 0
        self.packets = []
        self.copies = Copies()

    def decode(self, frame, number, ts_ns):
        """(IP, or why there is none; the packets that the frame gives)."""
        self.packets = []
        octets, wire = frame.octets, max(frame.origlen, frame.caplen)
        if frame.caplen == frame.origlen and frame.fcs < frame.caplen:
            octets = octets[: frame.caplen - frame.fcs]
            wire -= frame.fcs
        wrapping = Wrapping(number, ts_ns, wire)
        found = IP
        try:
            self.open(*links.read(Piece(octets, wire), frame.link_type, wrapping), wrapping)
        except NoPacketError as why:
            found = WHY[type(why)]
        return found, self.packets

    def finish(self):
        """The packets of datagrams that never became whole."""
        self.packets = []
        for datagram in self.waiting.rest():
            self.give_up(datagram)
        return self.packets

    def open(self, kind, piece, wrapping):
        """Follow headers to the innermost IP packet."""
        while kind not in {IPV4, IPV6}:
            wrapping.deepen()
            kind, piece = ethertypes.read(kind, piece, wrapping)
        wrapping.deepen()
        packet = headers.begun(wrapping)
        if kind == IPV6:
            inside, fragment = headers.pass_over(*headers.read_ipv6(piece, packet), packet)
        else:
            inside, claimed, fragment = headers.read_ipv4(piece, packet)
            if fragment is None:
                inside, fragment = headers.pass_over(inside, claimed, packet)
            else:
                inside = headers.within(inside, claimed)
        if fragment:
            inside = self.join(packet, fragment, inside, wrapping)
        if inside is not None:
            self.enter(packet, inside, wrapping)

    def join(self, packet, fragment, piece, wrapping):
        """What the datagram carries that a fragment makes whole, else None."""
        if not piece.wire or fragment.offset + piece.wire > MOST:
            raise CutError
        self.waiting.seen += 1
        packet.transport, packet.ident = piece.octets, fragment.ident
        if self.copies.is_copy(packet, (*fragment, piece.wire)):
            self.copies.count(packet)
            return None
        datagram, whole, gone = self.waiting.add(packet, fragment, piece)
        if gone is not None:
            self.give_up(gone)
        if whole is None:
            return None
        packet.frames = wrapping.frames = datagram.frames
        packet.frame_octets = wrapping.frame_octets = datagram.frame_octets
        packet.ip_octets, packet.proto = datagram.ip_octets, datagram.proto
        inside = None
        with suppress(CutError):
            inside, fragment = headers.pass_over(whole, whole.wire, packet)
        if inside is None or fragment:  # a part of a part is none
            self.stray += datagram.frames
            return None
        return inside

    def give_up(self, datagram):
        """Account for a datagram that never became whole in the flow that its first fragment names."""
        packet = datagram.packet
        first = headers.named_by(datagram.beginning(), datagram.proto, packet)
        if first is None:
            self.stray += datagram.frames
            return
        packet.frames, packet.frame_octets = datagram.frames, datagram.frame_octets
        packet.ip_octets = datagram.ip_octets
        headers.read_names(first, packet)
        self.packets.append(packet)

    def enter(self, packet, piece, wrapping):
        """What a packet carries: another packet in the first place, else a transport."""
        if packet.proto in tunnels.BY_PROTOCOL:
            inner = replace(wrapping)
            try:
                self.open(*tunnels.BY_PROTOCOL[packet.proto](piece, packet, inner), inner)
            except NoPacketError:
                pass
            else:
                return
        headers.read_transport(piece, packet)
        copy = self.copies.is_copy(packet)
        if not copy:
            self.packets.append(packet)
        if packet.proto == headers.UDP and not packet.lean and wrapping.udp_tunnels < tunnels.NESTED:
            self.enter_datagram(packet, wrapping)
        if copy and not packet.carries:
            self.copies.count(packet)

    def enter_datagram(self, packet, wrapping):
        """The packet in a UDP tunnel, besides the datagram itself."""
        inner = replace(wrapping, udp_tunnels=wrapping.udp_tunnels + 1)
        found = tunnels.datagram(packet, Piece(packet.payload, packet.payload_octets), inner)
        if found is None:
            return
        packet.carries, kind, piece = found
        if packet.carries != "mpls":  # the stack of labels names itself
            inner.tunnel += (packet.carries,)
        with suppress(NoPacketError):
            inner.deepen()
            self.open(kind, piece, inner)
