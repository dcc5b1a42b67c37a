"""What lies behind a header, in plain Python: the octets that were captured, and how many there were."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

LAYERS = 16
"""Headers behind the link's own that are opened; what lies deeper is not read."""


class NoPacketError(Exception):
    """A frame, or what is wrapped in a packet, holds no IP packet that can be read."""


class CutError(NoPacketError):
    """The headers are not all there, or not whole."""


class NotIpError(NoPacketError):
    """It is something else."""


class EncryptedError(NoPacketError):
    """Whatever it is, it is encrypted."""


class UnknownLinkError(NoPacketError):
    """Nobody knows what the link's header looks like."""


class Piece(NamedTuple):
    """Octets that were captured, of `wire` that were there."""

    octets: bytes
    wire: int

    def after(self, count):
        """The piece behind its first octets."""
        if count > len(self.octets):
            raise CutError
        return Piece(self.octets[count:], self.wire - count)

    def first(self, count):
        """No more than its first octets."""
        return Piece(self.octets[:count], min(self.wire, count))

    def number(self, form, at):
        """The number that stands at an offset, in a form of struct."""
        width = struct.calcsize(form)
        if at + width > len(self.octets):
            raise CutError
        return struct.unpack(form, self.octets[at : at + width])[0]

    def u8(self, at):
        """An octet."""
        return self.number("B", at)

    def be16(self, at):
        """Two octets, the first one counting most."""
        return self.number(">H", at)

    def be32(self, at):
        """Four octets, the first one counting most."""
        return self.number(">I", at)

    def le16(self, at):
        """Two octets, the last one counting most."""
        return self.number("<H", at)

    def le32(self, at):
        """Four octets, the last one counting most."""
        return self.number("<I", at)

    def host32(self, at):
        """A small number in the byte order of whoever wrote it."""
        return self.le32(at) if self.le32(at) <= 0xFFFF else self.be32(at)

    @property
    def whole(self):
        """Whether nothing of it was cut away."""
        return len(self.octets) == self.wire


@dataclass
class Wrapping:
    """What was found around a packet on the way to it, outermost first.

    `frames` and `frame_octets` are those of all frames that the packet came in: several where it was in fragments.
    """

    number: int
    ts_ns: int
    frame_octets: int
    frames: int = 1
    mac: str = ""
    vlan: int = -1
    tunnel: tuple = ()
    layers: int = 0
    udp_tunnels: int = 0

    def deepen(self):
        """One more header is opened."""
        if self.layers == LAYERS:
            raise NotIpError
        self.layers += 1

    def tag(self, control):
        """The outermost VLAN tag is kept."""
        if self.vlan < 0:
            self.vlan = control & 0xFFF

    def sender(self, octets):
        """The innermost hardware address is kept."""
        self.mac = ":".join(f"{octet:02x}" for octet in octets) if any(octets) else ""
